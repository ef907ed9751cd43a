//! What a client reads when something is wrong: RFC 9457 problem details, with a stable `code`.
//!
//! The message of an [`agent_core::Error`] is written for people and goes out; its cause goes to the log
//! and never to a client.

use agent_core::error::FieldProblem;
use agent_core::store::DATABASE_BUSY;
use agent_core::{Error, ErrorKind};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Result of a handler.
pub type Reply<T> = Result<T, Problem>;

/// A problem as it goes over the wire.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The status again.
    #[schema(example = 404)]
    status: u16,
    /// What was wrong and what to do, for a person.
    detail: String,
    /// What was wrong, for a program; never changes.
    #[schema(example = "not_found")]
    code: &'static str,
    /// The fields that break a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

/// A field that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, as it was sent.
    #[schema(example = "email")]
    field: String,
    /// What is wrong and what is accepted.
    message: String,
}

impl From<&FieldProblem> for FieldError {
    fn from(problem: &FieldProblem) -> Self {
        Self { field: problem.field.clone(), message: problem.message.clone() }
    }
}

/// An error on its way to a client.
#[derive(Debug)]
pub struct Problem(pub Error);

impl Problem {
    /// A problem of the request itself.
    pub fn request(code: &'static str, message: impl Into<String>) -> Self {
        Self(Error::invalid(message).with_code(code))
    }

    fn status(&self) -> StatusCode {
        match (self.0.kind(), self.0.code()) {
            (_, Some("payload_too_large" | "file_too_large")) => StatusCode::PAYLOAD_TOO_LARGE,
            (_, Some("unsupported_media_type" | "unsupported_file_type")) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            (_, Some("method_not_allowed")) => StatusCode::METHOD_NOT_ALLOWED,
            (_, Some("request_timeout")) => StatusCode::REQUEST_TIMEOUT,
            (ErrorKind::InvalidInput, _) => StatusCode::BAD_REQUEST,
            (ErrorKind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
            (ErrorKind::Forbidden, _) => StatusCode::FORBIDDEN,
            (ErrorKind::QuotaExceeded, _) => StatusCode::PAYMENT_REQUIRED,
            (ErrorKind::NotFound, _) => StatusCode::NOT_FOUND,
            (ErrorKind::Conflict, code) if code != Some(DATABASE_BUSY) => StatusCode::CONFLICT,
            (ErrorKind::TooManyRequests, _) => StatusCode::TOO_MANY_REQUESTS,
            (
                // Another process holds the database.
                ErrorKind::Conflict
                | ErrorKind::Unavailable
                | ErrorKind::Storage
                | ErrorKind::MissingRuntime
                | ErrorKind::Incompatible
                | ErrorKind::Cancelled
                | ErrorKind::Config,
                _,
            ) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        if let Some(code) = self.0.code() {
            return code;
        }
        match self.0.kind() {
            ErrorKind::InvalidInput => "invalid_input",
            ErrorKind::Unauthenticated => "unauthenticated",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::QuotaExceeded => "quota_exceeded",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::TooManyRequests => "too_many_requests",
            ErrorKind::Unavailable => "service_unavailable",
            ErrorKind::Storage => "storage_unavailable",
            ErrorKind::MissingRuntime => "runtime_missing",
            ErrorKind::Incompatible => "index_unavailable",
            _ => "internal_error",
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl Problem {
    /// What goes over the wire; what is ours to mend is logged.
    pub fn body(&self) -> ProblemBody {
        let status = self.status();
        if status.is_server_error() {
            let cause = std::error::Error::source(&self.0).map(ToString::to_string);
            tracing::error!(code = self.code(), error = %self.0, cause, "a request failed");
        }
        // What the operator has to mend is not the client's business.
        let detail = if status == StatusCode::INTERNAL_SERVER_ERROR {
            "something went wrong on our side; the log has the details under this request's id".to_owned()
        } else {
            self.0.to_string()
        };
        ProblemBody {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            code: self.code(),
            errors: self.0.fields().iter().map(FieldError::from).collect(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let default =
            (status == StatusCode::SERVICE_UNAVAILABLE).then_some(std::time::Duration::from_secs(5));
        if let Some(after) = self.0.retry_after().or(default) {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// The answer of a verb that only has to succeed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always true.
    #[schema(example = true)]
    pub ok: bool,
}

/// It was done.
pub fn done() -> Json<Done> {
    Json(Done { ok: true })
}
