//! `POST /auth/api-keys`

use agent_core::model::{NewApiKey, Permission};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiKeyBody;
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// A key to make.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub struct CreateKeyRequest {
    /// What it is for.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What it may do; at most what its maker may. Documents and questions if absent.
    #[garde(length(max = 100))]
    #[schema(value_type = Option<Vec<String>>, example = json!(["rag:query"]))]
    scopes: Option<Vec<Permission>>,
    /// RFC 3339; it works no more from then on.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A key, the only time it is shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedKey {
    /// The key: keep it, it is not shown again.
    #[schema(example = "org_0198…_7hQ2…")]
    api_key: String,
    /// Whose it is.
    organization_id: Uuid,
    /// What is known of it from now on.
    key: ApiKeyBody,
}

/// Makes an API key.
#[utoipa::path(
    post, path = "/auth/api-keys", tag = "auth", operation_id = "createApiKey",
    request_body = Option<CreateKeyRequest>,
    responses((status = 201, description = "Made; the key is shown this once", body = CreatedKey))
)]
pub async fn create_key(
    State(app): State<App>,
    Caller(caller): Caller,
    request: Option<Body<CreateKeyRequest>>,
) -> Reply<(StatusCode, Json<CreatedKey>)> {
    let request = request.map(|Body(r)| r).unwrap_or_default();
    let new = NewApiKey {
        name: request.name.unwrap_or_else(|| "API key".to_owned()),
        scopes: request.scopes,
        expires_at: request.expires_at,
    };
    let engine = app.engine_for(&caller).await?;
    let (key, api_key) = engine.create_api_key(&caller, new).await?;
    let body = CreatedKey { api_key, organization_id: caller.organization_id.0, key: key.into() };
    Ok((StatusCode::CREATED, Json(body)))
}
