//! One request to Stripe, asked again while that may help, and what its failure means.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;

use super::{Form, StripeClient, StripeResult};
use crate::billing::shape::text;
use crate::error::{Error, ErrorKind};
use crate::net::{Again, BodyError, Failure, asked_wait, body_within, may_pass, through, without_address};

/// The longest answer that is read, in bytes: a page of a hundred invoices is far below.
const LONGEST_ANSWER: usize = 16 << 20;
/// The longest that Stripe may let somebody wait who waits for the outcome.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Code of the errors that say that Stripe is not there just now.
const UNAVAILABLE: &str = "stripe_unavailable";

/// What is asked.
pub(super) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    form: Form,
    /// Makes it happen once, however often it is asked.
    operation: Option<&'a str>,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &[&'a str], form: Form) -> Self {
        Self { method: Method::GET, path: path.to_vec(), form, operation: None }
    }

    pub(super) fn post(path: &[&'a str], form: Form, operation: &'a str) -> Self {
        Self { method: Method::POST, path: path.to_vec(), form, operation: Some(operation) }
    }

    /// Needs no key: what is gone cannot go again.
    pub(super) fn delete(path: &[&'a str]) -> Self {
        Self { method: Method::DELETE, path: path.to_vec(), form: Form::default(), operation: None }
    }
}

/// Whether asking again under the same operation could come out differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It was answered, and would be answered the same: another try needs another operation.
    ForGood,
    /// Nobody knows what became of it: another try has to be of the same operation.
    Unknown,
}

/// Why a call failed.
pub struct StripeError {
    /// For people.
    pub error: Error,
    /// Whether Stripe has nothing of the id that was asked for.
    pub missing: bool,
    /// What may be done about it.
    pub answered: Answered,
}

impl StripeError {
    pub(super) fn settled(error: Error) -> Self {
        Self { error, missing: false, answered: Answered::ForGood }
    }
}

impl fmt::Debug for StripeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (missing: {}, {:?})", self.error, self.missing, self.answered)
    }
}

impl From<Box<StripeError>> for Error {
    fn from(error: Box<StripeError>) -> Self {
        error.error
    }
}

/// A failed attempt: [`Failure`] without its error, which is kept beside what it means.
struct Attempt {
    error: Box<StripeError>,
    again: Again,
    outage: bool,
}

impl StripeClient {
    /// Asks, again if need be; the object that Stripe answers with.
    #[tracing::instrument(name = "stripe request", level = "debug", skip_all)]
    pub(super) async fn ask(&self, call: Call<'_>) -> StripeResult<Value> {
        let url = self.url(&call)?;
        let mut attempts = self.retry.start(&*self.clock);
        loop {
            let pass = self.breaker.admit().map_err(|open| {
                Box::new(StripeError { error: open, missing: false, answered: Answered::Unknown })
            })?;
            let Attempt { error, again, outage } = match self.exchange(&call, url.clone()).await {
                Ok(object) => {
                    pass.succeeded();
                    return Ok(object);
                }
                Err(attempt) => *attempt,
            };
            if outage {
                pass.failed();
            } else {
                pass.succeeded();
            }
            // The pause only needs to know when; the error stays here with its meaning.
            let reason = Error::unavailable("Stripe did not take it");
            if attempts.pause(Failure { error: reason, again, outage }).await.is_err() {
                return Err(error);
            }
        }
    }

    async fn exchange(&self, call: &Call<'_>, url: Url) -> Result<Value, Box<Attempt>> {
        let sent = self.request(call, url).send().await;
        let response = sent.map_err(|e| Box::new(self.unreached(e)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match body_within(response, LONGEST_ANSWER).await {
            Ok(body) => body,
            Err(BodyError::Broken(error)) => return Err(Box::new(self.unreached(error))),
            Err(BodyError::TooLong) => Vec::new(),
        };
        let object: Option<Value> = serde_json::from_slice(&body).ok();
        match object {
            Some(object) if status.is_success() => Ok(object),
            _ if status.is_success() => Err(Box::new(Attempt {
                error: Box::new(self.unexpected("JSON")),
                again: Again::No,
                outage: false,
            })),
            object => Err(Box::new(self.refused(status, &headers, &object.unwrap_or_default(), call))),
        }
    }

    fn request(&self, call: &Call<'_>, url: Url) -> RequestBuilder {
        let mut request = self
            .client
            .request(call.method.clone(), url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header("stripe-version", self.version.clone())
            .timeout(self.timeout);
        if let Some(operation) = call.operation {
            request = request.header("idempotency-key", operation);
        }
        if call.method == Method::POST {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request = request.header(CONTENT_TYPE, form).body(call.form.encode());
        }
        request
    }

    /// The address of a call. Ids in it come from webhooks, so they have to look like ids.
    fn url(&self, call: &Call<'_>) -> StripeResult<Url> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let sound = |part: &&str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
        if !call.path.iter().all(sound) {
            let error = Error::not_found("an id for Stripe holds a character that no id can have");
            return Err(Box::new(StripeError { missing: true, ..StripeError::settled(error) }));
        }
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(&call.path);
        }
        if call.method == Method::GET {
            call.form.write_into(&mut url);
        }
        Ok(url)
    }

    /// No answer, or half of one.
    fn unreached(&self, error: reqwest::Error) -> Attempt {
        let origin = format!("{}{}", self.origin, through(&self.base));
        let text = if error.is_timeout() && !error.is_connect() {
            format!("Stripe at {origin} did not answer within {} s: try again", self.timeout.as_secs())
        } else {
            format!("cannot reach Stripe at {origin}: check stripe.base_url and the network")
        };
        let error = Error::unavailable(text).with_code(UNAVAILABLE).with_source(without_address(error));
        let error = Box::new(StripeError { error, missing: false, answered: Answered::Unknown });
        Attempt { error, again: Again::Backoff, outage: true }
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap, body: &Value, call: &Call<'_>) -> Attempt {
        let said = Said::read(&body["error"]);
        let replayed = headers.get("idempotent-replayed").is_some_and(|value| value == "true");
        let word = headers.get("stripe-should-retry").and_then(|value| value.to_str().ok());
        let may = match word {
            Some("true") => true,
            Some("false") => false,
            _ => may_pass(status),
        };
        let wait = asked_wait(headers, self.clock.now());
        // What is kept under the key is said again and again.
        let again = match wait {
            _ if !may || replayed => Again::No,
            Some(wait) if wait > LONGEST_WAIT => Again::No,
            Some(wait) => Again::After(wait),
            None => Again::Backoff,
        };
        let error = self.explain(status, &said, call);
        let error = match wait {
            Some(wait) if may => error.with_retry_after(wait),
            _ => error,
        };
        // A 404 that is not in Stripe's words says that this is not Stripe.
        let missing = status == StatusCode::NOT_FOUND && said.code == "resource_missing";
        // Only an answer of Stripe's own is kept; one from in between may hide anything.
        let in_passing = matches!(status.as_u16(), 409 | 429 | 502..=504) || !said.is_there;
        let answered = if in_passing && !replayed { Answered::Unknown } else { Answered::ForGood };
        let outage = status.is_server_error() && !replayed;
        Attempt { error: Box::new(StripeError { error, missing, answered }), again, outage }
    }

    fn explain(&self, status: StatusCode, said: &Said, call: &Call<'_>) -> Error {
        let origin = &self.origin;
        let number = status.as_u16();
        match number {
            401 | 403 => Error::config(format!(
                "Stripe at {origin} refused the key ({number}): set stripe.secret_key or STRIPE_SECRET_KEY to one that \
                 may do this"
            )),
            402 => Error::invalid("the payment was declined: use another means of payment")
                .with_code("payment_declined"),
            404 if said.code == "resource_missing" => {
                Error::not_found(format!("Stripe has no such {}", call.path[0].trim_end_matches('s')))
            }
            409 | 429 => Error::new(
                ErrorKind::Unavailable,
                format!("Stripe at {origin} is busy ({number}): try again in a moment"),
            )
            .with_code(UNAVAILABLE),
            500.. => Error::unavailable(format!("Stripe at {origin} has a problem ({number}): try again later"))
                .with_code(UNAVAILABLE),
            300..=399 => Error::config(format!(
                "Stripe is not at {origin} but somewhere else ({number}): check stripe.base_url"
            )),
            _ => Error::config(format!(
                "Stripe at {origin} refused what it was asked ({number}{}): check the prices in [plans] and stripe.api_version",
                said.describe()
            ))
            .with_code("stripe_refused"),
        }
    }
}

/// The codes of Stripe's error object; its words stay out, for they may repeat the request.
struct Said {
    is_there: bool,
    code: String,
    param: String,
}

impl Said {
    fn read(error: &Value) -> Self {
        // A code has nothing but these; anything else is no code.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '[' | ']' | '.');
        let word = |value: &Value| {
            let word = text(value).filter(|word| word.len() <= 100 && word.chars().all(plain));
            word.unwrap_or_default().to_owned()
        };
        let code = if error["code"].is_string() { word(&error["code"]) } else { word(&error["type"]) };
        Self { is_there: error.is_object(), code, param: word(&error["param"]) }
    }

    fn describe(&self) -> String {
        let words = [self.code.as_str(), self.param.as_str()];
        words.iter().filter(|word| !word.is_empty()).map(|word| format!(", {word}")).collect()
    }
}
