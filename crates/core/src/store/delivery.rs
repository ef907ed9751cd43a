//! What becomes of messages that were sent: news from Meta, which comes late, twice and out of order.
//!
//! States only move forward, whatever comes when:
//!
//! ```text
//! waiting → cancelled → sent → failed → delivered → read
//! ```
//!
//! `failed` is the end of what was at most sent; it takes nothing back from a message known to have arrived,
//! and a proof of arrival outweighs it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::inbox::{Desk, InboxRules, organization_of};
use super::sending::unsent;
use super::{jobs, rows, unanswered};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{Author, ConversationId, InboxEvent, InboxEventKind, MessageId, MessageStatus};
use crate::whatsapp::event::{DeliveryStatus, StatusUpdate};

/// Takes a status of Meta's over; what to tell watchers, if anything is new.
///
/// A part that was not delivered ends its reply: the customer would read the rest without it. The business is told by
/// a job, unless a person of it wrote: they see it, and the conversation is not theirs for it.
pub(super) fn advance(
    desk: &Desk<'_>,
    update: &StatusUpdate,
    rules: &InboxRules,
) -> Result<Option<Vec<InboxEvent>>> {
    let c = desk.connection;
    let Some(Found { id, conversation, status, author, reply }) = find(c, update)? else { return Ok(None) };
    let next = match update.status {
        DeliveryStatus::Sent => MessageStatus::Sent,
        DeliveryStatus::Delivered => MessageStatus::Delivered,
        DeliveryStatus::Read | DeliveryStatus::Played => MessageStatus::Read,
        DeliveryStatus::Failed => MessageStatus::Failed,
        DeliveryStatus::Deleted | DeliveryStatus::Other => return Ok(None),
    };
    // The id is news too: the answer to our request may have been lost.
    let sql = "UPDATE messages SET whatsapp_message_id = COALESCE(whatsapp_message_id, ?2),
                      sent_at = COALESCE(sent_at, ?3) WHERE id = ?1";
    let at = update.at.map_or_else(|| desk.now.to_owned(), format_timestamp);
    c.prepare_cached(sql)?.execute(params![id.to_string(), update.id, at])?;
    if !replaces(next, status) {
        return Ok(None);
    }
    let error = update.error.as_ref();
    let message = error.and_then(|e| e.details.as_deref().or(e.title.as_deref()));
    let sql =
        "UPDATE messages SET status = ?2, status_at = ?3, error_code = ?4, error_message = ?5 WHERE id = ?1";
    let values = params![id.to_string(), next.as_str(), at, error.map(|e| e.code), message];
    c.prepare_cached(sql)?.execute(values)?;
    let organization_id = organization_of(c, conversation)?;
    let mut events = vec![InboxEvent {
        organization_id,
        conversation_id: conversation,
        kind: InboxEventKind::Status,
        message_id: Some(id),
    }];
    let Some(reply) = reply else { return Ok(Some(events)) };
    if next == MessageStatus::Failed {
        events = call_off(desk, id, &reply)?;
        events.extend(unanswered::give_back_unsaid(desk, id, rules.answer)?);
        if author != Author::Human && !has_failed_before(c, id, &reply)? {
            jobs::insert(c, desk.clock.new_id(), &(rules.alert)(organization_id, conversation), desk.now)?;
        }
    }
    // Whoever waits for this news goes on at once.
    match status {
        MessageStatus::Unknown => hurry(desk, &reply, true)?,
        MessageStatus::Sending => hurry(desk, &reply, false)?,
        _ => {}
    }
    Ok(Some(events))
}

/// Cancels what comes after a part in its reply and was not begun to be sent; what to tell watchers.
fn call_off(desk: &Desk<'_>, failed: MessageId, reply: &str) -> Result<Vec<InboxEvent>> {
    let sql = "UPDATE messages SET status = 'cancelled', status_at = ?3
               WHERE reply_id = ?2 AND direction = 'outbound' AND status = 'queued'
                 AND part > (SELECT part FROM messages WHERE id = ?1)";
    desk.connection.prepare_cached(sql)?.execute(params![failed.to_string(), reply, desk.now])?;
    unsent(desk.connection, reply)
}

/// Whether another part of the reply has failed: then somebody was told.
fn has_failed_before(c: &Connection, failed: MessageId, reply: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM messages
               WHERE reply_id = ?2 AND direction = 'outbound' AND status = 'failed' AND id <> ?1";
    let other = c.prepare_cached(sql)?.query_row([&failed.to_string(), reply], |_| Ok(())).optional()?;
    Ok(other.is_some())
}

/// A message that a status is about.
struct Found {
    id: MessageId,
    conversation: ConversationId,
    status: MessageStatus,
    author: Author,
    reply: Option<String>,
}

/// The message a status is about: by Meta's id, or by ours, which Meta gives back.
fn find(c: &Connection, update: &StatusUpdate) -> Result<Option<Found>> {
    let read = |row: &Row<'_>| {
        Ok(Found {
            id: rows::parsed(row, "id")?,
            conversation: rows::parsed(row, "conversation_id")?,
            status: rows::word(row, "status", MessageStatus::from_stored)?,
            author: rows::word(row, "author", Author::from_stored)?,
            reply: row.get("reply_id")?,
        })
    };
    // Should Meta's id be that of several, ours tells them apart.
    let sql = "SELECT id, conversation_id, status, author, reply_id FROM messages
               WHERE phone_number_id = ?1 AND whatsapp_message_id = ?2 AND direction = 'outbound'
               ORDER BY id IS ?3 DESC, number DESC LIMIT 1";
    let values = params![update.phone_number_id, update.id, update.callback_data];
    let found = c.prepare_cached(sql)?.query_row(values, read).optional()?;
    let Some(ours) = &update.callback_data else { return Ok(found) };
    if found.as_ref().is_some_and(|found| found.id.to_string() == *ours) {
        return Ok(found);
    }
    let sql = "SELECT id, conversation_id, status, author, reply_id FROM messages
               WHERE id = ?2 AND phone_number_id = ?1 AND direction = 'outbound' AND whatsapp_message_id IS NULL";
    let named = c.prepare_cached(sql)?.query_row([&update.phone_number_id, ours], read).optional()?;
    Ok(named.or(found))
}

/// Whether a message known to be in the state `known` is in the state `next` from now on.
fn replaces(next: MessageStatus, known: MessageStatus) -> bool {
    rank(next) > rank(known)
}

/// The order of states: none goes back.
fn rank(status: MessageStatus) -> u8 {
    match status {
        MessageStatus::Received | MessageStatus::Queued | MessageStatus::Sending | MessageStatus::Unknown => {
            0
        }
        MessageStatus::Cancelled => 1,
        MessageStatus::Sent => 2,
        MessageStatus::Failed => 3,
        MessageStatus::Delivered => 4,
        MessageStatus::Read => 5,
    }
}

/// Lets the job that sends a reply run now. One that is at work and `may_wait` may have decided already to wait for
/// this very news: another one takes its place.
fn hurry(desk: &Desk<'_>, reply: &str, may_wait: bool) -> Result<()> {
    let (c, key) = (desk.connection, format!("whatsapp.send:{reply}"));
    let sql = "UPDATE jobs SET run_at = MIN(run_at, ?2) WHERE dedupe_key = ?1 AND status = 'available'";
    let mut due = c.prepare_cached(sql)?.execute(params![key, desk.now])?;
    if due == 0 && may_wait {
        let sql =
            "INSERT INTO jobs (id, queue, payload, status, priority, order_key, dedupe_key, max_attempts,
                                     run_at, organization_id, created_at, updated_at)
                   SELECT ?1, queue, payload, 'available', priority, order_key, dedupe_key, max_attempts,
                          ?3, organization_id, created_at, ?3
                   FROM jobs WHERE dedupe_key = ?2 AND status = 'running' LIMIT 1
                   ON CONFLICT DO NOTHING";
        due = c.prepare_cached(sql)?.execute(params![desk.clock.new_id().to_string(), key, desk.now])?;
    }
    if due > 0 {
        jobs::wake_after_commit();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::MessageStatus::{Delivered, Failed, Queued, Read, Sending, Sent, Unknown};
    use super::*;

    #[test]
    fn a_state_only_moves_forward() {
        for (known, next) in [(Sent, Delivered), (Delivered, Read), (Sent, Read), (Unknown, Sent)] {
            assert!(replaces(next, known), "{known:?} → {next:?}");
            assert!(!replaces(known, next), "{next:?} → {known:?}");
        }
        for status in MessageStatus::ALL {
            assert!(!replaces(*status, *status), "{status:?} again");
        }
    }

    #[test]
    fn failure_ends_what_did_not_arrive() {
        for known in [Queued, Sending, Unknown, Sent] {
            assert!(replaces(Failed, known), "{known:?}");
        }
        assert!(!replaces(Failed, Delivered) && !replaces(Failed, Read));
        assert!(!replaces(Sent, Failed), "a late `sent`");
        assert!(replaces(Delivered, Failed) && replaces(Read, Failed));
    }

    #[test]
    fn the_outcome_does_not_depend_on_the_order() {
        for order in [
            [Sent, Delivered, Read],
            [Read, Sent, Delivered],
            [Delivered, Read, Sent],
            [Read, Delivered, Sent],
        ] {
            let last = order
                .into_iter()
                .fold(Queued, |known, next| if replaces(next, known) { next } else { known });
            assert_eq!(last, Read, "{order:?}");
        }
    }
}
