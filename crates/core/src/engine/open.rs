//! Opening a deployment: the parts, and the checks that they fit each other.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::billing::Billing;
use super::lock::IndexLock;
use super::whatsapp::{GRAPH, Whatsapp};
use super::{Engine, Parts, ownership};
use crate::accounts::Accounts;
use crate::billing::client::STRIPE;
use crate::clock::{SharedClock, SystemClock};
use crate::config::{Config, EmbeddingProvider, Secret};
use crate::embed::{
    Catalogue, LocalEmbedder, LocalTokenCounter, ModelProfile, OpenAiEmbedder, OpenAiEmbedderConfig,
    OpenAiTokenCounter, SharedEmbedder, TokenCounter, load_onnx_runtime,
};
use crate::error::{Error, Result};
use crate::index::{Generation, Index};
use crate::ingest::parse::{Limits, Sandbox, SandboxConfig};
use crate::ingest::{Blobs, ChunkSize};
use crate::llm::{OpenAiChat, OpenAiChatConfig, SharedChatModel};
use crate::model::NewAgent;
use crate::net::{Breaker, BreakerState};
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
        Self::open_with(config, Arc::new(SystemClock)).await
    }

    /// The same with a clock of the caller's.
    pub async fn open_with(config: Config, clock: SharedClock) -> Result<Self> {
        config.paths.known_data_dir()?;
        ownership::check(&config.paths)?;
        let database = config.paths.database();
        if !database.exists() {
            return Err(Error::not_found(format!(
                "there is no data directory at {}: run `agentctl init`, or ingest something",
                config.paths.data_dir.display()
            )));
        }
        let store = Store::open(&database, Arc::clone(&clock)).await?;
        let organization = store.organization().await?.ok_or_else(|| {
            Error::not_found(format!(
                "the data directory {} is empty: run `agentctl init`",
                config.paths.data_dir.display()
            ))
        })?;
        Self::assemble(config, clock, store, organization).await
    }

    /// Opens a deployment, making it if there is none; whether it was made.
    pub async fn init(config: Config, name: Option<&str>) -> Result<(Self, bool)> {
        Self::init_with(config, name, Arc::new(SystemClock)).await
    }

    /// The same with a clock of the caller's.
    pub async fn init_with(config: Config, name: Option<&str>, clock: SharedClock) -> Result<(Self, bool)> {
        let name = name.map(str::trim).filter(|n| !n.is_empty()).unwrap_or(UNNAMED);
        config.paths.known_data_dir()?;
        ownership::check(&config.paths)?;
        ownership::make(&config.paths)?;
        let store = Store::open(&config.paths.database(), Arc::clone(&clock)).await?;
        let (organization, made) = store.ensure_organization(name).await?;
        if store.default_agent(organization.id).await?.is_none() {
            let first = NewAgent { name: FIRST_AGENT.to_owned(), ..NewAgent::default() };
            store.create_agent(organization.id, first, config.answer.locale, None).await?;
        }
        Ok((Self::assemble(config, clock, store, organization).await?, made))
    }

    async fn assemble(
        config: Config,
        clock: SharedClock,
        store: Store,
        organization: Organization,
    ) -> Result<Self> {
        let blobs = Blobs::open(&config.paths.blobs())?;
        let index = Index::open(&config.paths.index(), &config.index).await?;
        let breakers = breakers(&config, &clock);
        let chat = chat_model(&config, &clock, breaker(&breakers, LLM))?;
        let (embedder, sandbox) = (OnceCell::new(), OnceCell::new());
        let lock = IndexLock::new(&config.paths.data_dir);
        let first_generation = tokio::sync::Mutex::default();
        let accounts = Accounts::new(&config.auth)?;
        let graph =
            breaker(&breakers, GRAPH).unwrap_or_else(|| Arc::new(Breaker::new(GRAPH, Arc::clone(&clock))));
        let whatsapp = Whatsapp::new(&config.whatsapp, graph, Arc::clone(&clock))?;
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

    /// The embedder, loaded on first use.
    pub async fn embedder(&self) -> Result<&SharedEmbedder> {
        let load = || async {
            let (config, clock) = (self.parts.config.clone(), Arc::clone(&self.parts.clock));
            let breaker = breaker(&self.parts.breakers, EMBEDDING);
            let task = tokio::task::spawn_blocking(move || load_embedder(&config, clock, breaker));
            task.await.map_err(|e| Error::internal("loading the model was cut off").with_source(e))?
        };
        self.parts.embedder.get_or_try_init(load).await
    }

    /// Fails as embedding would while its service is left alone: before a document is parsed for nothing.
    pub(super) fn check_embedding(&self) -> Result<()> {
        let breaker = breaker(&self.parts.breakers, EMBEDDING);
        // Only while it refuses: asked at another time, this would be the request that finds out.
        match breaker.filter(|breaker| breaker.state() == BreakerState::Open) {
            Some(breaker) => breaker.admit().map(drop),
            None => Ok(()),
        }
    }

    /// Facts of the configured model, without loading it.
    pub(super) fn model_profile(&self) -> Result<ModelProfile> {
        match self.parts.config.embedding.provider {
            EmbeddingProvider::Local => {
                Ok(Catalogue::new(&self.parts.config.paths).find(&self.parts.config.embedding.model)?.1)
            }
            EmbeddingProvider::OpenAi => Ok(openai_config(&self.parts.config).profile()),
        }
    }

    /// What measures chunks, and how large they may be: what the model reads decides.
    pub(super) fn chunking(&self) -> Result<(Arc<dyn TokenCounter>, ChunkSize)> {
        let (counter, profile): (Arc<dyn TokenCounter>, _) = match self.parts.config.embedding.provider {
            EmbeddingProvider::Local => {
                let (folder, profile) =
                    Catalogue::new(&self.parts.config.paths).find(&self.parts.config.embedding.model)?;
                (Arc::new(LocalTokenCounter::load(&folder)?), profile)
            }
            EmbeddingProvider::OpenAi => {
                (Arc::new(OpenAiTokenCounter::new()), openai_config(&self.parts.config).profile())
            }
        };
        let prefix = counter.count(&[&profile.passage_prefix])?.first().copied().unwrap_or_default();
        // Two special tokens stand around every text.
        let reads = u32::try_from(profile.max_tokens).unwrap_or(u32::MAX).saturating_sub(2 + prefix).max(16);
        let size = self.parts.config.chunking.size.min(reads);
        Ok((counter, ChunkSize { size, overlap: self.parts.config.chunking.overlap.min(size / 2) }))
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

/// Names of services in health reports.
const LLM: &str = "llm";
const EMBEDDING: &str = "embedding";

/// A breaker for each service on the internet that is configured.
fn breakers(config: &Config, clock: &SharedClock) -> Vec<Arc<Breaker>> {
    let llm = (!config.llm.base_url.is_empty()).then_some(LLM);
    let embedding = (config.embedding.provider == EmbeddingProvider::OpenAi).then_some(EMBEDDING);
    let graph = (!config.whatsapp.channels.is_empty()).then_some(GRAPH);
    let stripe = config.stripe.sells().then_some(STRIPE);
    let named = |name| Arc::new(Breaker::new(name, Arc::clone(clock)));
    llm.into_iter().chain(embedding).chain(graph).chain(stripe).map(named).collect()
}

fn breaker(breakers: &[Arc<Breaker>], name: &str) -> Option<Arc<Breaker>> {
    breakers.iter().find(|breaker| breaker.name() == name).map(Arc::clone)
}

fn load_embedder(
    config: &Config,
    clock: SharedClock,
    breaker: Option<Arc<Breaker>>,
) -> Result<SharedEmbedder> {
    match config.embedding.provider {
        EmbeddingProvider::Local => {
            let (folder, profile) = Catalogue::new(&config.paths).find(&config.embedding.model)?;
            let environment = load_onnx_runtime(&config.paths)?;
            Ok(Arc::new(LocalEmbedder::load(&folder, profile, &environment, config.embedding.threads)?))
        }
        EmbeddingProvider::OpenAi => {
            let embedder = OpenAiEmbedder::new(openai_config(config), clock)?;
            Ok(Arc::new(match breaker {
                Some(breaker) => embedder.behind(breaker),
                None => embedder,
            }))
        }
    }
}

fn openai_config(config: &Config) -> OpenAiEmbedderConfig {
    let openai = &config.embedding.openai;
    OpenAiEmbedderConfig {
        base_url: openai.base_url.clone(),
        api_key: openai.api_key.as_ref().map(|k| k.expose().to_owned()),
        model: openai.model.clone(),
        dimensions: openai.dimensions,
        batch_size: openai.batch_size,
        requests_per_minute: openai.requests_per_minute,
        timeout: Duration::from_secs(openai.timeout_seconds),
        ..OpenAiEmbedderConfig::default()
    }
}

fn chat_model(
    config: &Config,
    clock: &SharedClock,
    breaker: Option<Arc<Breaker>>,
) -> Result<Option<SharedChatModel>> {
    let llm = &config.llm;
    if llm.base_url.is_empty() {
        return Ok(None);
    }
    let chat = OpenAiChatConfig {
        base_url: llm.base_url.clone(),
        api_key: llm.api_key.as_ref().map(Secret::expose).map(str::to_owned),
        model: llm.model.clone(),
        temperature: llm.temperature,
        max_tokens: llm.max_tokens,
        timeout: Duration::from_secs(llm.timeout_seconds),
        ..OpenAiChatConfig::default()
    };
    let chat = OpenAiChat::new(chat, Arc::clone(clock))?;
    Ok(Some(Arc::new(match breaker {
        Some(breaker) => chat.behind(breaker),
        None => chat,
    })))
}
