//! `POST /whatsapp/conversations/{id}/notes`

use agent_core::model::ConversationId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::note::NoteBody;
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

/// A new note.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNoteRequest {
    /// Its text.
    #[garde(length(chars, min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    content: String,
}

/// Adds a note to a conversation; customers never see it.
#[utoipa::path(
    post, path = "/whatsapp/conversations/{id}/notes", tag = "whatsapp", operation_id = "addNote",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    request_body = AddNoteRequest,
    responses((status = 201, description = "Added", body = NoteBody))
)]
pub async fn add_note(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
    Body(request): Body<AddNoteRequest>,
) -> Reply<(StatusCode, Json<NoteBody>)> {
    let engine = app.engine_for(&caller).await?;
    let note = engine.add_note(id, caller.actor.user(), &request.content).await?;
    Ok((StatusCode::CREATED, Json(note.into())))
}
