//! Language models that write an answer from excerpts.
//!
//! [`ChatModel`] is what the rest of the library knows; one file per provider. The extractive
//! answer, which needs no model, is not here: it is a pure function of `answer`.

mod openai;
mod speech;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::Result;

pub use openai::{Ability, ChatTest, Finding, OpenAiChat, OpenAiChatConfig};
pub use speech::Transcriber;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The customer.
    User,
    /// The model, earlier in the conversation.
    Assistant,
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// Something a model may do instead of writing; it takes no parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// How the model calls it.
    pub name: &'static str,
    /// What it does, and when to use it.
    pub description: &'static str,
}

/// What to ask a chat model.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// Model name; the configured one if absent.
    pub model: Option<String>,
    /// Messages, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Sampling temperature, 0 to 2; the configured one if absent.
    pub temperature: Option<f64>,
    /// Longest answer in tokens; the configured one if absent.
    pub max_tokens: Option<u32>,
    /// What it may do instead of writing. Only looked at for answers in one piece; left out for services
    /// that know no tools.
    pub tools: Vec<Tool>,
    /// Time for the answer, repeated requests included; the configured one if absent or longer. Of a streamed
    /// answer it is the time until it begins.
    pub time_limit: Option<Duration>,
}

/// What a chat model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatReply {
    /// The text; may be empty if a tool is called.
    pub text: String,
    /// The tool that the model calls, if it does: the first one, by its name.
    pub call: Option<String>,
    /// The model that wrote it, as the service names it.
    pub model: String,
    /// Prompt and answer tokens together, as the service counts them; 0 if it does not say.
    pub tokens_used: u64,
    /// Tokens of what was asked. With `completion_tokens` it makes up `tokens_used`.
    pub prompt_tokens: u64,
    /// Tokens of what was written.
    pub completion_tokens: u64,
    /// Whether the answer was cut at `max_tokens`.
    pub truncated: bool,
}

/// Receives pieces of an answer while it is written.
pub type OnPiece<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Code of the error for a prompt that is longer than what the model reads.
pub const CONTEXT_TOO_SMALL: &str = "context_too_small";

/// A language model behind a chat interface.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model used when a request names none.
    fn default_model(&self) -> &str;

    /// Answers in one piece.
    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply>;

    /// Answers piece by piece, and returns the whole at the end.
    async fn stream(&self, request: &ChatRequest, on_piece: OnPiece<'_>) -> Result<ChatReply>;

    /// Characters that the messages of a request for this model, or the default one, may have; absent until
    /// one was refused with [`CONTEXT_TOO_SMALL`].
    fn longest_prompt(&self, model: Option<&str>) -> Option<usize> {
        let _ = model;
        None
    }

    /// Whether the service is there: asks nothing that costs, and waits for `limit` at most.
    async fn look(&self, limit: Duration) -> Result<()> {
        let _ = limit;
        Ok(())
    }
}

/// A shared chat model.
pub type SharedChatModel = Arc<dyn ChatModel>;
