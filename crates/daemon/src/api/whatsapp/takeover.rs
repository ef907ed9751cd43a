//! `POST /whatsapp/conversations/{id}/takeover`

use agent_core::model::{ConversationId, Hands};
use axum::Json;
use axum::extract::State;

use super::conversation::ConversationBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Takes a conversation over: the agent is silent from here on, and what it was about to say is not said.
#[utoipa::path(
    post, path = "/whatsapp/conversations/{id}/takeover", tag = "whatsapp",
    operation_id = "takeOverConversation",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    responses((status = 200, description = "The conversation as it is now", body = ConversationBody))
)]
pub async fn takeover(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
) -> Reply<Json<ConversationBody>> {
    let engine = app.engine_for(&caller).await?;
    engine.hand_over(id, Hands::Human).await?;
    Ok(Json(engine.conversation(id).await?.into()))
}
