//! `GET /whatsapp/conversations/{id}`

use agent_core::model::ConversationId;
use axum::Json;
use axum::extract::State;

use super::conversation::ConversationBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Shows a conversation.
#[utoipa::path(
    get, path = "/whatsapp/conversations/{id}", tag = "whatsapp", operation_id = "showConversation",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    responses((status = 200, description = "The conversation", body = ConversationBody))
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
) -> Reply<Json<ConversationBody>> {
    Ok(Json(app.engine_for(&caller).await?.conversation(id).await?.into()))
}
