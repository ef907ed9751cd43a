//! `[embedding]`: what turns text into vectors.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Problem, Secret, Section};

/// Who embeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingProvider {
    /// ONNX Runtime in this process.
    Local,
    /// An OpenAI-compatible service.
    OpenAi,
}

/// `[embedding]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingConfig {
    /// Who embeds.
    pub provider: EmbeddingProvider,
    /// Name of the local model.
    pub model: String,
    /// Threads of the local provider; 0: one per core.
    pub threads: usize,
    /// The OpenAI-compatible service.
    pub openai: OpenAiEmbeddingConfig,
}

/// `[embedding.openai]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenAiEmbeddingConfig {
    /// Address up to and without `/embeddings`.
    pub base_url: String,
    /// Bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// File that holds the bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_file: Option<PathBuf>,
    /// Model name.
    pub model: String,
    /// Components of a vector.
    pub dimensions: usize,
    /// Texts in one request.
    pub batch_size: usize,
    /// Requests in one minute.
    pub requests_per_minute: u32,
    /// Time for one request, in seconds.
    pub timeout_seconds: u64,
}

impl Section for EmbeddingConfig {
    const NAME: &'static str = "embedding";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("threads", &self.threads, 0..=256)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if self.model.is_empty() || self.model.starts_with('.') || !self.model.chars().all(plain) {
            return Err(Problem::new(
                "model",
                "a model name of letters, digits, `.`, `-` and `_` is accepted; see `agentctl models list`",
            ));
        }
        Ok(())
    }
}

impl Section for OpenAiEmbeddingConfig {
    const NAME: &'static str = "embedding.openai";

    fn validate(&self) -> Result<(), Problem> {
        super::llm::check_url("base_url", &self.base_url)?;
        Problem::unless_within("dimensions", &self.dimensions, 1..=8192)?;
        Problem::unless_within("batch_size", &self.batch_size, 1..=2048)?;
        Problem::unless_within("requests_per_minute", &self.requests_per_minute, 1..=100_000)?;
        Problem::unless_within("timeout_seconds", &self.timeout_seconds, 1..=600)
    }
}
