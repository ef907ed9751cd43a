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

use super::inbox::{Desk, organization_of};
use super::{jobs, rows};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{ConversationId, InboxEvent, InboxEventKind, MessageId, MessageStatus};
use crate::whatsapp::event::{DeliveryStatus, StatusUpdate};

/// Takes a status of Meta's over; what to tell watchers, if anything is new.
pub(super) fn advance(desk: &Desk<'_>, update: &StatusUpdate) -> Result<Option<InboxEvent>> {
    let c = desk.connection;
    let Some((id, conversation, status, reply)) = find(c, update)? else { return Ok(None) };
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
    if let (MessageStatus::Unknown | MessageStatus::Sending, Some(reply)) = (status, reply) {
        // Whoever waits for this news goes on at once.
        hurry(c, &reply, desk.now)?;
    }
    Ok(Some(InboxEvent {
        organization_id: organization_of(c, conversation)?,
        conversation_id: conversation,
        kind: InboxEventKind::Status,
        message_id: Some(id),
    }))
}

type Found = (MessageId, ConversationId, MessageStatus, Option<String>);

/// The message a status is about: by Meta's id, or by ours, which Meta gives back.
fn find(c: &Connection, update: &StatusUpdate) -> Result<Option<Found>> {
    let read = |row: &Row<'_>| {
        Ok((
            rows::parsed(row, "id")?,
            rows::parsed(row, "conversation_id")?,
            rows::word(row, "status", MessageStatus::from_stored)?,
            row.get("reply_id")?,
        ))
    };
    let sql = "SELECT id, conversation_id, status, reply_id FROM messages
               WHERE phone_number_id = ?1 AND whatsapp_message_id = ?2 AND direction = 'outbound'";
    let found = c.prepare_cached(sql)?.query_row([&update.phone_number_id, &update.id], read).optional()?;
    if found.is_some() {
        return Ok(found);
    }
    let Some(ours) = &update.callback_data else { return Ok(None) };
    let sql = "SELECT id, conversation_id, status, reply_id FROM messages
               WHERE id = ?2 AND phone_number_id = ?1 AND direction = 'outbound' AND whatsapp_message_id IS NULL";
    Ok(c.prepare_cached(sql)?.query_row([&update.phone_number_id, ours], read).optional()?)
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

/// Lets the job that sends a reply run now.
fn hurry(c: &Connection, reply: &str, now: &str) -> Result<()> {
    let sql = "UPDATE jobs SET run_at = MIN(run_at, ?2) WHERE dedupe_key = ?1 AND status = 'available'";
    if c.prepare_cached(sql)?.execute(params![format!("whatsapp.send:{reply}"), now])? > 0 {
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
