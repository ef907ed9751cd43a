//! `PUT /agents/{id}`

use agent_core::model::{AgentId, AgentPatch};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AgentBody, LocaleBody};
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

/// What to change; what is absent stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct UpdateAgentRequest {
    /// New name.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// New instructions.
    #[garde(length(chars, max = 20_000))]
    #[schema(max_length = 20_000)]
    system_prompt: Option<String>,
    /// New chat model.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    llm_model: Option<String>,
    /// New sampling temperature.
    #[garde(range(min = 0.0, max = 2.0))]
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// New longest answer in tokens.
    #[garde(range(min = 1, max = 4000))]
    #[schema(minimum = 1, maximum = 4000)]
    max_tokens: Option<u32>,
    /// New language.
    locale: Option<LocaleBody>,
    /// New business number.
    #[garde(length(chars, max = 20))]
    #[schema(max_length = 20)]
    whatsapp_phone_number: Option<String>,
    /// Whether it answers.
    is_active: Option<bool>,
    /// `true` makes it the one that answers questions which name no agent.
    is_default: Option<bool>,
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
        is_active: request.is_active,
        is_default: request.is_default,
    };
    Ok(Json(app.engine_for(&caller).await?.update_agent(id, patch).await?.into()))
}
