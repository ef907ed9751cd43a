//! Removing messages, notes, conversations and contacts, those before a time or all, a batch at a time.
//!
//! When that is due is decided in `retention.rs`. A contact goes with its last conversation; one who wants
//! no messages, or is blocked, stays as the bare number or id that is needed to honour it.

use rusqlite::{Connection, params};

use super::Expired;
use crate::error::Result;

/// Removes at most `batch` messages and as many notes.
pub(super) fn remove_messages(
    c: &Connection,
    organization: &str,
    before: Option<&str>,
    batch: u32,
) -> Result<Expired> {
    let remove = |table: &str, key: &str| -> Result<u64> {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN
               (SELECT {key} FROM {table} WHERE organization_id = ?1 AND (?2 IS NULL OR created_at < ?2)
                ORDER BY created_at LIMIT ?3)"
        );
        Ok(c.prepare_cached(&sql)?.execute(params![organization, before, batch])? as u64)
    };
    Ok(Expired {
        messages: remove("messages", "number")?,
        notes: remove("conversation_notes", "id")?,
        ..Expired::default()
    })
}

/// Removes at most `batch` conversations of which nothing is left, with the contacts that have no other.
pub(super) fn remove_conversations(
    c: &Connection,
    organization: &str,
    before: Option<&str>,
    batch: u32,
) -> Result<Expired> {
    let sql = "DELETE FROM conversations WHERE id IN
                 (SELECT v.id FROM conversations v
                  WHERE v.organization_id = ?1 AND (?2 IS NULL OR v.last_message_at < ?2)
                    AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = v.id)
                    AND NOT EXISTS (SELECT 1 FROM conversation_notes WHERE conversation_id = v.id)
                  ORDER BY v.last_message_at LIMIT ?3)
               RETURNING contact_id";
    let mut statement = c.prepare_cached(sql)?;
    let contacts = statement.query_map(params![organization, before, batch], |row| row.get(0))?;
    let contacts: Vec<String> = contacts.collect::<Result<_, _>>()?;
    let mut removed = Expired { conversations: contacts.len() as u64, ..Expired::default() };
    for contact in contacts {
        let alone = "id = ?1 AND NOT EXISTS (SELECT 1 FROM conversations WHERE contact_id = ?1)";
        let sql = format!(
            "DELETE FROM contacts WHERE {alone} AND (?2 IS NULL OR (opted_out_at IS NULL AND blocked_at IS NULL))"
        );
        removed.contacts += c.prepare_cached(&sql)?.execute(params![contact, before])? as u64;
        let sql = format!("UPDATE contacts SET name = NULL, username = NULL WHERE {alone}");
        c.prepare_cached(&sql)?.execute([&contact])?;
    }
    Ok(removed)
}
