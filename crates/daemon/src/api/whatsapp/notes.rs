//! `GET /whatsapp/conversations/{id}/notes`

use agent_core::model::ConversationId;
use axum::Json;
use axum::extract::State;

use super::note::NoteBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Lists the notes of a conversation, oldest first.
#[utoipa::path(
    get, path = "/whatsapp/conversations/{id}/notes", tag = "whatsapp", operation_id = "listNotes",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    responses((status = 200, description = "The notes", body = Vec<NoteBody>))
)]
pub async fn notes(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
) -> Reply<Json<Vec<NoteBody>>> {
    let engine = app.engine_for(&caller).await?;
    // No notes and no conversation are told apart.
    engine.conversation(id).await?;
    Ok(Json(engine.notes(id).await?.into_iter().map(NoteBody::from).collect()))
}
