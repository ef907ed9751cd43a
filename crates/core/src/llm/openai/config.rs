//! How to reach and use a chat service.

use std::fmt;
use std::time::Duration;

use crate::net::Retry;

/// How to reach and use a chat service.
#[derive(Clone)]
pub struct OpenAiChatConfig {
    /// Address up to and without `/chat/completions`.
    pub base_url: String,
    /// Bearer token; local servers often need none.
    pub api_key: Option<String>,
    /// Model for requests that name none.
    pub model: String,
    /// Sampling temperature for requests that name none, 0 to 2.
    pub temperature: f64,
    /// Longest answer in tokens for requests that name none.
    pub max_tokens: u32,
    /// Time for a whole answer, repeated requests included; when streaming, until it begins, and then the
    /// longest silence.
    pub timeout: Duration,
    /// How patiently failed requests are repeated.
    pub retry: Retry,
}

impl Default for OpenAiChatConfig {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".into(),
            api_key: None,
            model: "gpt-4o".into(),
            temperature: 0.7,
            max_tokens: 1000,
            timeout: Duration::from_mins(1),
            retry: Retry::default(),
        }
    }
}

impl fmt::Debug for OpenAiChatConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the key nor the address, which may carry a password.
        f.debug_struct("OpenAiChatConfig")
            .field("model", &self.model)
            .field("temperature", &self.temperature)
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}
