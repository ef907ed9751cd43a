//! `[llm]`: the chat model.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Problem, Secret, Section};

/// `[llm]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LlmConfig {
    /// Address up to and without `/chat/completions`; empty: extractive answers.
    pub base_url: String,
    /// Bearer token; local servers often need none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// File that holds the bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_file: Option<PathBuf>,
    /// Model name for agents that name none.
    pub model: String,
    /// Sampling temperature, 0 to 2.
    pub temperature: f64,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// Time for an answer, repeated requests included, in seconds.
    pub timeout_seconds: u64,
    /// Whether customers and the API get quotes from the documents when the service gives no answer.
    pub fallback: bool,
    /// What a million tokens of questions cost, in US dollars: for the recorded cost of a query.
    pub input_cost_per_million: f64,
    /// What a million tokens of answers cost, in US dollars.
    pub output_cost_per_million: f64,
}

impl Section for LlmConfig {
    const NAME: &'static str = "llm";

    fn validate(&self) -> Result<(), Problem> {
        if !self.base_url.is_empty() {
            check_url("base_url", &self.base_url)?;
        }
        Problem::unless_within("temperature", &self.temperature, 0.0..=2.0)?;
        Problem::unless_within("max_tokens", &self.max_tokens, 1..=4000)?;
        Problem::unless_within("timeout_seconds", &self.timeout_seconds, 1..=600)?;
        Problem::unless_within("input_cost_per_million", &self.input_cost_per_million, 0.0..=100_000.0)?;
        Problem::unless_within("output_cost_per_million", &self.output_cost_per_million, 0.0..=100_000.0)
    }
}

/// An absolute http(s) address.
pub(super) fn check_url(key: impl Into<Cow<'static, str>>, url: &str) -> Result<(), Problem> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !url.contains(char::is_whitespace) => {
            Ok(())
        }
        _ => Err(Problem::new(
            key,
            format!("`{url}` is not an address: one that begins with https:// or http:// is accepted"),
        )),
    }
}
