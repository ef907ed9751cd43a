//! What customers change afterwards: other words for a message, or none.
//!
//! Was it answered, the change is only noted. Was it not, whatever is being made of the old words is made anew:
//! a reply that waits is taken back, and one that is in the making finds that something happened.

use rusqlite::{OptionalExtension, params};

use super::inbox::Desk;
use super::replies;
use crate::error::Result;
use crate::model::ConversationId;
use crate::whatsapp::event::{Act, Inbound};

/// Applies what a message changes of an earlier one; whether that one was still to be answered.
pub(super) fn amend(desk: &Desk<'_>, conversation: ConversationId, message: &Inbound) -> Result<bool> {
    let (original, text, revoked) = match &message.act {
        Act::Edit { original_id, text } => (original_id, text.as_deref(), false),
        Act::Revoke { original_id } => (original_id, None, true),
        _ => return Ok(false),
    };
    let c = desk.connection;
    let key = params![message.phone_number_id, original];
    // Unanswered, or answered by a reply of which nothing was begun to be sent.
    let sql = "SELECT 1 FROM messages m
               WHERE m.phone_number_id = ?1 AND m.whatsapp_message_id = ?2 AND m.direction = 'inbound'
                 AND (m.pending = 1 OR EXISTS (SELECT 1 FROM messages o WHERE o.reply_id = m.reply_id
                        AND o.direction = 'outbound' AND o.status = 'queued' AND o.author = 'bot'))";
    let open = c.prepare_cached(sql)?.query_row(key, |_| Ok(())).optional()?.is_some();
    if open {
        replies::take_back_drafts(desk, conversation)?;
        let sql = "UPDATE conversations SET inbound_count = inbound_count + 1 WHERE id = ?1";
        c.prepare_cached(sql)?.execute([conversation.to_string()])?;
    }
    let sql = if revoked {
        "UPDATE messages SET revoked_at = ?4, pending = 0
         WHERE phone_number_id = ?1 AND whatsapp_message_id = ?2 AND direction = 'inbound' AND ?3 IS NULL"
    } else {
        "UPDATE messages SET content = COALESCE(?3, content), edited_at = ?4
         WHERE phone_number_id = ?1 AND whatsapp_message_id = ?2 AND direction = 'inbound'"
    };
    c.prepare_cached(sql)?.execute(params![message.phone_number_id, original, text, desk.now])?;
    Ok(open)
}
