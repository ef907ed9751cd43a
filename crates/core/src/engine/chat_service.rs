//! The chat service of a deployment: made from its configuration, looked at, and asked what it can do.

use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::clock::{SharedClock, SystemClock};
use crate::config::{Config, LlmConfig, Secret};
use crate::error::{Error, Result};
use crate::llm::{ChatTest, OpenAiChat, OpenAiChatConfig, SharedChatModel};
use crate::net::Breaker;

/// How long the service is waited for when it is only looked at.
const PATIENCE: Duration = Duration::from_secs(5);

impl Engine {
    /// Asks a chat service what it can do; needs no deployment.
    ///
    /// Fails with `Config` if none is configured, for a key, a model or an address that is wrong, and with
    /// `Unavailable` if it cannot be reached or gives no answer.
    pub async fn test_chat(llm: &LlmConfig) -> Result<ChatTest> {
        if llm.base_url.is_empty() {
            return Err(Error::config(
                "no chat service is configured, answers are quoted from the documents: set llm.base_url to the \
                 address of an OpenAI-compatible service",
            ));
        }
        OpenAiChat::new(openai_chat_config(llm), Arc::new(SystemClock))?.test().await
    }

    /// Whether the chat service is there, as far as can be told without asking it a question.
    pub(super) async fn chat_service(&self) -> Option<Result<()>> {
        Some(self.parts.chat.as_deref()?.look(PATIENCE).await)
    }
}

fn openai_chat_config(llm: &LlmConfig) -> OpenAiChatConfig {
    OpenAiChatConfig {
        base_url: llm.base_url.clone(),
        api_key: llm.api_key.as_ref().map(Secret::expose).map(str::to_owned),
        model: llm.model.clone(),
        temperature: llm.temperature,
        max_tokens: llm.max_tokens,
        timeout: Duration::from_secs(llm.timeout_seconds),
        ..OpenAiChatConfig::default()
    }
}

pub(super) fn chat_model(
    config: &Config,
    clock: &SharedClock,
    breaker: Option<Arc<Breaker>>,
) -> Result<Option<SharedChatModel>> {
    let llm = &config.llm;
    if llm.base_url.is_empty() {
        return Ok(None);
    }
    let chat = OpenAiChat::new(openai_chat_config(llm), Arc::clone(clock))?;
    Ok(Some(Arc::new(match breaker {
        Some(breaker) => chat.behind(breaker),
        None => chat,
    })))
}
