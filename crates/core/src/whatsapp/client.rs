//! The Graph API: sending messages and marking them as read.
//!
//! One client serves all numbers; each call brings its number with its token. There is no idempotency key,
//! so after a request was written nobody may just send it again: [`SendError`] says whether the message was
//! certainly not taken, or whether nobody knows. Nothing is repeated here; what to do about a failure is in
//! `failure.rs`; fetching files, listing templates and the single request are in `client/`. Neither contents
//! nor tokens are logged, and of addresses only the origin is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::failure::GraphFailure;
use super::outgoing::read_receipt;
use crate::clock::SharedClock;
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::net::{Breaker, USER_AGENT, client, origin_of, parse_base_url};

mod checks;
mod media;
mod templates;
mod upload;
mod wire;

pub use checks::NumberProfile;
pub use media::{Media, MediaError};
pub use templates::{MessageTemplate, NewTemplate};
pub use upload::File;

/// A call that failed, boxed because it is large.
pub type GraphResult<T> = Result<T, Box<GraphFailure>>;

/// How to reach the Graph API.
#[derive(Clone)]
pub struct GraphConfig {
    /// Its address, without a version.
    pub base_url: String,
    /// Its version, as `v23.0`.
    pub version: String,
    /// Hosts that files are fetched from with the token, beside the Graph API's; a name with a leading dot
    /// stands for everything below it.
    pub media_hosts: Vec<String>,
    /// Time for a whole answer; for a file, the longest silence.
    pub timeout: Duration,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com".into(),
            version: "v23.0".into(),
            media_hosts: ["lookaside.fbsbx.com", ".fbcdn.net", ".whatsapp.net"].map(String::from).to_vec(),
            timeout: Duration::from_secs(20),
        }
    }
}

impl fmt::Debug for GraphConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the address, which may carry a password.
        f.debug_struct("GraphConfig")
            .field("version", &self.version)
            .field("media_hosts", &self.media_hosts)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A business number and what opens it.
#[derive(Debug, Clone)]
pub struct Number {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// The token to act for it.
    pub access_token: Secret,
}

/// A message that Graph took over. Whether it arrives is told by webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its id (`wamid…`).
    pub message_id: String,
    /// The recipient's number as WhatsApp knows it. It may differ from the one that was written to, e.g. by
    /// Brazil's ninth digit; missing where only a user id is known.
    pub wa_id: Option<String>,
}

/// Why a message was not accepted, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// It was certainly not taken: Graph refused it, or it never reached Graph. It may be sent again.
    NotSent(Box<GraphFailure>),
    /// It may have been taken: no answer, or none of Graph's own, came after it was written. Never just send
    /// it again; wait for a status with its correlation text.
    Unknown(Box<GraphFailure>),
}

impl SendError {
    /// What went wrong.
    pub fn failure(&self) -> &GraphFailure {
        match self {
            Self::NotSent(failure) | Self::Unknown(failure) => failure,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(failure) => write!(f, "{failure}"),
            Self::Unknown(failure) => write!(f, "{failure}; the message may have been sent all the same"),
        }
    }
}

impl std::error::Error for SendError {}

/// The Graph API.
pub struct GraphClient {
    client: reqwest::Client,
    /// With the version.
    base: Url,
    origin: String,
    media_hosts: Vec<String>,
    timeout: Duration,
    breaker: Arc<Breaker>,
    clock: SharedClock,
}

impl GraphClient {
    /// Prepares the client; nothing is sent yet. Whoever shares `breaker` can tell how Graph does.
    ///
    /// # Errors
    /// `Config` for an address or a version that cannot be used.
    pub fn new(config: GraphConfig, breaker: Arc<Breaker>, clock: SharedClock) -> Result<Self> {
        let mut base = parse_base_url(&config.base_url, "whatsapp.base_url")?;
        if !is_version(&config.version) {
            return Err(Error::config("whatsapp.api_version must look like v23.0"));
        }
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().push(&config.version);
        }
        Ok(Self {
            client: client(config.timeout, USER_AGENT)?,
            origin: origin_of(&base),
            base,
            timeout: config.timeout,
            media_hosts: config.media_hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect(),
            breaker,
            clock,
        })
    }

    /// Sends a message; `payload` as `Outgoing::payload` makes it.
    ///
    /// # Errors
    /// See [`SendError`]: only after `NotSent` may it be sent again.
    pub async fn send(&self, number: &Number, payload: &Value) -> Result<Accepted, SendError> {
        let request = self.messages(number, payload).map_err(SendError::NotSent)?;
        let answer = self.exchange(request).await.map_err(|lost| {
            if lost.written { SendError::Unknown(lost.failure) } else { SendError::NotSent(lost.failure) }
        })?;
        if let Some(accepted) = answer.json().as_ref().and_then(Accepted::read) {
            return Ok(accepted);
        }
        // A failed status without a word of Graph's comes from something in between, which may have passed
        // the request on. A 503 is given by what does not.
        let refused = matches!(answer.status.as_u16(), 300..=499 | 503);
        let spoken = answer.refusal().is_some();
        let failure = self.failure(number, &answer);
        Err(if spoken || refused { SendError::NotSent(failure) } else { SendError::Unknown(failure) })
    }

    /// Marks a customer's message as read, and the earlier ones with it; with `typing`, shows for up to 25
    /// seconds that an answer is being written. A failure must not keep the answer back.
    pub async fn mark_read(&self, number: &Number, message_id: &str, typing: bool) -> GraphResult<()> {
        let request = self.messages(number, &read_receipt(message_id, typing))?;
        let done = |answer: &Value| (answer.get("success") == Some(&Value::Bool(true))).then_some(());
        self.ask(number, request, done).await
    }
}

impl Accepted {
    fn read(answer: &Value) -> Option<Self> {
        let text = |pointer| answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let message_id = text("/messages/0/id").filter(|id| !id.is_empty())?;
        Some(Self { message_id, wa_id: text("/contacts/0/wa_id").filter(|id| !id.is_empty()) })
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClient").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// `v23.0`
fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

#[cfg(test)]
mod tests;
