//! `DELETE /auth/api-keys/{id}`

use agent_core::model::ApiKeyId;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Revokes an API key: it works no more.
#[utoipa::path(
    delete, path = "/auth/api-keys/{id}", tag = "auth", operation_id = "revokeApiKey",
    params(("id" = uuid::Uuid, Path, description = "Id of the key")),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke_key(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ApiKeyId>,
) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.revoke_api_key(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
