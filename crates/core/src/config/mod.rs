//! Configuration: one file per section, each validates itself.
//!
//! `config.example.toml` is compiled in as the lowest layer, so what it documents and what the
//! program does cannot part. `load.rs` reads the user's file and the environment, `layers.rs` lays them over it, and
//! `mistakes.rs` turns whatever is wrong into messages with file, line and key (`messages.rs` has the words).
//! `paths.rs` knows where things lie.

mod alerts;
mod answer;
mod auth;
mod chunking;
mod embedding;
mod index;
mod ingest;
mod jobs;
mod layers;
mod llm;
mod load;
mod log;
mod messages;
mod mistakes;
mod models;
mod oddities;
mod paths;
mod plan;
mod search;
mod secret;
mod server;
mod stripe;
mod trace;
mod whatsapp;

use std::borrow::Cow;

use serde::Serialize;

pub use alerts::{AlertsConfig, SmtpConfig, SmtpSecurity, TelegramConfig, WhenClosed};
pub use answer::AnswerConfig;
pub use auth::{Argon2Config, AuthConfig, RegistrationMode};
pub use chunking::ChunkingConfig;
pub use embedding::{EmbeddingConfig, EmbeddingProvider, OpenAiEmbeddingConfig};
pub use index::IndexConfig;
pub use ingest::IngestConfig;
pub use jobs::JobsConfig;
pub use llm::LlmConfig;
pub use load::{ConfigSources, EXAMPLE};
pub use log::{LogConfig, LogFormat, LogLevel};
pub use mistakes::{CheckedConfig, Mistake};
pub use models::ModelsConfig;
pub use paths::Paths;
pub use plan::{FREE, PlanConfig, PlansConfig, SoldPlan};
pub use search::SearchConfig;
pub use secret::Secret;
pub use server::ServerConfig;
pub use stripe::StripeConfig;
pub use trace::TraceConfig;
pub use whatsapp::{ChannelConfig, Hours, OpenAt, TranscriptionConfig, WhatsappConfig};

/// Everything that can be configured. `Config::default()` is `config.example.toml`.
#[derive(Debug, Clone, serde::Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is read, and within which limits.
    pub ingest: IngestConfig,
    /// How documents are cut.
    pub chunking: ChunkingConfig,
    /// What turns text into vectors.
    pub embedding: EmbeddingConfig,
    /// Where models come from.
    pub models: ModelsConfig,
    /// The search index.
    pub index: IndexConfig,
    /// How chunks are found.
    pub search: SearchConfig,
    /// How answers read.
    pub answer: AnswerConfig,
    /// The chat model.
    pub llm: LlmConfig,
    /// Work in the background.
    pub jobs: JobsConfig,
    /// The daemon.
    pub server: ServerConfig,
    /// Accounts and logins.
    pub auth: AuthConfig,
    /// What an organization may use that bought nothing.
    pub plan: PlanConfig,
    /// What is sold.
    pub plans: PlansConfig,
    /// The WhatsApp channel.
    pub whatsapp: WhatsappConfig,
    /// How people of the business are told.
    pub alerts: AlertsConfig,
    /// Billing.
    pub stripe: StripeConfig,
    /// Traces.
    pub trace: TraceConfig,
    /// Logging.
    pub log: LogConfig,
    /// Where data and run-time files lie; not part of the file.
    #[serde(skip)]
    pub paths: Paths,
}

/// A value that a section does not accept.
pub(crate) struct Problem {
    /// Key within the section, dotted below it.
    pub key: Cow<'static, str>,
    /// What is wrong and what is accepted.
    pub message: String,
}

impl Problem {
    /// `key` is not what it should be.
    pub fn new(key: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }

    /// `Ok` if `value` lies in `range`, else a problem that names the range.
    pub fn unless_within<T: PartialOrd + std::fmt::Display>(
        key: impl Into<Cow<'static, str>>,
        value: &T,
        range: std::ops::RangeInclusive<T>,
    ) -> Result<(), Self> {
        if range.contains(value) {
            return Ok(());
        }
        Err(Self::new(
            key,
            format!("{value} is out of range: {} to {} is accepted", range.start(), range.end()),
        ))
    }
}

/// Something of the configuration that can be read and is probably not what was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The key it is about.
    pub key: String,
    /// What is odd and what to do, in one line.
    pub text: String,
    /// Whether it is a mistake; else it is a warning.
    pub mistake: bool,
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

/// A section that checks its own values.
pub(crate) trait Section {
    /// Name of the section, dotted if nested.
    const NAME: &'static str;
    /// The first value that is not accepted.
    fn validate(&self) -> Result<(), Problem>;
}

impl Config {
    /// Checks every section; the error names section and key.
    pub(crate) fn validate(&self) -> Result<(), (String, Problem)> {
        fn check<S: Section>(section: &S) -> Result<(), (String, Problem)> {
            section.validate().map_err(|p| (S::NAME.to_owned(), p))
        }
        check(&self.ingest)?;
        check(&self.chunking)?;
        check(&self.embedding)?;
        check(&self.embedding.openai)?;
        check(&self.models)?;
        check(&self.index)?;
        check(&self.search)?;
        check(&self.answer)?;
        check(&self.llm)?;
        check(&self.jobs)?;
        check(&self.server)?;
        check(&self.trace)?;
        check(&self.auth)?;
        check(&self.auth.argon2)?;
        check(&self.plan)?;
        check(&self.plans)?;
        check(&self.stripe)?;
        let default = &self.plan.default;
        if !default.is_empty() && self.plans.get(default).is_none() {
            let known: Vec<&str> = self.plans.0.keys().map(String::as_str).collect();
            let text = format!("there is no plan `{default}`: {} are accepted", known.join(", "));
            return Err((PlanConfig::NAME.to_owned(), Problem::new("default", text)));
        }
        check(&self.alerts)?;
        self.whatsapp.check_alerts(&self.alerts).map_err(|p| (WhatsappConfig::NAME.to_owned(), p))?;
        check(&self.whatsapp)
    }

    /// What can be read and is probably not what was meant.
    pub fn remarks(&self) -> Vec<Remark> {
        self.whatsapp.remarks()
    }
}
