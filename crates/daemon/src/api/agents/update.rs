//! `PUT /agents/{id}`

use agent_core::model::{AgentId, AgentPatch};
use axum::Json;
use axum::extract::State;

use super::AgentBody;
use super::fields::agent_request;
use super::menu::{MenuBody, present};
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

agent_request! {
    /// What to change; what is absent stays.
    UpdateAgentRequest {
        name: Option<String>,
        /// What it offers customers on WhatsApp to choose from; `null` takes the menu away.
        #[allow(clippy::option_option, reason = "absent: it stays; null: it goes")]
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<MenuBody>)]
        menu: Option<Option<MenuBody>>,
        /// Whether it answers.
        is_active: Option<bool>,
        /// `true` makes it the one that answers questions which name no agent.
        is_default: Option<bool>,
    }
}

/// Changes an agent.
#[utoipa::path(
    put, path = "/agents/{id}", tag = "agents", operation_id = "updateAgent", request_body = UpdateAgentRequest,
    params(("id" = uuid::Uuid, Path, description = "Id of the agent")),
    responses((status = 200, description = "The agent as it is now", body = AgentBody))
)]
pub async fn update(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<AgentId>,
    Body(request): Body<UpdateAgentRequest>,
) -> Reply<Json<AgentBody>> {
    let patch = AgentPatch {
        name: request.name,
        system_prompt: request.system_prompt,
        llm_model: request.llm_model,
        temperature: request.temperature,
        max_tokens: request.max_tokens,
        locale: request.locale.map(Into::into),
        whatsapp_phone_number: request.whatsapp_phone_number,
        welcome: request.welcome,
        menu: request.menu.map(|menu| menu.map(Into::into)),
        is_active: request.is_active,
        is_default: request.is_default,
    };
    Ok(Json(app.engine_for(&caller).await?.update_agent(id, patch).await?.into()))
}
