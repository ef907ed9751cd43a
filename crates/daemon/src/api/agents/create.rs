//! `POST /agents`

use agent_core::model::NewAgent;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::AgentBody;
use super::fields::agent_request;
use super::menu::MenuBody;
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

agent_request! {
    /// A new agent.
    CreateAgentRequest {
        name: String,
        /// What it offers customers on WhatsApp to choose from.
        menu: Option<MenuBody>,
    }
}

/// Creates an agent.
#[utoipa::path(
    post, path = "/agents", tag = "agents", operation_id = "createAgent", request_body = CreateAgentRequest,
    responses((status = 201, description = "Created", body = AgentBody))
)]
pub async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<CreateAgentRequest>,
) -> Reply<(StatusCode, Json<AgentBody>)> {
    let engine = app.engine_for(&caller).await?;
    let new = NewAgent {
        name: request.name,
        system_prompt: request.system_prompt,
        llm_model: request.llm_model,
        temperature: request.temperature,
        max_tokens: request.max_tokens,
        locale: request.locale.map(Into::into),
        whatsapp_phone_number: request.whatsapp_phone_number,
        welcome: request.welcome,
        menu: request.menu.map(Into::into),
    };
    Ok((StatusCode::CREATED, Json(engine.create_agent_in_plan(new).await?.into())))
}
