//! `POST /whatsapp/conversations/{id}/status`

use agent_core::model::ConversationId;
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::conversation::{ConversationBody, ConversationStatusBody};
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

/// What to make of a conversation.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct SetStatusRequest {
    /// `active`, `archived` or `blocked`.
    status: ConversationStatusBody,
}

/// Blocks a conversation, puts it away, or reopens it.
#[utoipa::path(
    post, path = "/whatsapp/conversations/{id}/status", tag = "whatsapp",
    operation_id = "setConversationStatus",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    request_body = SetStatusRequest,
    responses((status = 200, description = "The conversation as it is now", body = ConversationBody))
)]
pub async fn set_status(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
    Body(request): Body<SetStatusRequest>,
) -> Reply<Json<ConversationBody>> {
    let engine = app.engine_for(&caller).await?;
    engine.set_conversation_status(id, request.status.into()).await?;
    Ok(Json(engine.conversation(id).await?.into()))
}
