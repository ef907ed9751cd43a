//! `GET /auth/api-keys`

use axum::Json;
use axum::extract::State;

use super::ApiKeyBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lists the API keys, revoked ones too.
#[utoipa::path(
    get, path = "/auth/api-keys", tag = "auth", operation_id = "listApiKeys",
    responses((status = 200, description = "The keys", body = Vec<ApiKeyBody>))
)]
pub async fn list_keys(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<Vec<ApiKeyBody>>> {
    let keys = app.engine_for(&caller).await?.api_keys().await?;
    Ok(Json(keys.into_iter().map(ApiKeyBody::from).collect()))
}
