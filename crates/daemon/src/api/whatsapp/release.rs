//! `POST /whatsapp/conversations/{id}/release`

use agent_core::model::{ConversationId, Hands};
use axum::Json;
use axum::extract::State;

use super::conversation::ConversationBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Gives a conversation back to the agent.
#[utoipa::path(
    post, path = "/whatsapp/conversations/{id}/release", tag = "whatsapp",
    operation_id = "releaseConversation",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    responses((status = 200, description = "The conversation as it is now", body = ConversationBody))
)]
pub async fn release(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
) -> Reply<Json<ConversationBody>> {
    let engine = app.engine_for(&caller).await?;
    engine.hand_over(id, Hands::Bot).await?;
    Ok(Json(engine.conversation(id).await?.into()))
}
