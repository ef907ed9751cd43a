//! What embeddings and chat share of the OpenAI wire format: address, key, error envelope.
//!
//! Turns every way in which such a service can fail into an error in the operator's words, and says
//! whether another try may help. What a service writes about an error is read for its codes but
//! never repeated: some echo the request, and with it the key or what a customer wrote.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{
    BodyError, USER_AGENT, bearer, body_within, client, origin_of, parse_base_url, without_address,
};
use super::retry::{Again, Failure, again_after, may_pass};
use crate::clock::SharedClock;
use crate::error::{Error, Result};

/// An error body is read for its codes; what comes after this many bytes cannot matter.
const ERROR_BODY: usize = 64 * 1024;

/// One service that speaks the OpenAI format.
pub(crate) struct Endpoint {
    client: reqwest::Client,
    url: Url,
    origin: String,
    authorization: Option<HeaderValue>,
    /// Configuration section that errors point at, e.g. `llm`.
    section: &'static str,
    timeout: Duration,
    clock: SharedClock,
}

/// Where the service is and how to be let in; `section` is the configuration section it came from.
pub(crate) struct Address<'a> {
    pub(crate) base_url: &'a str,
    pub(crate) path: [&'a str; 2],
    pub(crate) api_key: Option<&'a str>,
    pub(crate) timeout: Duration,
    pub(crate) section: &'static str,
}

/// A request that was not answered with success.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) failure: Failure,
    /// What the service said about a request that it understood but does not take.
    pub(crate) complaint: Option<Complaint>,
}

impl From<Failure> for Rejection {
    fn from(failure: Failure) -> Self {
        Self { failure, complaint: None }
    }
}

/// The error envelope of a 400 or 422. Its text may repeat the request, so `Debug` hides it.
pub(crate) struct Complaint {
    code: String,
    param: String,
    text: String,
}

impl Complaint {
    /// Whether the complaint is that `parameter` is not supported (not: that its value is wrong).
    pub(crate) fn rejects(&self, parameter: &str) -> bool {
        self.param == parameter && self.code.starts_with("unsupported_")
    }

    /// Whether the text names `word`, which no other complaint would.
    pub(crate) fn names(&self, word: &str) -> bool {
        self.param == word || self.text.contains(word)
    }
}

impl fmt::Debug for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complaint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// # Errors
    /// `Config` for an address or a key that cannot be used.
    pub(crate) fn new(address: &Address<'_>, clock: SharedClock) -> Result<Self> {
        let section = address.section;
        let mut url = parse_base_url(address.base_url, &format!("{section}.base_url"))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(address.path.iter().filter(|part| !part.is_empty()));
        }
        let authorization = bearer(address.api_key, &format!("{section}.api_key"))?;
        Ok(Self {
            client: client(address.timeout, USER_AGENT)?,
            origin: origin_of(&url),
            url,
            authorization,
            section,
            timeout: address.timeout,
            clock,
        })
    }

    /// Scheme, host and port, for errors.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Posts `body`; `model` is named if the service does not know it. With `whole`, the answer has
    /// to be complete within the timeout; without, it only must not fall silent for that long.
    #[tracing::instrument(name = "model request", level = "debug", skip_all)]
    pub(crate) async fn post<B: Serialize + Sync>(
        &self,
        body: &B,
        model: &str,
        whole: bool,
    ) -> Result<Response, Rejection> {
        let mut request = self.client.post(self.url.clone()).json(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if whole {
            request = request.timeout(self.timeout);
        }
        let response = request.send().await.map_err(|e| self.unreachable(e))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refused(response, model).await)
    }

    /// Reads an answer of at most `limit` bytes as JSON; `what` says what was expected.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        response: Response,
        limit: usize,
        what: &str,
    ) -> Result<T, Failure> {
        let body = match body_within(response, limit).await {
            Ok(body) => body,
            Err(BodyError::Broken(error)) => return Err(self.broken(error)),
            Err(BodyError::TooLong) => return Err(self.unexpected(what)),
        };
        // The parser's own words may quote the body, so they are not kept as the cause.
        serde_json::from_slice(&body).map_err(|_| self.unexpected(what))
    }

    /// The service answered, but not with `what` was asked for.
    pub(crate) fn unexpected(&self, what: &str) -> Failure {
        let Self { origin, section, .. } = self;
        Failure::last(Error::unavailable(format!(
            "the service at {origin} answered with something else than {what}: check that \
             {section}.base_url is the address of an OpenAI-compatible service"
        )))
    }

    /// The connection failed while the answer was read.
    pub(crate) fn broken(&self, error: reqwest::Error) -> Failure {
        if error.is_timeout() {
            return self.unreachable(error);
        }
        let text = format!("the answer of the service at {} broke off: try again", self.origin);
        Failure::passing(Error::unavailable(text).with_source(without_address(error)))
    }

    /// No answer at all.
    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let Self { origin, section, .. } = self;
        let text = if error.is_timeout() && !error.is_connect() {
            let seconds = self.timeout.as_secs_f64();
            format!(
                "the service at {origin} did not answer within {seconds} s: try again later, or \
                 raise {section}.timeout_seconds"
            )
        } else {
            format!("cannot reach the service at {origin}: check {section}.base_url and the network")
        };
        Failure::passing(Error::unavailable(text).with_source(without_address(error)))
    }

    /// An answer with another status than success.
    async fn refused(&self, response: Response, model: &str) -> Rejection {
        let status = response.status();
        let again = again_after(response.headers(), self.clock.now());
        let body = body_within(response, ERROR_BODY).await.unwrap_or_default();
        let said = Envelope::read(&body);
        let spent = said.is("insufficient_quota");
        let error = self.explain(status, &said, spent, model);
        let again = if may_pass(status) && !spent { again } else { Again::No };
        let error = match again {
            Again::After(wait) => error.with_retry_after(wait),
            Again::No | Again::Backoff => error,
        };
        let complaint = matches!(status.as_u16(), 400 | 422).then(|| Complaint {
            code: said.code,
            param: said.param,
            text: said.text,
        });
        // A 429 is an answer: the service is there, the account asks too much of it.
        let outage = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        Rejection { failure: Failure { error, again, outage }, complaint }
    }

    fn explain(&self, status: StatusCode, said: &Envelope, spent: bool, model: &str) -> Error {
        let Self { origin, section, .. } = self;
        let number = status.as_u16();
        match number {
            401 | 403 if self.authorization.is_none() => Error::config(format!(
                "the service at {origin} wants an API key: set {section}.api_key or OPENAI_API_KEY"
            )),
            401 | 403 => Error::config(format!(
                "the service at {origin} refused the API key ({number}): set {section}.api_key or \
                 OPENAI_API_KEY to a key that may use the model `{model}`"
            )),
            404 => Error::config(format!(
                "the service at {origin} does not know the model `{model}`, or nothing answers at \
                 {}: check {section}.model and {section}.base_url",
                self.url.path()
            )),
            300..=399 | 405 => Error::config(format!(
                "the service at {origin} does not take requests at {} ({number}): set \
                 {section}.base_url to the address of an OpenAI-compatible service",
                self.url.path()
            )),
            _ if spent => Error::unavailable(format!(
                "the quota of the account at {origin} is used up: add credit or raise its limit"
            )),
            429 => Error::unavailable(format!(
                "the service at {origin} gets too many requests from this account (429): try again \
                 in a minute"
            )),
            _ if may_pass(status) => Error::unavailable(format!(
                "the service at {origin} has a problem of its own ({number}): try again later"
            )),
            _ => Error::unavailable(format!(
                "the service at {origin} rejected the request ({number}{})",
                said.codes(self.authorization.as_ref())
            )),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What is read of an error body: OpenAI's `{"error": {…}}`, or the same fields without envelope.
#[derive(Default)]
struct Envelope {
    kind: String,
    code: String,
    param: String,
    text: String,
}

impl Envelope {
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self { text: String::from_utf8_lossy(body).into_owned(), ..Self::default() };
        };
        let error = value.get("error").filter(|e| e.is_object()).unwrap_or(&value);
        let field = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            kind: field("type").unwrap_or_default(),
            code: field("code").unwrap_or_default(),
            param: field("param").unwrap_or_default(),
            text: field("message").unwrap_or_else(|| value.to_string()),
        }
    }

    fn is(&self, code: &str) -> bool {
        self.code == code || self.kind == code
    }

    /// Codes fit to be shown: short words of a fixed alphabet, and no part of the key.
    fn codes(&self, authorization: Option<&HeaderValue>) -> String {
        let key = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
        [&self.kind, &self.code, &self.param]
            .into_iter()
            .filter(|word| !word.is_empty() && word.len() <= 64 && word.chars().all(plain))
            .filter(|word| !key.contains(word.as_str()))
            .fold(String::new(), |shown, word| format!("{shown}, {word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_codes_are_shown_and_never_the_key() {
        let body = br#"{"error": {"type": "invalid_request_error", "code": "sk-secret",
            "param": "messages[0].content", "message": "you wrote: my password is hunter2"}}"#;
        let key = HeaderValue::from_static("Bearer sk-secret");
        let shown = Envelope::read(body).codes(Some(&key));
        assert_eq!(shown, ", invalid_request_error, messages[0].content");
        let odd = Envelope { code: "a b".into(), kind: "x".repeat(65), ..Envelope::default() };
        assert_eq!(odd.codes(None), "");
    }

    #[test]
    fn an_envelope_is_read_in_the_forms_that_services_use() {
        assert!(Envelope::read(br#"{"error":{"type":"insufficient_quota"}}"#).is("insufficient_quota"));
        assert_eq!(Envelope::read(br#"{"object":"error","message":"m","code":400}"#).text, "m");
        assert!(Envelope::read(br#"{"error":"no such model"}"#).text.contains("no such model"));
        assert_eq!(Envelope::read(b"<html>").text, "<html>");
    }
}
