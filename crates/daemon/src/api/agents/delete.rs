//! `DELETE /agents/{id}`

use agent_core::model::AgentId;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Deletes an agent that is not the default one and has no documents of its own.
#[utoipa::path(
    delete, path = "/agents/{id}", tag = "agents", operation_id = "deleteAgent",
    params(("id" = uuid::Uuid, Path, description = "Id of the agent")),
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<AgentId>,
) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.delete_agent(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
