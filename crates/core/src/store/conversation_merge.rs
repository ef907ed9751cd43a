//! Making one conversation of two, because two contacts turned out to be one person.

use rusqlite::{Connection, OptionalExtension, params};

use super::inbox::Desk;
use super::rows;
use crate::error::Result;
use crate::model::{ContactId, ConversationId, OrganizationId};

/// Moves everything of one contact's conversations to another contact's.
pub(super) fn merge_all(
    desk: &Desk<'_>,
    organization: OrganizationId,
    into: ContactId,
    from: ContactId,
) -> Result<()> {
    let c = desk.connection;
    let sql = "SELECT id, phone_number_id FROM conversations WHERE organization_id = ?1 AND contact_id = ?2";
    let mut statement = c.prepare_cached(sql)?;
    let moved = statement.query_map(params![organization.to_string(), from.to_string()], |row| {
        Ok((rows::parsed::<ConversationId>(row, "id")?, row.get::<_, String>("phone_number_id")?))
    })?;
    let moved: Vec<_> = moved.collect::<Result<_, _>>()?;
    for (younger, number) in moved {
        let sql = "SELECT id FROM conversations WHERE phone_number_id = ?1 AND contact_id = ?2";
        let values = params![number, into.to_string()];
        let target: Option<ConversationId> =
            c.prepare_cached(sql)?.query_row(values, |row| rows::parsed(row, "id")).optional()?;
        match target {
            None => {
                let sql = "UPDATE conversations SET contact_id = ?2 WHERE id = ?1";
                c.prepare_cached(sql)?.execute(params![younger.to_string(), into.to_string()])?;
            }
            Some(target) => merge(c, target, younger)?,
        }
    }
    Ok(())
}

fn merge(c: &Connection, into: ConversationId, from: ConversationId) -> Result<()> {
    let (kept, gone) = (into.to_string(), from.to_string());
    for table in ["messages", "conversation_notes"] {
        let sql = format!("UPDATE {table} SET conversation_id = ?1 WHERE conversation_id = ?2");
        c.prepare_cached(&sql)?.execute([&kept, &gone])?;
    }
    // A person's hand on either of the two is a hand on both.
    let sql = "UPDATE conversations AS kept
               SET inbound_count = kept.inbound_count + gone.inbound_count, unread = kept.unread + gone.unread,
                   state = CASE WHEN 'human' IN (kept.state, gone.state) THEN 'human' ELSE 'bot' END,
                   status = CASE WHEN 'blocked' IN (kept.status, gone.status) THEN 'blocked' ELSE kept.status END,
                   human_since = COALESCE(kept.human_since, gone.human_since),
                   human_seen_at = COALESCE(kept.human_seen_at, gone.human_seen_at),
                   state_version = MAX(kept.state_version, gone.state_version) + 1,
                   last_inbound_at = MAX(COALESCE(kept.last_inbound_at, ''), COALESCE(gone.last_inbound_at, '')),
                   last_text = CASE WHEN gone.last_message_at > kept.last_message_at THEN gone.last_text
                                    ELSE kept.last_text END,
                   last_message_at = MAX(kept.last_message_at, gone.last_message_at)
               FROM (SELECT * FROM conversations WHERE id = ?2) AS gone WHERE kept.id = ?1";
    c.prepare_cached(sql)?.execute([&kept, &gone])?;
    c.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([&gone])?;
    Ok(())
}
