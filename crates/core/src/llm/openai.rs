//! Answers from an OpenAI-compatible chat service.
//!
//! In one piece or streamed. A request is repeated only while nothing of its answer was delivered:
//! a customer must not read a beginning twice. Services differ in the parameters they take; what one
//! refuses by name is left out or renamed once, and remembered for its model. What is asked, and
//! whether the answer is any good, is `answer`'s business.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;

use super::{ChatModel, ChatReply, ChatRequest, OnPiece};
use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::net::openai::{Address, Complaint, Endpoint};
use crate::net::{Breaker, EventStream, Failure, Retry};

mod wire;

use wire::{Dialect, Event, Gathered};

/// The longest answer taken, in bytes; models write a few kilobytes.
const LONGEST_ANSWER: usize = 4 << 20;

/// What the answer of a chat service is called in errors.
const WHAT: &str = "a chat completion";

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
    /// Time for a whole answer; when streaming, the longest silence.
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

/// A chat model behind the OpenAI wire format.
pub struct OpenAiChat {
    endpoint: Endpoint,
    model: String,
    temperature: f64,
    max_tokens: u32,
    retry: Retry,
    /// What the service was found to take, by model.
    dialects: Mutex<BTreeMap<String, Dialect>>,
    breaker: Arc<Breaker>,
    clock: SharedClock,
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
            dialects: Mutex::default(),
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

    /// Sends the request, once more for each parameter that the service turns out not to take.
    async fn post(&self, request: &ChatRequest, stream: bool) -> Result<Response, Failure> {
        let model = request.model.as_deref().unwrap_or(&self.model);
        let temperature = request.temperature.unwrap_or(self.temperature);
        let max_tokens = request.max_tokens.unwrap_or(self.max_tokens);
        loop {
            let dialect = self.dialect(model);
            let body = wire::body(model, request, temperature, max_tokens, stream, dialect);
            let rejection = match self.endpoint.post(&body, model, !stream).await {
                Ok(response) => return Ok(response),
                Err(rejection) => rejection,
            };
            let adapted = rejection.complaint.and_then(|c| dialect.without(&c, stream));
            match adapted {
                // Every change takes something away, so this ends.
                Some(adapted) => self.remember(model, adapted),
                None => return Err(rejection.failure),
            }
        }
    }

    fn dialect(&self, model: &str) -> Dialect {
        let known = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(model).copied().unwrap_or_default()
    }

    fn remember(&self, model: &str, dialect: Dialect) {
        tracing::info!(model, ?dialect, "the service does not take every parameter; adapting");
        let mut known = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(model.to_owned(), dialect);
    }

    async fn attempt(&self, request: &ChatRequest) -> Result<ChatReply, Failure> {
        let response = self.post(request, false).await?;
        self.whole(response).await
    }

    /// An answer that came as one JSON document.
    async fn whole(&self, response: Response) -> Result<ChatReply, Failure> {
        let event: Event = self.endpoint.json(response, LONGEST_ANSWER, WHAT).await?;
        let mut gathered = Gathered::default();
        gathered.add(event, &mut |_| ());
        self.reply(gathered)
    }

    /// Reads a stream of events; `on_piece` gets what is written as it comes.
    async fn listen(&self, response: Response, on_piece: OnPiece<'_>) -> Result<ChatReply, Failure> {
        let mut gathered = Gathered::default();
        let mut events = EventStream::default();
        let mut bytes = response.bytes_stream();
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|e| self.endpoint.broken(e))?;
            for data in events.feed(&piece).map_err(|_| self.endpoint.unexpected(WHAT))? {
                if self.take(&data, &mut gathered, on_piece)? {
                    return self.reply(gathered);
                }
            }
        }
        if let Some(data) = events.finish().map_err(|_| self.endpoint.unexpected(WHAT))? {
            self.take(&data, &mut gathered, on_piece)?;
        }
        if gathered.is_complete() { self.reply(gathered) } else { Err(self.cut()) }
    }

    /// Takes one event; true at the end of the stream.
    fn take(&self, data: &str, gathered: &mut Gathered, on_piece: OnPiece<'_>) -> Result<bool, Failure> {
        if data == "[DONE]" {
            gathered.done = true;
            return Ok(true);
        }
        // The parser's own words may quote the answer, so they are not kept as the cause.
        let event: Event = serde_json::from_str(data).map_err(|_| self.endpoint.unexpected(WHAT))?;
        if event.is_error() {
            return Err(self.cut());
        }
        gathered.add(event, on_piece);
        if gathered.text.len() > LONGEST_ANSWER {
            return Err(self.endpoint.unexpected(WHAT));
        }
        Ok(false)
    }

    /// The stream ended before the answer did.
    fn cut(&self) -> Failure {
        Failure::passing(Error::unavailable(format!(
            "the answer of the service at {} broke off: try again",
            self.endpoint.origin()
        )))
    }

    /// The answer, if it is one.
    fn reply(&self, gathered: Gathered) -> Result<ChatReply, Failure> {
        let origin = self.endpoint.origin();
        if gathered.is_refused() {
            return Err(Failure::last(Error::unavailable(format!(
                "the model at {origin} refused to answer"
            ))));
        }
        let truncated = gathered.is_truncated();
        if gathered.text.trim().is_empty() && gathered.call.is_none() {
            return Err(Failure::last(Error::unavailable(if truncated {
                format!(
                    "the model at {origin} used up its tokens before it wrote anything: raise \
                     llm.max_tokens"
                )
            } else {
                format!("the model at {origin} answered with an empty text")
            })));
        }
        let model = if gathered.model.is_empty() { self.model.clone() } else { gathered.model };
        let Gathered { text, call, prompt_tokens, completion_tokens, .. } = gathered;
        let tokens_used = prompt_tokens.saturating_add(completion_tokens);
        Ok(ChatReply { text, call, model, tokens_used, prompt_tokens, completion_tokens, truncated })
    }
}

#[async_trait]
impl ChatModel for OpenAiChat {
    fn default_model(&self) -> &str {
        &self.model
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply> {
        let mut attempts = self.retry.start(&*self.clock);
        loop {
            match self.breaker.watch(self.attempt(request)).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => attempts.pause(failure).await?,
            }
        }
    }

    async fn stream(&self, request: &ChatRequest, on_piece: OnPiece<'_>) -> Result<ChatReply> {
        let mut attempts = self.retry.start(&*self.clock);
        loop {
            let mut delivered = false;
            let mut deliver = |piece: &str| {
                delivered = true;
                on_piece(piece);
            };
            let attempt = async {
                let response = self.post(request, true).await?;
                if is_json(&response) {
                    // A service that cannot stream answers in one piece.
                    self.whole(response).await.inspect(|reply| deliver(&reply.text))
                } else {
                    self.listen(response, &mut deliver).await
                }
            };
            match self.breaker.watch(attempt).await {
                Ok(reply) => return Ok(reply),
                Err(failure) if delivered => return Err(failure.error),
                Err(failure) => attempts.pause(failure).await?,
            }
        }
    }
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

impl Dialect {
    /// This dialect without what the complaint is about; `None` if it is about something else.
    fn without(self, complaint: &Complaint, stream: bool) -> Option<Self> {
        let mut adapted = self;
        if complaint.rejects("max_tokens") || complaint.names("max_completion_tokens") {
            adapted.completion_tokens = true;
        } else if complaint.rejects("temperature") {
            adapted.no_temperature = true;
        } else if stream && complaint.names("stream_options") {
            adapted.no_usage = true;
        } else if !stream && complaint.names("tools") {
            adapted.no_tools = true;
        }
        (adapted != self).then_some(adapted)
    }
}

#[cfg(test)]
mod tests;
