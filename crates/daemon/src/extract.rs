//! Reading requests: every way a body, a query or a path can be wrong becomes a problem that names the
//! field, and never a 5xx.

use agent_core::{Error, ErrorKind};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use garde::Validate;
use serde::de::DeserializeOwned;

use crate::response::Problem;

/// A JSON body that was checked.
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::request(
                "unsupported_media_type",
                "the body must be JSON: send it with `Content-Type: application/json`",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|e| refused_bytes(&e))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let read = serde_path_to_error::deserialize(&mut reader);
        let value: T = read.map_err(|e| {
            let path = e.path().to_string();
            let error = e.into_inner();
            if error.is_data() { misfit(path, plain(&error)) } else { not_json(&error) }
        })?;
        reader.end().map_err(|e| not_json(&e))?;
        value.validate().map_err(|report| invalid(&report))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media.ends_with("+json")
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::request("malformed_json", format!("the body is not JSON: {error}"))
}

/// A body that could not be read to its end.
pub fn refused_bytes(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::request("payload_too_large", "the body is larger than this server takes")
        }
        _ => Problem::request("incomplete_body", "the body ended before it was complete"),
    }
}

/// serde's message without its place in the text: the field says more.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn misfit(path: String, message: String) -> Problem {
    let path = if path == "." { "body".to_owned() } else { path };
    let error = Error::invalid(format!("{path}: {message}")).with_code("validation_failed");
    Problem(error.with_field(path, message))
}

fn invalid(report: &garde::Report) -> Problem {
    let mut error = Error::invalid("the request breaks rules: see `errors`").with_code("validation_failed");
    for (path, problem) in report.iter() {
        error = error.with_field(camel_case(&path.to_string()), problem.to_string());
    }
    Problem(error)
}

/// A field as the API writes it: `top_k` of our structs is `topK` on the wire.
fn camel_case(path: &str) -> String {
    let mut name = String::with_capacity(path.len());
    let mut upper = false;
    for c in path.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                name.extend(c.to_uppercase());
                upper = false;
            }
            c => name.push(c),
        }
    }
    name
}

/// Query parameters that were checked.
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        let value = read.map_err(|e| {
            let text = e.body_text();
            let message = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
            Problem(Error::invalid(format!("query: {message}")).with_code("validation_failed"))
        })?;
        value.0.validate().map_err(|report| invalid(&report))?;
        Ok(Self(value.0))
    }
}

/// The id in a path.
pub struct Id<T>(pub T);

impl<S, T> FromRequestParts<S> for Id<T>
where
    S: Send + Sync,
    T: From<uuid::Uuid> + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| uuid::Uuid::try_parse(&text).ok());
        match id {
            Some(id) => Ok(Self(T::from(id))),
            None => Err(Problem::request("invalid_id", "the id in the path is not a UUID")),
        }
    }
}

/// What a request says of itself, for the audit log.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// Its id.
    pub request_id: String,
    /// The client's address.
    pub address: std::net::IpAddr,
}

impl<S: Send + Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem(Error::new(ErrorKind::Internal, "a request without its info: a layer is missing"))
        })
    }
}

impl<S, T> axum::extract::OptionalFromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    /// No body, and none announced, is `None`; anything else must be right.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let headers = request.headers();
        let announced = headers.contains_key(header::TRANSFER_ENCODING)
            || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        if !announced {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}
