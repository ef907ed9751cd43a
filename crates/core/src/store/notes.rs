//! Notes: what people of the business tell each other about a conversation.

use rusqlite::{Row, params};

use super::conversations::by_id;
use super::{Store, rows};
use crate::error::Result;
use crate::model::{ConversationId, Note, NoteId, OrganizationId, UserId};

fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: rows::parsed(row, "id")?,
        user_id: rows::parsed_opt(row, "user_id")?,
        content: row.get("content")?,
        created_at: row.get("created_at")?,
    })
}

impl Store {
    /// Adds a note to a conversation; `None` if there is no such conversation.
    pub async fn add_note(
        &self,
        organization: OrganizationId,
        conversation: ConversationId,
        user: Option<UserId>,
        content: String,
    ) -> Result<Option<Note>> {
        let (id, now) = (NoteId(self.clock.new_id()), self.clock.timestamp());
        self.write(move |c| {
            if by_id(c, organization, conversation)?.is_none() {
                return Ok(None);
            }
            let sql = "INSERT INTO conversation_notes (id, organization_id, conversation_id, user_id, content, created_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id, user_id, content, created_at";
            let values = params![
                id.to_string(),
                organization.to_string(),
                conversation.to_string(),
                user.map(|u| u.to_string()),
                content,
                now,
            ];
            Ok(Some(c.prepare_cached(sql)?.query_row(values, note)?))
        })
        .await
    }

    /// A conversation's notes, oldest first.
    pub async fn notes(
        &self,
        organization: OrganizationId,
        conversation: ConversationId,
    ) -> Result<Vec<Note>> {
        self.read(move |c| {
            let sql = "SELECT id, user_id, content, created_at FROM conversation_notes
                       WHERE conversation_id = ?1 AND organization_id = ?2 ORDER BY created_at, id";
            let mut statement = c.prepare_cached(sql)?;
            let values = params![conversation.to_string(), organization.to_string()];
            let found = statement.query_map(values, note)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}
