//! `POST /auth/accept-invitation`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SessionBody, logged_in};
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// What an invitation gave.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct AcceptInvitationRequest {
    /// Its token.
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    invitation_token: String,
    /// Put the refresh token into an `HttpOnly` cookie instead of the body.
    #[serde(default)]
    use_cookie: bool,
}

/// Joins another business with the account one has, and logs in there. The login one came with stays.
#[utoipa::path(
    post, path = "/auth/accept-invitation", tag = "auth", operation_id = "acceptInvitation",
    request_body = AcceptInvitationRequest,
    responses((status = 200, description = "Joined and logged in there", body = SessionBody))
)]
pub async fn accept_invitation(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<AcceptInvitationRequest>,
) -> Reply<Response> {
    let session = app.engine().accept_invitation(&caller, &request.invitation_token).await?;
    Ok(logged_in(&app, StatusCode::OK, session, request.use_cookie))
}
