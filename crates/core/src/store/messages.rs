//! Reading messages: a conversation's, one, and those that contain words.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::rows::Cells;
use super::{Store, rows};
use crate::error::Result;
use crate::model::{Author, ConversationId, Message, MessageId, MessageStatus, OrganizationId};

const MESSAGE: &str =
    "m.id, m.conversation_id, m.direction, m.author, m.user_id, m.whatsapp_message_id, m.message_type,
     m.content, m.reply_to, m.status, m.error_code, m.error_message, m.is_from_rag, m.rag_sources,
     m.processing_time_ms, m.sent_at, m.edited_at, m.revoked_at, m.created_at";

/// Reads [`MESSAGE`], which comes first in the statement.
fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let mut cells = Cells::of(row);
    Ok(Message {
        id: cells.parsed()?,
        conversation_id: cells.parsed()?,
        direction: cells.get()?,
        author: cells.word("author", Author::from_stored)?,
        user_id: cells.parsed_opt()?,
        whatsapp_message_id: cells.get()?,
        message_type: cells.get()?,
        content: cells.get()?,
        reply_to: cells.get()?,
        status: cells.word("status", MessageStatus::from_stored)?,
        error_code: cells.get()?,
        error_message: cells.get()?,
        is_from_rag: cells.get()?,
        // Written by us; what cannot be read is better left out than an error for the whole page.
        rag_sources: cells.get::<Option<String>>()?.and_then(|text| serde_json::from_str(&text).ok()),
        processing_time_ms: cells.get()?,
        sent_at: cells.get()?,
        edited_at: cells.get()?,
        revoked_at: cells.get()?,
        created_at: cells.get()?,
    })
}

/// Letters from which the last word of a search may be a beginning: shorter ones begin half of all words.
const BEGINNING: usize = 4;

/// The words of a search as FTS5 takes them: each has to occur, the last one may be a beginning.
fn match_expression(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(16)
        .map(|word| format!("\"{word}\""))
        .collect();
    let last = words.last()?;
    // Two quotes around it.
    let beginning = if last.chars().count() >= BEGINNING + 2 { "*" } else { "" };
    Some(format!("{}{beginning}", words.join(" ")))
}

/// Brings the messages of the commit that is being prepared into the full-text index.
///
/// Once a commit and not row by row: the index writes itself out at every savepoint that touches it, which
/// would cost each webhook more than all its other rows together.
pub(super) fn index_new(c: &Connection) -> rusqlite::Result<()> {
    // What the index knows is asked of its own table: a scan of the index itself would read the messages.
    let sql = "INSERT INTO messages_text (rowid, content)
               SELECT number, content FROM messages
               WHERE number > (SELECT COALESCE(MAX(id), 0) FROM messages_text_docsize)";
    c.prepare_cached(sql)?.execute([])?;
    Ok(())
}

impl Store {
    /// A conversation's messages, newest first: at most `limit`, those before the message `before` if
    /// one is given.
    pub async fn messages(
        &self,
        organization: OrganizationId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {MESSAGE} FROM messages m WHERE m.conversation_id = ?1 AND m.organization_id = ?2
                   AND m.number < COALESCE((SELECT number FROM messages WHERE id = ?3), 9223372036854775807)
                 ORDER BY m.number DESC LIMIT ?4"
            );
            let values = params![
                conversation.to_string(),
                organization.to_string(),
                before.map(|b| b.to_string()),
                limit
            ];
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(values, message)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A message by id.
    pub async fn message(&self, organization: OrganizationId, id: MessageId) -> Result<Option<Message>> {
        self.read(move |c| {
            let sql = format!("SELECT {MESSAGE} FROM messages m WHERE m.id = ?1 AND m.organization_id = ?2");
            let values = params![id.to_string(), organization.to_string()];
            Ok(c.prepare_cached(&sql)?.query_row(values, message).optional()?)
        })
        .await
    }

    /// The latest messages that contain every word of `text`, the last one also as a beginning.
    pub async fn search_messages(
        &self,
        organization: OrganizationId,
        text: String,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.read(move |c| {
            let Some(expression) = match_expression(&text) else { return Ok(Vec::new()) };
            // In the order of the full-text index, which is that of the messages: it stops at the limit.
            let sql = format!(
                "SELECT {MESSAGE} FROM messages_text t JOIN messages m ON m.number = t.rowid
                 WHERE messages_text MATCH ?1 AND m.organization_id = ?2 ORDER BY t.rowid DESC LIMIT ?3"
            );
            let values = params![expression, organization.to_string(), limit];
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(values, message)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The ids of the messages that belong to a reply, in order.
    pub async fn reply_parts(&self, reply: Uuid) -> Result<Vec<(MessageId, MessageStatus)>> {
        self.read(move |c| {
            let sql = "SELECT id, status FROM messages WHERE reply_id = ?1 AND direction = 'outbound' ORDER BY part";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map([reply.to_string()], |row| {
                Ok((rows::parsed(row, "id")?, rows::word(row, "status", MessageStatus::from_stored)?))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_whatever_is_typed() {
        assert_eq!(match_expression("preço da ração"), Some("\"preço\" \"da\" \"ração\"*".into()));
        assert_eq!(match_expression("\"a\" OR b*)"), Some("\"a\" \"OR\" \"b\"".into()));
        assert_eq!(match_expression(" * \" "), None);
    }
}
