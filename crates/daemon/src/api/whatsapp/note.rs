//! A note as it goes over the wire.

use agent_core::model::Note;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What people of the business tell each other about a conversation; customers never see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoteBody {
    /// Its id.
    id: Uuid,
    /// Who wrote it; null if a program did, or somebody who is gone.
    user_id: Option<Uuid>,
    /// Its text.
    content: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Note> for NoteBody {
    fn from(note: Note) -> Self {
        Self {
            id: note.id.0,
            user_id: note.user_id.map(|u| u.0),
            content: note.content,
            created_at: note.created_at,
        }
    }
}
