//! `POST /auth/login`

use agent_core::model::OrganizationId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{SessionBody, logged_in};
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// What somebody knows.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct LoginRequest {
    /// Address of the account.
    #[garde(length(chars, max = 255))]
    #[schema(max_length = 255)]
    email: String,
    /// Its password.
    #[garde(length(bytes, max = 1024))]
    #[schema(max_length = 1024)]
    password: String,
    /// Which of their businesses to act for; the first if absent.
    organization_id: Option<Uuid>,
    /// Put the refresh token into an `HttpOnly` cookie instead of the body.
    #[serde(default)]
    use_cookie: bool,
}

/// Logs in.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", operation_id = "login", request_body = LoginRequest,
    responses((status = 200, description = "Logged in", body = SessionBody))
)]
pub async fn login(State(app): State<App>, Body(request): Body<LoginRequest>) -> Reply<Response> {
    let organization = request.organization_id.map(OrganizationId);
    let session = app.engine().login(&request.email, &request.password, organization).await?;
    Ok(logged_in(&app, StatusCode::OK, session, request.use_cookie))
}
