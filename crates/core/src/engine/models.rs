//! The models of a deployment: those that the configuration describes, or those that the caller gave.
//!
//! The local embedding model is loaded when it is first needed: listing documents costs no model.

use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use super::whatsapp::GRAPH;
use crate::billing::client::STRIPE;
use crate::clock::SharedClock;
use crate::config::{Config, EmbeddingProvider};
use crate::embed::{
    Catalogue, LocalEmbedder, LocalTokenCounter, ModelProfile, OpenAiEmbedder, OpenAiEmbedderConfig,
    OpenAiTokenCounter, SharedEmbedder, SharedTokenCounter, load_onnx_runtime,
};
use crate::error::{Error, Result};
use crate::ingest::ChunkSize;
use crate::net::{Breaker, BreakerState};

impl Engine {
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
        if let Some(own) = &self.parts.own_embedder {
            return Ok(own.embedder.profile().clone());
        }
        match self.parts.config.embedding.provider {
            EmbeddingProvider::Local => {
                Ok(Catalogue::new(&self.parts.config.paths).find(&self.parts.config.embedding.model)?.1)
            }
            EmbeddingProvider::OpenAi => Ok(openai_config(&self.parts.config).profile()),
        }
    }

    /// What measures chunks, and how large they may be: what the model reads decides.
    pub(super) fn chunking(&self) -> Result<(SharedTokenCounter, ChunkSize)> {
        let config = &self.parts.config;
        let (counter, profile): (SharedTokenCounter, _) =
            match (&self.parts.own_embedder, config.embedding.provider) {
                (Some(own), _) => (Arc::clone(&own.counter), own.embedder.profile().clone()),
                (None, EmbeddingProvider::Local) => {
                    let (folder, profile) = Catalogue::new(&config.paths).find(&config.embedding.model)?;
                    (Arc::new(LocalTokenCounter::load(&folder)?), profile)
                }
                (None, EmbeddingProvider::OpenAi) => {
                    (Arc::new(OpenAiTokenCounter::new()), openai_config(config).profile())
                }
            };
        let prefix = counter.count(&[&profile.passage_prefix])?.first().copied().unwrap_or_default();
        // Two special tokens stand around every text.
        let reads = u32::try_from(profile.max_tokens).unwrap_or(u32::MAX).saturating_sub(2 + prefix).max(16);
        let size = self.parts.config.chunking.size.min(reads);
        Ok((counter, ChunkSize { size, overlap: self.parts.config.chunking.overlap.min(size / 2) }))
    }
}

/// Names of services in health reports.
pub(super) const LLM: &str = "llm";
const EMBEDDING: &str = "embedding";

/// A breaker for each service on the internet that the configuration describes and the caller does not replace.
pub(super) fn breakers(
    config: &Config,
    clock: &SharedClock,
    own_embedder: bool,
    own_chat: bool,
) -> Vec<Arc<Breaker>> {
    let llm = (!own_chat && !config.llm.base_url.is_empty()).then_some(LLM);
    let embeds_elsewhere = !own_embedder && config.embedding.provider == EmbeddingProvider::OpenAi;
    let embedding = embeds_elsewhere.then_some(EMBEDDING);
    let graph = (!config.whatsapp.channels.is_empty()).then_some(GRAPH);
    let stripe = config.stripe.sells().then_some(STRIPE);
    let named = |name| Arc::new(Breaker::new(name, Arc::clone(clock)));
    llm.into_iter().chain(embedding).chain(graph).chain(stripe).map(named).collect()
}

pub(super) fn breaker(breakers: &[Arc<Breaker>], name: &str) -> Option<Arc<Breaker>> {
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
