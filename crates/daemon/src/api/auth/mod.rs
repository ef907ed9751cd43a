//! Accounts: registering, logging in and out, API keys.

pub mod accept_invitation;
mod cookie;
pub mod create_key;
pub mod list_keys;
pub mod login;
pub mod logout;
pub mod refresh;
pub mod register;
pub mod revoke_key;

use agent_core::engine::Session;
use agent_core::model::ApiKey;
use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::organizations::OrganizationBody;
use crate::api::users::UserBody;
use crate::state::App;

/// A login.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    /// Who logged in.
    user: UserBody,
    /// What they act for.
    organization: OrganizationBody,
    /// Bearer token for the next minutes.
    access_token: String,
    /// Gets the next access token, once; absent if it is in the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refresh_token: Option<String>,
    /// Seconds until the access token expires.
    expires_in: u64,
}

/// Answers with a login; its refresh token goes into the body, or into an `HttpOnly` cookie.
fn logged_in(app: &App, status: StatusCode, session: Session, use_cookie: bool) -> Response {
    let mut headers = HeaderMap::new();
    let refresh_token = if use_cookie {
        cookie::set(&mut headers, app, &session.refresh_token);
        None
    } else {
        Some(session.refresh_token)
    };
    let body = SessionBody {
        user: session.user.into(),
        organization: session.organization.into(),
        access_token: session.access_token,
        refresh_token,
        expires_in: session.access_expires_in,
    };
    (status, headers, Json(body)).into_response()
}

/// An API key as it is listed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyBody {
    /// Its id.
    id: Uuid,
    /// What it is for.
    name: String,
    /// Its last characters, to tell keys apart.
    hint: String,
    /// What it may do.
    #[schema(value_type = Vec<String>, example = json!(["documents:read", "rag:query"]))]
    scopes: Vec<&'static str>,
    /// Who made it.
    created_by: Option<Uuid>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC; never if null.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// RFC 3339, UTC, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// RFC 3339, UTC; it works no more.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name,
            hint: key.hint,
            scopes: key.scopes.into_iter().map(agent_core::model::Permission::name).collect(),
            created_by: key.created_by.map(|u| u.0),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}
