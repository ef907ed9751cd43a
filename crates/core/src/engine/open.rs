//! Opening a deployment: the parts, and the checks that they fit each other.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::billing::Billing;
use super::builder::OwnParts;
use super::chat_service::chat_model;
use super::lock::IndexLock;
use super::models::{LLM, breaker, breakers};
use super::whatsapp::{GRAPH, Whatsapp};
use super::{Engine, Parts, ownership};
use crate::accounts::Accounts;
use crate::billing::client::STRIPE;
#[cfg(test)]
use crate::clock::SharedClock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::index::{Generation, Index};
use crate::ingest::Blobs;
use crate::ingest::parse::{Limits, Sandbox, SandboxConfig};
use crate::model::NewAgent;
use crate::net::Breaker;
use crate::store::{Organization, Store};

/// First argument of a process that only parses; see `Engine::parser_command`.
pub const PARSE_WORKER_ARGUMENT: &str = "__parse-worker";

/// Name of the business when nobody gave one.
pub(super) const UNNAMED: &str = "Minha empresa";
/// Name of the agent every deployment begins with.
pub(super) const FIRST_AGENT: &str = "Atendente";

impl Engine {
    /// Opens an initialised deployment.
    ///
    /// Fails with `NotFound` if the data directory was never initialised.
    pub async fn open(config: Config) -> Result<Self> {
        Self::builder(config).open().await
    }

    #[cfg(test)]
    pub(crate) async fn open_with(config: Config, clock: SharedClock) -> Result<Self> {
        Self::builder(config).clock(clock).open().await
    }

    pub(super) async fn open_with_parts(config: Config, own: OwnParts) -> Result<Self> {
        config.paths.known_data_dir()?;
        ownership::check(&config.paths)?;
        let database = config.paths.database();
        if !database.exists() {
            return Err(Error::not_found(format!(
                "there is no data directory at {}: run `agentctl init`, or ingest something",
                config.paths.data_dir.display()
            )));
        }
        let store = Store::open(&database, Arc::clone(&own.clock)).await?;
        let organization = store.organization().await?.ok_or_else(|| {
            Error::not_found(format!(
                "the data directory {} is empty: run `agentctl init`",
                config.paths.data_dir.display()
            ))
        })?;
        Self::assemble(config, own, store, organization).await
    }

    /// Opens a deployment, making it if there is none; whether it was made.
    pub async fn init(config: Config, name: Option<&str>) -> Result<(Self, bool)> {
        Self::builder(config).init(name).await
    }

    #[cfg(test)]
    pub(crate) async fn init_with(
        config: Config,
        name: Option<&str>,
        clock: SharedClock,
    ) -> Result<(Self, bool)> {
        Self::builder(config).clock(clock).init(name).await
    }

    pub(super) async fn init_with_parts(
        config: Config,
        name: Option<&str>,
        own: OwnParts,
    ) -> Result<(Self, bool)> {
        let name = name.map(str::trim).filter(|n| !n.is_empty()).unwrap_or(UNNAMED);
        config.paths.known_data_dir()?;
        ownership::check(&config.paths)?;
        ownership::make(&config.paths)?;
        let store = Store::open(&config.paths.database(), Arc::clone(&own.clock)).await?;
        let (organization, made) = store.ensure_organization(name).await?;
        if store.default_agent(organization.id).await?.is_none() {
            let first = NewAgent { name: FIRST_AGENT.to_owned(), ..NewAgent::default() };
            store.create_agent(organization.id, first, config.answer.locale, None).await?;
        }
        Ok((Self::assemble(config, own, store, organization).await?, made))
    }

    async fn assemble(
        config: Config,
        own: OwnParts,
        store: Store,
        organization: Organization,
    ) -> Result<Self> {
        let OwnParts { clock, embedder: own_embedder, chat: own_chat } = own;
        let blobs = Blobs::open(&config.paths.blobs())?;
        let index = Index::open(&config.paths.index(), &config.index).await?;
        let breakers = breakers(&config, &clock, own_embedder.is_some(), own_chat.is_some());
        let chat = match own_chat {
            Some(chat) => Some(chat),
            None => chat_model(&config, &clock, breaker(&breakers, LLM))?,
        };
        let embedder = OnceCell::new_with(own_embedder.as_ref().map(|own| Arc::clone(&own.embedder)));
        let sandbox = OnceCell::new();
        let lock = IndexLock::new(&config.paths.data_dir);
        let first_generation = tokio::sync::Mutex::default();
        let accounts = Accounts::new(&config.auth)?;
        let graph =
            breaker(&breakers, GRAPH).unwrap_or_else(|| Arc::new(Breaker::new(GRAPH, Arc::clone(&clock))));
        let whatsapp = Whatsapp::new(&config, graph, Arc::clone(&clock))?;
        let stripe =
            breaker(&breakers, STRIPE).unwrap_or_else(|| Arc::new(Breaker::new(STRIPE, Arc::clone(&clock))));
        let billing = Billing::new(&config, stripe, Arc::clone(&clock))?;
        let parts = Parts {
            config,
            clock,
            store,
            blobs,
            index,
            lock,
            first_generation,
            embedder,
            own_embedder,
            sandbox,
            chat,
            accounts,
            flights: super::flights::Flights::default(),
            breakers,
            whatsapp,
            billing,
        };
        let engine = Self { parts: Arc::new(parts), organization };
        engine.recover_processing().await?;
        Ok(engine)
    }

    /// The parser processes, started on first use.
    pub(super) async fn sandbox(&self) -> Result<&Arc<Sandbox>> {
        self.parts.sandbox.get_or_try_init(|| async { Ok(Arc::new(sandbox(&self.parts.config)?)) }).await
    }

    /// The generation in force with its table, if anything was ever ingested.
    pub(super) async fn generation(&self) -> Result<Option<(crate::store::Generation, Generation)>> {
        let Some(record) = self.parts.store.active_generation().await? else { return Ok(None) };
        let profile = self.model_profile()?;
        if record.model != profile.name || record.dimension as usize != profile.dimension {
            return Err(Error::incompatible(format!(
                "the index was made with the embedding model `{}` ({} dimensions), the configuration says `{}` ({}): \
                 run `agentctl reindex`, or set the model back",
                record.model, record.dimension, profile.name, profile.dimension
            )));
        }
        if record.language != self.parts.config.index.language {
            return Err(Error::incompatible(format!(
                "the index was made for the language `{}`, the configuration says `{}`: run `agentctl reindex`, or set \
                 index.language back",
                record.language, self.parts.config.index.language
            )));
        }
        let table = self.parts.index.generation_if_present(record.id, profile.dimension).await?;
        let table = table.ok_or_else(|| {
            Error::incompatible("the search index is gone: run `agentctl reindex` to rebuild it")
        })?;
        Ok(Some((record, table)))
    }

    /// The same, making the first generation if there is none.
    pub(super) async fn generation_or_new(&self) -> Result<(crate::store::Generation, Generation)> {
        if let Some(there) = self.generation().await? {
            return Ok(there);
        }
        let _alone = self.parts.first_generation.lock().await;
        if let Some(there) = self.generation().await? {
            return Ok(there);
        }
        let profile = self.model_profile()?;
        let language = self.parts.config.index.language;
        let record = self.parts.store.begin_generation(&profile.name, profile.dimension, language).await?;
        let table = self.parts.index.create(record.id, profile.dimension).await?;
        self.parts.store.activate_generation(record.id).await?;
        Ok((record, table))
    }
}

/// The parser processes of a configuration; used without a deployment by `extract`.
pub(super) fn sandbox(config: &Config) -> Result<Sandbox> {
    const MB: u64 = 1024 * 1024;
    let ingest = &config.ingest;
    let limits = Limits {
        timeout: Duration::from_secs(ingest.timeout_seconds),
        memory_bytes: ingest.memory_mb * MB,
        max_pages: ingest.max_pages,
        max_unpacked_bytes: ingest.max_unpacked_mb * MB,
        max_file_bytes: ingest.max_file_mb * MB,
        ocr_languages: ingest.ocr_languages.clone(),
        pdfium_library: config.paths.find_runtime("lib/libpdfium.so"),
        ..Limits::default()
    };
    let command = if ingest.parser_command.is_empty() {
        let program = std::env::current_exe()
            .map_err(|e| Error::io("find", &PathBuf::from("the running program"), e))?;
        vec![program.into_os_string(), OsString::from(PARSE_WORKER_ARGUMENT)]
    } else {
        ingest.parser_command.iter().map(OsString::from).collect()
    };
    Ok(Sandbox::new(SandboxConfig { command, workers: ingest.workers, limits }))
}
