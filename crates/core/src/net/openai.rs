//! What embeddings and chat share of the OpenAI wire format: address, key, error envelope.
//!
//! Turns every way in which such a service can fail into an error in the operator's words, and says
//! whether another try may help: silence and broken answers here, refusals in `refusal.rs`. What of a
//! service's own words is repeated is in `envelope.rs`.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{
    BodyError, USER_AGENT, bearer, body_within, client, origin_of, parse_base_url, without_address,
};
use super::proxy::{proxy_of, through};
use super::retry::Failure;
use crate::clock::SharedClock;
use crate::error::{Error, Result};

mod envelope;
mod refusal;

pub(crate) use refusal::{Complaint, Rejection};

/// Bytes of a list of models that are read.
const LIST: usize = 1 << 20;
/// What requests are.
const JSON: &str = "application/json";

/// One service that speaks the OpenAI format.
pub(crate) struct Endpoint {
    client: reqwest::Client,
    url: Url,
    /// Scheme, host and port, and the proxy if there is one: where errors say that something went wrong.
    place: String,
    /// The proxy that is asked, and the variable that names it.
    proxy: Option<(String, &'static str)>,
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
            place: format!("{}{}", origin_of(&url), through(&url)),
            proxy: proxy_of(&url),
            url,
            authorization,
            section,
            timeout: address.timeout,
            clock,
        })
    }

    /// Scheme, host and port, and the proxy if there is one, for errors.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The longest wait for an answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Posts JSON; `model` is named if the service does not know it. With `whole`, the answer has to be
    /// complete within `limit`; without, it has to begin within it and must not fall silent.
    #[tracing::instrument(name = "model request", level = "debug", skip_all)]
    pub(crate) async fn post(
        &self,
        json: &str,
        model: &str,
        whole: bool,
        limit: Duration,
    ) -> Result<Response, Rejection> {
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, JSON).body(json.to_owned());
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if whole {
            request = request.timeout(limit);
        }
        let answer = tokio::time::timeout(limit, request.send()).await.map_err(|_| self.late())?;
        let response = answer.map_err(|e| self.unreachable(e))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refused(response, model, json).await)
    }

    /// What stands at the service's `/models`, as far as it tells: for looking whether it is there. Costs
    /// nothing.
    pub(crate) async fn models(&self, limit: Duration) -> Result<Vec<String>, Failure> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop().pop().push("models");
        }
        let mut request = self.client.get(url).timeout(limit);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|e| self.unreachable(e))?;
        match response.status().as_u16() {
            // Many services have no such list; they are there all the same.
            200..=299 | 404 | 405 | 501 => {}
            _ => return Err(self.refused(response, "", "").await.failure),
        }
        let body = body_within(response, LIST).await.unwrap_or_default();
        let list: Value = serde_json::from_slice(&body).unwrap_or_default();
        let ids = list["data"].as_array().into_iter().flatten();
        Ok(ids.filter_map(|model| model["id"].as_str()).map(str::to_owned).collect())
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
        let Self { place, section, .. } = self;
        let proxy = match &self.proxy {
            Some((_, variable)) => format!(", and that the proxy of {variable} lets requests to it pass"),
            None => String::new(),
        };
        Failure::last(Error::unavailable(format!(
            "the service at {place} answered with something else than {what}: check that \
             {section}.base_url is the address of an OpenAI-compatible service{proxy}"
        )))
    }

    /// The connection failed while the answer was read.
    pub(crate) fn broken(&self, error: reqwest::Error) -> Failure {
        if error.is_timeout() {
            return self.unreachable(error);
        }
        let text = format!("the answer of the service at {} broke off: try again", self.place);
        Failure::passing(Error::unavailable(text).with_source(without_address(error)))
    }

    /// No answer within the limit.
    pub(crate) fn late(&self) -> Failure {
        let Self { place, section, .. } = self;
        let seconds = self.timeout.as_secs_f64();
        Failure::passing(Error::unavailable(format!(
            "the service at {place} did not answer within {seconds} s: try again later, or raise \
             {section}.timeout_seconds"
        )))
    }

    /// No answer at all.
    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let Self { place, section, .. } = self;
        if error.is_timeout() && !error.is_connect() {
            let late = self.late();
            return Failure { error: late.error.with_source(without_address(error)), ..late };
        }
        let check = match &self.proxy {
            Some((_, variable)) => format!("{variable} and NO_PROXY, {section}.base_url"),
            None => format!("{section}.base_url"),
        };
        let text = format!("cannot reach the service at {place}: check {check} and the network");
        Failure::passing(Error::unavailable(text).with_source(without_address(error)))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("place", &self.place).finish_non_exhaustive()
    }
}
