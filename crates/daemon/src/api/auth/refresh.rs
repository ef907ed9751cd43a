//! `POST /auth/refresh`

use agent_core::{Error, ErrorKind};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SessionBody, cookie, logged_in};
use crate::extract::Body;
use crate::response::{Problem, Reply};
use crate::state::App;

/// A refresh token.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshRequest {
    /// From the login or the refresh before; the cookie's if absent.
    #[garde(length(bytes, max = 200))]
    #[schema(max_length = 200)]
    refresh_token: Option<String>,
}

/// Trades a refresh token for new tokens.
///
/// Each is good once: a second use ends every session of that login, for one of the two is a thief.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refresh", request_body = Option<RefreshRequest>,
    responses((status = 200, description = "New tokens", body = SessionBody))
)]
pub async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    request: Option<Body<RefreshRequest>>,
) -> Reply<Response> {
    let in_body = request.and_then(|Body(r)| r.refresh_token);
    let use_cookie = in_body.is_none();
    let token = in_body.or_else(|| cookie::get(&headers)).ok_or_else(|| {
        let error = Error::new(ErrorKind::Unauthenticated, "send `refreshToken`, or the cookie of the login");
        Problem(error.with_code("invalid_token"))
    })?;
    let session = app.engine().refresh(&token).await?;
    Ok(logged_in(&app, StatusCode::OK, session, use_cookie))
}
