//! `GET /agents`

use axum::Json;
use axum::extract::State;

use super::AgentBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lists the agents.
#[utoipa::path(
    get, path = "/agents", tag = "agents", operation_id = "listAgents",
    responses((status = 200, description = "The agents", body = Vec<AgentBody>))
)]
pub async fn list(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<Vec<AgentBody>>> {
    let agents = app.engine_for(&caller).await?.agents().await?;
    Ok(Json(agents.into_iter().map(AgentBody::from).collect()))
}
