//! Making one conversation of two, because two contacts turned out to be one person.

use rusqlite::{Connection, OptionalExtension, params};

use super::inbox::Desk;
use super::{jobs, rows};
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
            Some(target) => merge(desk, target, younger)?,
        }
    }
    Ok(())
}

fn merge(desk: &Desk<'_>, into: ConversationId, from: ConversationId) -> Result<()> {
    let c = desk.connection;
    let (kept, gone) = (into.to_string(), from.to_string());
    keep_replies(c, &kept, &gone)?;
    take_jobs_over(desk, &kept, &gone)?;
    for table in ["messages", "conversation_notes"] {
        let sql = format!("UPDATE {table} SET conversation_id = ?1 WHERE conversation_id = ?2");
        c.prepare_cached(&sql)?.execute([&kept, &gone])?;
    }
    c.prepare_cached("UPDATE alerts SET conversation_id = ?1 WHERE conversation_id = ?2")?
        .execute([&kept, &gone])?;
    c.prepare_cached("UPDATE conversations SET relay_to = ?1 WHERE relay_to = ?2")?
        .execute([&kept, &gone])?;
    // A person's hand on either of the two is a hand on both.
    let sql = "UPDATE conversations AS kept
               SET inbound_count = kept.inbound_count + gone.inbound_count, unread = kept.unread + gone.unread,
                   state = CASE WHEN 'human' IN (kept.state, gone.state) THEN 'human' ELSE 'bot' END,
                   status = CASE WHEN 'blocked' IN (kept.status, gone.status) THEN 'blocked' ELSE kept.status END,
                   human_since = COALESCE(kept.human_since, gone.human_since),
                   human_seen_at = COALESCE(kept.human_seen_at, gone.human_seen_at),
                   person_wanted_at = COALESCE(kept.person_wanted_at, gone.person_wanted_at),
                   relayed_at = COALESCE(kept.relayed_at, gone.relayed_at),
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

/// What the agent was about to say in either is still to be said, unless a person has a hand on one of them:
/// its version becomes that of the merged conversation.
fn keep_replies(c: &Connection, kept: &str, gone: &str) -> Result<()> {
    let sql = "UPDATE messages
               SET state_version = (SELECT MAX(state_version) + 1 FROM conversations WHERE id IN (?1, ?2))
               WHERE conversation_id IN (?1, ?2) AND direction = 'outbound'
                 AND status IN ('queued', 'sending', 'unknown')
                 AND state_version = (SELECT state_version FROM conversations v WHERE v.id = messages.conversation_id)
                 AND NOT EXISTS (SELECT 1 FROM conversations v WHERE v.id IN (?1, ?2) AND v.state = 'human')";
    c.prepare_cached(sql)?.execute([kept, gone])?;
    Ok(())
}

/// Whatever is to be answered in either is to be answered in the one that is kept. A job that is at work finds
/// its conversation changed or gone and gives up, so another one takes its place.
fn take_jobs_over(desk: &Desk<'_>, kept: &str, gone: &str) -> Result<()> {
    const ANSWERING: &str = "whatsapp.process_message:";
    let c = desk.connection;
    for old in [kept, gone] {
        let sql = "INSERT INTO jobs (id, queue, payload, status, priority, order_key, dedupe_key, max_attempts,
                                     run_at, organization_id, created_at, updated_at)
                   SELECT ?1, queue, REPLACE(payload, ?2, ?3), 'available', priority, REPLACE(order_key, ?2, ?3),
                          REPLACE(dedupe_key, ?2, ?3), max_attempts, run_at, organization_id, ?4, ?4
                   FROM jobs WHERE dedupe_key = ?5 AND status IN ('available', 'running') LIMIT 1
                   ON CONFLICT DO NOTHING";
        let key = format!("{ANSWERING}{old}");
        let id = desk.clock.new_id().to_string();
        if c.prepare_cached(sql)?.execute(params![id, old, kept, desk.now, key])? > 0 {
            jobs::wake_after_commit();
        }
    }
    // The one that waits for the conversation that goes has nothing left to do.
    let sql = "DELETE FROM jobs WHERE dedupe_key = ?1 AND status = 'available'";
    c.prepare_cached(sql)?.execute([format!("{ANSWERING}{gone}")])?;
    let sql = "UPDATE jobs SET order_key = ?2 WHERE order_key = ?1 AND status = 'available'";
    let order = |id: &str| format!("whatsapp.send:{id}");
    c.prepare_cached(sql)?.execute([order(gone), order(kept)])?;
    Ok(())
}
