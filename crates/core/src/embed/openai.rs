//! Vectors from an OpenAI-compatible service.
//!
//! Splits any number of texts into requests, keeps a few of them in flight under the account's rate
//! limit, and checks what comes back before it can reach the index: as many vectors as texts, each of
//! the configured dimension, in the order of the texts, of unit length. Which texts are worth
//! embedding, and caching, are the caller's business.

mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Embedder, ModelProfile, Pooling};
use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::net::openai::{Address, Endpoint};
use crate::net::{Again, Breaker, CIRCUIT_OPEN, Failure, RateLimit, Retry};

pub use tokens::OpenAiTokenCounter;

/// Requests under way at once for one call: enough to hide the round trip.
const IN_FLIGHT: usize = 4;

/// Inputs that the service takes in one request.
const MOST_INPUTS: usize = 2048;

/// Bytes of an answer per component; the service sends up to 25 characters for one.
const BYTES_PER_COMPONENT: usize = 64;

const SECTION: &str = "embedding.openai";

/// How to reach and use an embedding service.
#[derive(Clone)]
pub struct OpenAiEmbedderConfig {
    /// Address up to and without `/embeddings`.
    pub base_url: String,
    /// Bearer token; local servers often need none.
    pub api_key: Option<String>,
    /// Model name.
    pub model: String,
    /// Components of a vector.
    pub dimensions: usize,
    /// Texts in one request, 1 to 2048.
    pub batch_size: usize,
    /// Requests in any minute; 0: no limit.
    pub requests_per_minute: u32,
    /// Time for one request.
    pub timeout: Duration,
    /// Tokens the model reads.
    pub max_tokens: usize,
    /// Cosine from which a hit counts as evidence.
    pub default_threshold: f32,
    /// Whether the request names the dimension; models with a fixed one refuse to be asked.
    pub send_dimensions: bool,
    /// How patiently failed requests are repeated.
    pub retry: Retry,
}

impl Default for OpenAiEmbedderConfig {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".into(),
            api_key: None,
            model: "text-embedding-3-large".into(),
            dimensions: 1536,
            batch_size: 100,
            requests_per_minute: 500,
            timeout: Duration::from_mins(1),
            max_tokens: 8191,
            default_threshold: 0.35,
            send_dimensions: true,
            retry: Retry::default(),
        }
    }
}

impl OpenAiEmbedderConfig {
    /// The model's facts, as far as they can be known without asking the service.
    pub fn profile(&self) -> ModelProfile {
        ModelProfile {
            name: self.model.clone(),
            dimension: self.dimensions,
            max_tokens: self.max_tokens,
            pooling: Pooling::InGraph,
            normalize: true,
            query_prefix: String::new(),
            passage_prefix: String::new(),
            default_threshold: self.default_threshold,
            languages: vec!["multi".into()],
            license: "LicenseRef-proprietary".into(),
            source: String::new(),
            output: String::new(),
            dynamic_quantization: false,
            files: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for OpenAiEmbedderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the key nor the address, which may carry a password.
        f.debug_struct("OpenAiEmbedderConfig")
            .field("model", &self.model)
            .field("dimensions", &self.dimensions)
            .field("batch_size", &self.batch_size)
            .field("requests_per_minute", &self.requests_per_minute)
            .finish_non_exhaustive()
    }
}

/// An embedding model behind the OpenAI wire format.
pub struct OpenAiEmbedder {
    endpoint: Endpoint,
    profile: ModelProfile,
    batch_size: usize,
    send_dimensions: bool,
    limit: RateLimit,
    retry: Retry,
    breaker: Arc<Breaker>,
    clock: SharedClock,
}

/// What a caller does when the breaker is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Fails at once: a customer is waiting.
    None,
    /// Waits for the next probe, as for any other passing failure: a folder of documents can wait.
    Waits,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Response {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

impl OpenAiEmbedder {
    /// Prepares the client; nothing is sent yet.
    ///
    /// # Errors
    /// `Config` for an address or a key that cannot be used, or a dimension of 0.
    #[expect(clippy::needless_pass_by_value, reason = "built to be handed over, like the chat's")]
    pub fn new(config: OpenAiEmbedderConfig, clock: SharedClock) -> Result<Self> {
        if config.dimensions == 0 {
            return Err(Error::config(format!("{SECTION}.dimensions must be at least 1")));
        }
        let address = Address {
            base_url: &config.base_url,
            path: ["embeddings", ""],
            api_key: config.api_key.as_deref(),
            timeout: config.timeout,
            section: SECTION,
        };
        Ok(Self {
            endpoint: Endpoint::new(&address, clock.clone())?,
            profile: config.profile(),
            batch_size: config.batch_size.clamp(1, MOST_INPUTS),
            send_dimensions: config.send_dimensions,
            limit: RateLimit::per_minute(config.requests_per_minute),
            retry: config.retry,
            breaker: Arc::new(Breaker::new("embedding", clock.clone())),
            clock,
        })
    }

    /// Puts it behind a breaker of the caller's, who can then tell how the service does.
    #[must_use]
    pub fn behind(mut self, breaker: Arc<Breaker>) -> Self {
        self.breaker = breaker;
        self
    }

    /// One request, repeated as long as that may help.
    async fn embed_batch(&self, texts: &[String], patience: Patience) -> Result<Vec<Vec<f32>>> {
        let mut attempts = self.retry.start(&*self.clock);
        loop {
            self.limit.acquire().await;
            match self.breaker.watch(self.attempt(texts)).await {
                Ok(vectors) => return Ok(vectors),
                Err(mut failure) => {
                    if patience == Patience::Waits
                        && failure.error.code() == Some(CIRCUIT_OPEN)
                        && let Some(wait) = failure.error.retry_after()
                    {
                        failure.again = Again::After(wait);
                    }
                    attempts.pause(failure).await?;
                }
            }
        }
    }

    async fn attempt(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
        let model = &self.profile.name;
        let request = Request {
            model,
            input: texts,
            dimensions: self.send_dimensions.then_some(self.profile.dimension),
            encoding_format: "float",
        };
        let json = serde_json::to_string(&request)
            .map_err(|e| Failure::last(Error::internal("a request is no JSON").with_source(e)))?;
        let limit = self.endpoint.timeout();
        let response = self.endpoint.post(&json, model, true, limit).await.map_err(|r| r.failure)?;
        // Room for a model of another dimension than configured, so that the error can say so.
        let components = texts.len() * self.profile.dimension.max(8192);
        let limit = components * BYTES_PER_COMPONENT;
        let response: Response = self.endpoint.json(response, limit, "embeddings").await?;
        self.in_order(response.data, texts.len()).map_err(Failure::last)
    }

    /// The vectors at the places of their texts, checked and of unit length.
    fn in_order(&self, data: Vec<Embedding>, count: usize) -> Result<Vec<Vec<f32>>> {
        let origin = self.endpoint.place();
        let ModelProfile { name, dimension, .. } = &self.profile;
        let mismatch = |what: &str| {
            Error::unavailable(format!(
                "the service at {origin} answered {count} texts with {what}: its embeddings cannot \
                 be used"
            ))
        };
        if data.len() != count {
            return Err(mismatch(&format!("{} vectors", data.len())));
        }
        let mut places = vec![None; count];
        for Embedding { index, mut embedding } in data {
            let found = embedding.len();
            if found != *dimension {
                return Err(Error::config(format!(
                    "the model `{name}` at {origin} makes vectors of {found} components, not of \
                     {dimension}: set {SECTION}.dimensions to {found}, or choose another model"
                )));
            }
            if !normalise(&mut embedding) {
                return Err(mismatch("a vector without direction"));
            }
            match places.get_mut(index) {
                Some(place @ None) => *place = Some(embedding),
                _ => return Err(mismatch("two vectors for one of them")),
            }
        }
        // As many as places, no place twice: none is left empty.
        Ok(places.into_iter().flatten().collect())
    }
}

/// Scales to unit length; false if that is impossible (all zero, or not finite).
fn normalise(vector: &mut [f32]) -> bool {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return false;
    }
    for x in vector {
        #[expect(clippy::cast_possible_truncation, reason = "a component of a unit vector")]
        let scaled = (f64::from(*x) / length) as f32;
        *x = scaled;
    }
    true
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        if let Some(at) = texts.iter().position(|text| text.trim().is_empty()) {
            return Err(Error::invalid(format!(
                "text {} of {} is empty: an empty text has no meaning to embed",
                at + 1,
                texts.len()
            )));
        }
        let batches: Vec<_> =
            texts.chunks(self.batch_size).map(|batch| self.embed_batch(batch, Patience::Waits)).collect();
        let vectors: Vec<Vec<Vec<f32>>> = stream::iter(batches).buffered(IN_FLIGHT).try_collect().await?;
        Ok(vectors.into_iter().flatten().collect())
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        if text.trim().is_empty() {
            return Err(Error::invalid("the question is empty"));
        }
        let mut vectors = self.embed_batch(&[text.to_owned()], Patience::None).await?;
        // `in_order` returns as many vectors as texts.
        vectors.pop().ok_or_else(|| Error::internal("no vector for the question"))
    }
}

#[cfg(test)]
mod tests;
