//! `DELETE /users/{id}`

use agent_core::model::UserId;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Removes a member from the business. Their account stays theirs.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", operation_id = "removeUser",
    params(("id" = uuid::Uuid, Path, description = "Id of the person")),
    responses((status = 204, description = "Removed"))
)]
pub async fn remove(State(app): State<App>, Caller(caller): Caller, Id(id): Id<UserId>) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.remove_member(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
