//! Requests that are not answered: what a refusal means to the operator, and what it says of the request.

use std::fmt;

use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::Endpoint;
use super::envelope::Envelope;
use crate::error::Error;
use crate::net::client::{body_within, origin_of};
use crate::net::retry::{Again, Failure, again_after, may_pass};

/// An error body is read for its codes; what comes after this many bytes cannot matter.
const ERROR_BODY: usize = 64 * 1024;

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

/// What a service says about a request that it does not take. Its text may repeat the request, so `Debug`
/// hides it.
pub(crate) struct Complaint {
    status: u16,
    code: String,
    kind: String,
    param: String,
    /// In lower case.
    text: String,
}

impl Complaint {
    /// Whether the request itself is said to be wrong, by the status that services use for that.
    pub(crate) fn is_about_the_request(&self) -> bool {
        matches!(self.status, 400 | 422)
    }

    /// Whether the same request would be refused again: no problem of the service's own.
    pub(crate) fn is_lasting(&self) -> bool {
        self.status < 500 || self.status == 501
    }

    /// Whether the complaint is that `parameter` is not supported (not: that its value is wrong).
    pub(crate) fn rejects(&self, parameter: &str) -> bool {
        self.param == parameter && self.code.starts_with("unsupported_")
    }

    /// Whether the text names `word`, in any case.
    pub(crate) fn names(&self, word: &str) -> bool {
        self.param == word || self.text.contains(word)
    }

    /// Whether the code or the type is `code`.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code == code || self.kind == code
    }

    /// What the service says, in lower case. Not to be repeated.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complaint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// An answer with another status than success.
    pub(super) async fn refused(&self, response: Response, model: &str, sent: &str) -> Rejection {
        let status = response.status();
        let again = again_after(response.headers(), self.clock.now());
        let body = body_within(response, ERROR_BODY).await.unwrap_or_default();
        self.rejection(status, again, Envelope::read(&body), model, sent)
    }

    /// An error that stands in an answer with the status of success: gateways promise success before they
    /// know whether the provider will answer.
    pub(crate) fn failed_inside(&self, error: &Value, model: &str, sent: &str) -> Rejection {
        let said = Envelope::of(error);
        // Without a status of its own it is the provider's.
        let status = said.status().and_then(|status| StatusCode::from_u16(status).ok());
        self.rejection(status.unwrap_or(StatusCode::BAD_GATEWAY), Again::Backoff, said, model, sent)
    }

    fn rejection(
        &self,
        status: StatusCode,
        again: Again,
        said: Envelope,
        model: &str,
        sent: &str,
    ) -> Rejection {
        let used_up = said.is("insufficient_quota");
        let error = self.explain(status, &said, used_up, model, sent);
        let again = if may_pass(status) && !used_up { again } else { Again::No };
        let error = match again {
            Again::After(wait) => error.with_retry_after(wait),
            Again::No | Again::Backoff => error,
        };
        // What is said about keys, quotas and proxies is not about the request.
        let complaint = !matches!(status.as_u16(), 300..=399 | 401..=403 | 407 | 408 | 429);
        let complaint = complaint.then(|| Complaint {
            status: status.as_u16(),
            code: said.code,
            kind: said.kind,
            param: said.param,
            text: said.text.to_lowercase(),
        });
        // A 429 is an answer: the service is there, the account asks too much of it.
        let outage = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        Rejection { failure: Failure { error, again, outage }, complaint }
    }

    fn explain(&self, status: StatusCode, said: &Envelope, used_up: bool, model: &str, sent: &str) -> Error {
        let Self { place, section, .. } = self;
        let number = status.as_u16();
        let words = said.words(self.authorization.as_ref(), sent);
        match (number, &self.proxy) {
            (407, Some((proxy, variable))) => {
                return Error::unavailable(format!(
                    "the proxy {proxy} wants a user name and a password: put them into {variable}"
                ));
            }
            // Behind a tunnel everything is the service's own word; a service writes JSON.
            (403 | 502..=504 | 511, Some((proxy, variable))) if !said.json && self.url.scheme() == "http" => {
                return Error::unavailable(format!(
                    "the proxy {proxy} answered {number} in place of the service at {}: check {variable}, \
                     and put the service's host into NO_PROXY if it is to be asked directly",
                    origin_of(&self.url)
                ));
            }
            _ => {}
        }
        match number {
            401 | 403 if self.authorization.is_none() => Error::config(format!(
                "the service at {place} wants an API key: set {section}.api_key or OPENAI_API_KEY"
            )),
            401 | 403 => Error::config(format!(
                "the service at {place} refused the API key ({number}): set {section}.api_key or \
                 OPENAI_API_KEY to a key that may use the model `{model}`"
            )),
            404 => Error::config(format!(
                "the service at {place} does not know the model `{model}`, or nothing answers at \
                 {}: check {section}.model and {section}.base_url",
                self.url.path()
            )),
            300..=399 | 405 => Error::config(format!(
                "the service at {place} does not take requests at {} ({number}): set \
                 {section}.base_url to the address of an OpenAI-compatible service",
                self.url.path()
            )),
            _ if used_up => Error::unavailable(format!(
                "the quota of the account at {place} is used up: add credit or raise its limit"
            )),
            429 => Error::unavailable(format!(
                "the service at {place} gets too many requests from this account (429{words}): try again \
                 in a minute"
            )),
            _ if may_pass(status) => Error::unavailable(format!(
                "the service at {place} has a problem of its own ({number}{words}): try again later"
            )),
            _ => Error::unavailable(format!(
                "the service at {place} rejected the request ({number}{}{words})",
                said.codes(self.authorization.as_ref())
            )),
        }
    }
}
