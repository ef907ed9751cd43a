//! `POST /auth/register`

use agent_core::model::Registration;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SessionBody, logged_in};
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct RegisterRequest {
    /// Address; how they will log in.
    #[garde(length(chars, max = 255))]
    #[schema(format = Email, max_length = 255)]
    email: String,
    /// At least `auth.password_min_length` characters.
    #[garde(length(bytes, max = 1024))]
    #[schema(max_length = 1024)]
    password: String,
    /// Given name.
    #[garde(length(chars, max = 100))]
    #[schema(max_length = 100)]
    first_name: Option<String>,
    /// Family name.
    #[garde(length(chars, max = 100))]
    #[schema(max_length = 100)]
    last_name: Option<String>,
    /// Name of the business.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    organization_name: Option<String>,
    /// What an invitation gave; needed where registration is closed.
    #[garde(length(bytes, max = 200))]
    #[schema(max_length = 200)]
    invitation_token: Option<String>,
    /// Put the refresh token into an `HttpOnly` cookie instead of the body.
    #[serde(default)]
    use_cookie: bool,
}

/// Makes an account.
///
/// The first account of a deployment becomes the owner of its business. After that it takes an
/// invitation, unless the deployment is open: then every account gets a business of its own.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", operation_id = "register", request_body = RegisterRequest,
    responses((status = 201, description = "Registered and logged in", body = SessionBody))
)]
pub async fn register(State(app): State<App>, Body(request): Body<RegisterRequest>) -> Reply<Response> {
    let registration = Registration {
        email: request.email,
        password: request.password,
        first_name: request.first_name,
        last_name: request.last_name,
        organization_name: request.organization_name,
        invitation_token: request.invitation_token,
    };
    let session = app.engine().register(registration).await?;
    Ok(logged_in(&app, StatusCode::CREATED, session, request.use_cookie))
}
