//! `GET /agents/{id}`

use agent_core::model::AgentId;
use axum::Json;
use axum::extract::State;

use super::AgentBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Shows an agent.
#[utoipa::path(
    get, path = "/agents/{id}", tag = "agents", operation_id = "showAgent",
    params(("id" = uuid::Uuid, Path, description = "Id of the agent")),
    responses((status = 200, description = "The agent", body = AgentBody))
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<AgentId>,
) -> Reply<Json<AgentBody>> {
    Ok(Json(app.engine_for(&caller).await?.agent(id).await?.into()))
}
