//! `POST /agents`

use agent_core::model::NewAgent;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AgentBody, LocaleBody};
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// A new agent.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct CreateAgentRequest {
    /// Name shown to people; unique within the business.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Its instructions; they come after the rules of grounding, not in their place.
    #[garde(length(chars, max = 20_000))]
    #[schema(max_length = 20_000)]
    system_prompt: Option<String>,
    /// Chat model.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "gpt-4o")]
    llm_model: Option<String>,
    /// Sampling temperature.
    #[garde(range(min = 0.0, max = 2.0))]
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// Longest answer in tokens.
    #[garde(range(min = 1, max = 4000))]
    #[schema(minimum = 1, maximum = 4000)]
    max_tokens: Option<u32>,
    /// Language of the texts that are ours.
    locale: Option<LocaleBody>,
    /// Business number it answers on.
    #[garde(length(chars, max = 20))]
    #[schema(max_length = 20)]
    whatsapp_phone_number: Option<String>,
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
    engine.check_agent_quota().await?;
    let new = NewAgent {
        name: request.name,
        system_prompt: request.system_prompt,
        llm_model: request.llm_model,
        temperature: request.temperature,
        max_tokens: request.max_tokens,
        locale: request.locale.map(Into::into),
        whatsapp_phone_number: request.whatsapp_phone_number,
    };
    Ok((StatusCode::CREATED, Json(engine.create_agent(new).await?.into())))
}
