//! Opening a deployment with parts of the caller's: a clock, an embedder, a chat model.
//!
//! What is not given is made from the configuration (`models.rs`).

use std::sync::Arc;

use super::Engine;
use crate::clock::{SharedClock, SystemClock};
use crate::config::Config;
use crate::embed::{OpenAiTokenCounter, SharedEmbedder, SharedTokenCounter};
use crate::error::Result;
use crate::llm::SharedChatModel;

/// Opens a deployment; made by [`Engine::builder`].
///
/// ```no_run
/// # async fn example(config: agent_core::Config, model: agent_core::llm::SharedChatModel) -> agent_core::Result<()> {
/// let engine = agent_core::Engine::builder(config).chat_model(model).open().await?;
/// # Ok(())
/// # }
/// ```
pub struct EngineBuilder {
    // Boxed: every future that opens a deployment would carry its size.
    config: Box<Config>,
    own: OwnParts,
}

/// The parts that the caller gives instead of those the configuration describes.
pub(super) struct OwnParts {
    pub(super) clock: SharedClock,
    pub(super) embedder: Option<OwnEmbedder>,
    pub(super) chat: Option<SharedChatModel>,
}

/// An embedder of the caller's, with what measures chunks for it.
#[derive(Clone)]
pub(super) struct OwnEmbedder {
    pub(super) embedder: SharedEmbedder,
    pub(super) counter: SharedTokenCounter,
}

impl OwnParts {
    pub(super) fn none(clock: SharedClock) -> Self {
        Self { clock, embedder: None, chat: None }
    }
}

impl Engine {
    /// A builder: for callers that bring a clock, an embedder or a chat model of their own.
    pub fn builder(config: Config) -> EngineBuilder {
        EngineBuilder { config: Box::new(config), own: OwnParts::none(Arc::new(SystemClock)) }
    }
}

impl EngineBuilder {
    /// Takes time, ids and randomness from this clock instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.own.clock = clock;
        self
    }

    /// Embeds with this embedder; the section `[embedding]` of the configuration is then not looked at.
    ///
    /// The index remembers the name and the dimension of [`crate::embed::Embedder::profile`]: a deployment
    /// that was made with another model is refused until it is reindexed. Chunks are measured with the tokens
    /// of OpenAI's models; [`EngineBuilder::token_counter`] measures them with the embedder's own.
    #[must_use]
    pub fn embedder(mut self, embedder: SharedEmbedder) -> Self {
        let counter = self.own.embedder.take().map(|own| own.counter);
        let counter = counter.unwrap_or_else(|| Arc::new(OpenAiTokenCounter::new()));
        self.own.embedder = Some(OwnEmbedder { embedder, counter });
        self
    }

    /// Measures chunks with this counter; only with an embedder of the caller's, which has to be given first.
    #[must_use]
    pub fn token_counter(mut self, counter: SharedTokenCounter) -> Self {
        if let Some(own) = &mut self.own.embedder {
            own.counter = counter;
        }
        self
    }

    /// Lets this model write the answers; the section `[llm]` of the configuration is then not looked at.
    ///
    /// Its failures are the caller's to bound: no circuit breaker stands before it.
    #[must_use]
    pub fn chat_model(mut self, model: SharedChatModel) -> Self {
        self.own.chat = Some(model);
        self
    }

    /// Opens an initialised deployment.
    ///
    /// Fails with `NotFound` if the data directory was never initialised.
    pub async fn open(self) -> Result<Engine> {
        Box::pin(Engine::open_with_parts(*self.config, self.own)).await
    }

    /// Opens a deployment, making it for the business `name` if there is none; whether it was made.
    pub async fn init(self, name: Option<&str>) -> Result<(Engine, bool)> {
        Box::pin(Engine::init_with_parts(*self.config, name, self.own)).await
    }
}

#[cfg(test)]
mod tests;
