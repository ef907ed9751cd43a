//! One request to the Graph API, and what came back.
//!
//! Builds addresses and headers, tells the breaker how it went, and turns everything that is not the answer
//! hoped for into a [`GraphFailure`]. What is asked, and whether asking again does harm, is not known here.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::Value;

use super::{GraphClient, GraphResult, Number};
use crate::net::{BodyError, asked_wait, bearer, body_within, through, without_address};
use crate::whatsapp::failure::{GraphFailure, regain_access};

/// The longest answer that is read, in bytes; files have their own limit.
pub(super) const LONGEST_ANSWER: usize = 1 << 20;

/// Graph's code for a parameter that is wrong, and for a token that is.
const BAD_PARAMETER: i64 = 100;
const BAD_TOKEN: i64 = 190;

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// When to come back, as its headers say.
    pub(super) asked: Option<Duration>,
    /// `None` if it was too long or broke off.
    pub(super) body: Option<Vec<u8>>,
}

/// Nothing came back.
pub(super) struct Unanswered {
    pub(super) failure: Box<GraphFailure>,
    /// Whether anything of the request can have arrived.
    pub(super) written: bool,
}

impl GraphClient {
    /// Sends a request that may be repeated freely; `read` takes what it needs from a successful answer.
    pub(super) async fn ask<T>(
        &self,
        number: &Number,
        request: RequestBuilder,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> GraphResult<T> {
        self.ask_within(number, request, self.timeout, read).await
    }

    /// The same, for what takes another time than most.
    pub(super) async fn ask_within<T>(
        &self,
        number: &Number,
        request: RequestBuilder,
        timeout: Duration,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> GraphResult<T> {
        let answer = self.exchange(request.timeout(timeout)).await.map_err(|lost| lost.failure)?;
        answer.json().as_ref().and_then(read).ok_or_else(|| self.failure(number, &answer))
    }

    /// One request and its answer; the breaker learns how it went.
    #[tracing::instrument(name = "graph request", level = "debug", skip_all)]
    pub(super) async fn exchange(&self, request: RequestBuilder) -> Result<Answer, Unanswered> {
        let pass = self.breaker.admit().map_err(|open| {
            let failure = GraphFailure::unanswered(open.to_string());
            let failure = GraphFailure { retry_after: open.retry_after(), ..failure };
            Unanswered { failure: Box::new(failure), written: false }
        })?;
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                // What could not even be built says nothing of Graph.
                if !error.is_builder() {
                    pass.failed();
                }
                let written = !error.is_connect() && !error.is_builder();
                return Err(Unanswered { failure: self.unreached(error), written });
            }
        };
        let status = response.status();
        let asked = self.asked(response.headers());
        let (body, broken) = match body_within(response, LONGEST_ANSWER).await {
            Ok(body) => (Some(body), false),
            Err(BodyError::TooLong) => (None, false),
            Err(BodyError::Broken(_)) => (None, true),
        };
        // A request that is refused was answered: Graph is there.
        if broken || status.is_server_error() {
            pass.failed();
        } else {
            pass.succeeded();
        }
        Ok(Answer { status, asked, body })
    }

    /// `POST /{phone_number_id}/messages`
    pub(super) fn messages(&self, number: &Number, payload: &Value) -> GraphResult<RequestBuilder> {
        let url = self.url(&[&number.phone_number_id, "messages"])?;
        let request = self.client.post(url).header(AUTHORIZATION, authorization(number)?).json(payload);
        Ok(request.timeout(self.timeout))
    }

    /// `GET` with the number's token.
    pub(super) fn get(&self, number: &Number, url: Url) -> GraphResult<RequestBuilder> {
        Ok(self.client.get(url).header(AUTHORIZATION, authorization(number)?))
    }

    /// An address below the version. Ids come from webhooks and from people, so they have to look like ids.
    pub(super) fn url(&self, segments: &[&str]) -> GraphResult<Url> {
        if !segments.iter().all(|segment| is_id(segment)) {
            let note = "an id for the Graph API holds a character that no id can have, or is empty";
            return Err(Box::new(GraphFailure::foreseen(BAD_PARAMETER, note)));
        }
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        Ok(url)
    }

    /// What an answer says that is not the one hoped for.
    pub(super) fn failure(&self, number: &Number, answer: &Answer) -> Box<GraphFailure> {
        let what = match answer.status.as_u16() {
            200..=299 => "answered with something else than what it was asked for",
            300..=399 => "is not there but somewhere else: check whatsapp.base_url",
            _ => "failed without saying why",
        };
        answer.failure(number, format!("the Graph API at {} {what}", self.origin))
    }

    /// When to come back: the longest wait that the headers ask for.
    pub(super) fn asked(&self, headers: &HeaderMap) -> Option<Duration> {
        let usage = headers.get("x-business-use-case-usage").and_then(|value| value.to_str().ok());
        asked_wait(headers, self.clock.now()).max(usage.and_then(regain_access))
    }

    /// Why nothing came back.
    fn unreached(&self, error: reqwest::Error) -> Box<GraphFailure> {
        let origin = format!("{}{}", self.origin, through(&self.base));
        let note = if error.is_connect() {
            format!("cannot reach the Graph API at {origin}: check whatsapp.base_url and the network")
        } else if error.is_timeout() {
            let seconds = self.timeout.as_secs_f64();
            format!("the Graph API at {origin} did not answer within {seconds} s")
        } else {
            format!("the connection to the Graph API at {origin} broke")
        };
        let error = without_address(error);
        tracing::debug!(?error, "no answer from the Graph API");
        Box::new(GraphFailure::unanswered(note))
    }
}

impl Answer {
    /// The JSON of a successful answer.
    pub(super) fn json(&self) -> Option<Value> {
        let body = self.body.as_ref().filter(|_| self.status.is_success())?;
        serde_json::from_slice(body).ok()
    }

    /// Graph's own error object, if it is there.
    pub(super) fn refusal(&self) -> Option<GraphFailure> {
        self.body.as_deref().and_then(GraphFailure::read)
    }

    /// It as a failure: in Graph's words if it has any, else in `note`.
    pub(super) fn failure(&self, number: &Number, note: String) -> Box<GraphFailure> {
        let said =
            self.refusal().unwrap_or_else(|| GraphFailure { note: Some(note), ..GraphFailure::default() });
        let http_status = Some(self.status.as_u16());
        let failure = GraphFailure { http_status, retry_after: self.asked, ..said };
        Box::new(failure.without(number.access_token.expose()))
    }
}

/// The header that opens a number. A token that cannot be one is what Graph would call it.
pub(super) fn authorization(number: &Number) -> GraphResult<HeaderValue> {
    let token = number.access_token.expose();
    bearer(Some(token), "access_token").ok().flatten().ok_or_else(|| {
        let note = "the channel's access token is empty or holds a character that no token can have";
        Box::new(GraphFailure::foreseen(BAD_TOKEN, note))
    })
}

fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !text.is_empty() && text.len() <= 200 && text.bytes().all(plain)
}
