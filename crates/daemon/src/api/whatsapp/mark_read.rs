//! `POST /whatsapp/conversations/{id}/read`

use agent_core::model::ConversationId;
use axum::Json;
use axum::extract::State;

use super::conversation::ConversationBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Marks what the customer wrote as read, without answering. The customer is not told.
#[utoipa::path(
    post, path = "/whatsapp/conversations/{id}/read", tag = "whatsapp",
    operation_id = "markConversationRead",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    responses((status = 200, description = "The conversation as it is now", body = ConversationBody))
)]
pub async fn mark_read(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
) -> Reply<Json<ConversationBody>> {
    let engine = app.engine_for(&caller).await?;
    engine.mark_conversation_read(id).await?;
    Ok(Json(engine.conversation(id).await?.into()))
}
