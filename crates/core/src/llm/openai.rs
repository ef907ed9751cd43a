//! Answers from an OpenAI-compatible chat service.
//!
//! In one piece or streamed. A request is repeated only while nothing of its answer was delivered: a customer
//! must not read a beginning twice; all repetitions together take no longer than the time for an answer.
//! Services differ in what they take; what one refuses is left out, renamed or put elsewhere once, and
//! remembered for its model (`dialect.rs`). `wire.rs` is what is sent; `receive.rs` takes the answer and
//! `reading.rs` reads it; `test_chat.rs` finds out what a service can do. What is asked, and whether the answer
//! is any good, is `answer`'s business.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{CONTEXT_TOO_SMALL, ChatModel, ChatReply, ChatRequest, OnPiece};
use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::net::openai::{Address, Endpoint, Rejection};
use crate::net::{Breaker, Failure, Retry};

mod config;
mod dialect;
mod reading;
mod receive;
mod test_chat;
mod wire;

use dialect::{Dialect, Remedy, Suspicion};
use reading::Gathered;

pub use config::OpenAiChatConfig;
pub use test_chat::{Ability, ChatTest, Finding};

/// So many requests in a row that a service failed and then answered without tools show that tools are why.
const FAILED_WITH_TOOLS: u8 = 2;

/// A chat model behind the OpenAI wire format.
pub struct OpenAiChat {
    endpoint: Endpoint,
    model: String,
    temperature: f64,
    max_tokens: u32,
    retry: Retry,
    /// What the service was found to take, by model.
    known: Mutex<BTreeMap<String, Known>>,
    breaker: Arc<Breaker>,
    clock: SharedClock,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    dialect: Dialect,
    /// Requests in a row that failed with tools and succeeded without.
    failed_with_tools: u8,
}

/// A request on its way.
struct Asked<'a> {
    request: &'a ChatRequest,
    model: &'a str,
    stream: bool,
    /// When the answer has to be there, or to begin.
    end: Instant,
    /// Whether it was tried without tools because the service failed: once is enough to find out.
    tried_without_tools: AtomicBool,
}

impl OpenAiChat {
    /// Prepares the client; nothing is sent yet.
    ///
    /// # Errors
    /// `Config` for an address or a key that cannot be used.
    pub fn new(config: OpenAiChatConfig, clock: SharedClock) -> Result<Self> {
        let address = Address {
            base_url: &config.base_url,
            path: ["chat", "completions"],
            api_key: config.api_key.as_deref(),
            timeout: config.timeout,
            section: "llm",
        };
        Ok(Self {
            endpoint: Endpoint::new(&address, clock.clone())?,
            model: config.model,
            temperature: config.temperature,
            max_tokens: config.max_tokens,
            retry: config.retry,
            known: Mutex::default(),
            breaker: Arc::new(Breaker::new("llm", clock.clone())),
            clock,
        })
    }

    /// Puts it behind a breaker of the caller's, who can then tell how the service does.
    #[must_use]
    pub fn behind(mut self, breaker: Arc<Breaker>) -> Self {
        self.breaker = breaker;
        self
    }

    fn asked<'a>(&'a self, request: &'a ChatRequest, stream: bool) -> Asked<'a> {
        let longest = self.endpoint.timeout();
        let time = request.time_limit.map_or(longest, |limit| limit.min(longest));
        let model = request.model.as_deref().unwrap_or(&self.model);
        let end = Instant::now() + time;
        Asked { request, model, stream, end, tried_without_tools: AtomicBool::new(false) }
    }

    fn known(&self, model: &str) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(model).copied().unwrap_or_default()
    }

    fn learn(&self, model: &str, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(known.entry(model.to_owned()).or_default());
    }

    async fn attempt(&self, asked: &Asked<'_>, on_piece: OnPiece<'_>) -> Result<ChatReply, Failure> {
        self.reply(self.gather(asked, on_piece).await?)
    }

    /// Asks once, and once more for each thing that the service turns out not to take.
    async fn gather(&self, asked: &Asked<'_>, on_piece: OnPiece<'_>) -> Result<Gathered, Failure> {
        let mut suspicion = None;
        loop {
            let mut dialect = self.known(asked.model).dialect;
            dialect.no_tools |= suspicion.is_some();
            let temperature = asked.request.temperature.unwrap_or(self.temperature);
            let max_tokens = asked.request.max_tokens.unwrap_or(self.max_tokens);
            let body = wire::body(asked.model, asked.request, temperature, max_tokens, asked.stream, dialect);
            let chars = body.chars();
            let json = serde_json::to_string(&body)
                .map_err(|e| Failure::last(Error::internal("a request is no JSON").with_source(e)))?;
            let mut delivered = false;
            let mut deliver = |piece: &str| {
                delivered = true;
                on_piece(piece);
            };
            let rejection = match self.once(asked, &json, &mut deliver).await {
                Ok(gathered) => {
                    if let Some(suspicion) = suspicion {
                        self.learn_of_tools(asked.model, suspicion);
                    } else if !dialect.no_tools && !asked.stream && !asked.request.tools.is_empty() {
                        self.learn(asked.model, |known| known.failed_with_tools = 0);
                    }
                    return Ok(gathered);
                }
                Err(rejection) => rejection,
            };
            let Some(complaint) = rejection.complaint.filter(|_| !delivered) else {
                return Err(rejection.failure);
            };
            match dialect.remedy(&complaint, asked.request, asked.stream, chars, max_tokens) {
                // Every change takes something away, so this ends.
                Remedy::Adapt(adapted, why) => {
                    tracing::info!(
                        model = asked.model,
                        "the model is asked in another way from now on: {why}"
                    );
                    // What was left out for this request alone is not part of it.
                    let no_tools = self.known(asked.model).dialect.no_tools;
                    self.learn(asked.model, |known| known.dialect = Dialect { no_tools, ..adapted });
                }
                Remedy::DropTools(Suspicion::Failed)
                    if asked.tried_without_tools.swap(true, Ordering::Relaxed) =>
                {
                    return Err(rejection.failure);
                }
                Remedy::DropTools(found) => suspicion = Some(found),
                Remedy::Shorten(shorter) => {
                    let Dialect { prompt_chars, answer_tokens, .. } = shorter;
                    self.learn(asked.model, |known| {
                        known.dialect = Dialect { prompt_chars, answer_tokens, ..known.dialect };
                    });
                    return Err(Failure::last(self.too_long(asked.model)));
                }
                Remedy::None => return Err(rejection.failure),
            }
        }
    }

    /// Without tools it answered: whether they are why it did not before.
    fn learn_of_tools(&self, model: &str, suspicion: Suspicion) {
        self.learn(model, |known| {
            match suspicion {
                Suspicion::Refused => known.failed_with_tools = FAILED_WITH_TOOLS,
                Suspicion::Failed => known.failed_with_tools += 1,
                Suspicion::Slipped => {}
            }
            if known.failed_with_tools >= FAILED_WITH_TOOLS && !known.dialect.no_tools {
                known.dialect.no_tools = true;
                tracing::warn!(
                    model,
                    "the model takes no tools: it answers, and a person is called by the customer's words alone"
                );
            }
        });
    }

    fn too_long(&self, model: &str) -> Error {
        Error::unavailable(format!(
            "the question with its excerpts is longer than what the model `{model}` at {} reads: give it a \
             larger context, or lower search.top_k and answer.history_tokens",
            self.endpoint.place()
        ))
        .with_code(CONTEXT_TOO_SMALL)
    }

    /// Sends a request and reads its answer.
    async fn once(
        &self,
        asked: &Asked<'_>,
        json: &str,
        on_piece: OnPiece<'_>,
    ) -> Result<Gathered, Rejection> {
        let left = asked.end.saturating_duration_since(Instant::now());
        let response = self.endpoint.post(json, asked.model, !asked.stream, left).await?;
        let gathered = self.read(response, asked, on_piece).await?;
        if let Some(error) = &gathered.error {
            let mut rejection = self.endpoint.failed_inside(error, asked.model, json);
            if !gathered.text.is_empty() {
                // It was about to answer: nothing is wrong with the request.
                rejection.complaint = None;
            }
            return Err(rejection);
        }
        Ok(gathered)
    }
}

#[async_trait]
impl ChatModel for OpenAiChat {
    fn default_model(&self) -> &str {
        &self.model
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply> {
        let asked = self.asked(request, false);
        let mut attempts = self.retry.start(&*self.clock);
        loop {
            match self.breaker.watch(self.attempt(&asked, &mut |_| ())).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => attempts.pause_before(failure, Some(asked.end)).await?,
            }
        }
    }

    async fn stream(&self, request: &ChatRequest, on_piece: OnPiece<'_>) -> Result<ChatReply> {
        let asked = self.asked(request, true);
        let mut attempts = self.retry.start(&*self.clock);
        loop {
            let mut delivered = false;
            let mut deliver = |piece: &str| {
                delivered = true;
                on_piece(piece);
            };
            match self.breaker.watch(self.attempt(&asked, &mut deliver)).await {
                Ok(reply) => return Ok(reply),
                Err(failure) if delivered => return Err(failure.error),
                Err(failure) => attempts.pause_before(failure, Some(asked.end)).await?,
            }
        }
    }

    fn longest_prompt(&self, model: Option<&str>) -> Option<usize> {
        self.known(model.unwrap_or(&self.model)).dialect.prompt_chars
    }

    async fn look(&self, limit: Duration) -> Result<()> {
        self.endpoint.models(limit).await.map(drop).map_err(|failure| failure.error)
    }
}

#[cfg(test)]
mod tests;
