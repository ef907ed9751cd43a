//! Sending a reply: which part is next, and whether it may still go. How an attempt ended is in `sent.rs`.
//!
//! An attempt is begun in a transaction of its own, before anything goes over the wire: a crash in between
//! leaves `sending`, which is not sent again blindly. In that transaction everything is checked that may
//! have changed since the reply was made: whether the conversation is still in the same hands, whether the
//! customer wants messages, whether the 24 hours are over.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::inbox::Desk;
use super::rows::Cells;
use super::{Store, channels, contacts, rows, usage};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{
    Author, Contact, ConversationId, ConversationStatus, InboxEvent, InboxEventKind, MessageId,
    MessageStatus, OrganizationId,
};

/// For how long a customer may be written to freely after their own message.
pub const WINDOW: TimeDelta = TimeDelta::hours(24);

/// Recorded with a message that the window closed before.
pub const WINDOW_CLOSED: i64 = 131_047;

/// Attempts at most that a crash cut off. What is cut off was mostly never sent: it is repeated when its news had
/// time to come, and does not count as the one repetition of what went out and was not heard of.
const MOST_CUT_OFF: u32 = 8;

/// Recorded with a message that is sent once more because an attempt ended in the dark: there is no other
/// time. Refusals do not take it away, for the first attempt may have arrived all the same.
pub(super) const REPEATED: i64 = -1;

/// How long news of an attempt that ended in the dark is awaited.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// So long.
    pub news: TimeDelta,
    /// News could not come before: the process was not there. What Meta had to say it says again only now.
    pub since: DateTime<Utc>,
}

/// A part that is being sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its id, which Meta gives back with news of it.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Its business.
    pub organization: OrganizationId,
    /// The business number.
    pub phone_number_id: String,
    /// Whom to.
    pub contact: Contact,
    /// See [`Part::kind`].
    pub kind: String,
    /// Its text.
    pub text: String,
    /// See [`Part::details`].
    pub details: String,
    /// Meta's id of the message it replies to.
    pub reply_to: Option<String>,
    /// Who says it.
    pub author: Author,
    /// Which try this is, from 1.
    pub attempt: u32,
}

/// What the sender of a reply does next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Send this; it is marked as being sent.
    Send(Box<Outgoing>),
    /// Nothing before then: news is awaited, or Meta asked for a pause.
    Wait(DateTime<Utc>),
    /// Nothing more: sending this ended in the dark too often, and the rest of the reply goes with it. What to
    /// tell watchers comes along.
    GivenUp(Box<Outgoing>, Vec<InboxEvent>),
    /// Nothing more: the customer wrote more than 24 hours ago. What to tell watchers comes along.
    Closed(Box<Outgoing>, Vec<InboxEvent>),
    /// Nothing is left. What of it was never sent is told to watchers: whatever cancelled it did not
    /// look at its parts one by one.
    Done(Vec<InboxEvent>),
}

/// A part with what decides whether it may go.
struct Waiting {
    outgoing: Outgoing,
    status: MessageStatus,
    status_at: Option<DateTime<Utc>>,
    repeated: bool,
    cut_off: u32,
    made_at_version: u32,
    version: u32,
    conversation_status: ConversationStatus,
    last_inbound_at: Option<DateTime<Utc>>,
}

fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    // Nobody may have written yet; merging leaves an empty text then.
    let last: Option<String> = row.get("last_inbound_at")?;
    Ok(Waiting {
        outgoing: Outgoing {
            id: rows::parsed(row, "message_id")?,
            conversation: rows::parsed(row, "conversation_id")?,
            organization: rows::parsed(row, "organization_id")?,
            phone_number_id: row.get("phone_number_id")?,
            contact: contacts::read(&mut Cells::of(row))?,
            kind: row.get("message_type")?,
            text: row.get("content")?,
            details: row.get("details")?,
            reply_to: row.get("reply_to")?,
            author: rows::word(row, "author", Author::from_stored)?,
            attempt: row.get("attempts")?,
        },
        status: rows::word(row, "status", MessageStatus::from_stored)?,
        status_at: rows::parsed_opt(row, "status_at")?,
        repeated: row.get::<_, Option<i64>>("error_code")? == Some(REPEATED),
        cut_off: row.get("cut_off")?,
        made_at_version: row.get("state_version")?,
        version: row.get("now_version")?,
        conversation_status: rows::word(row, "conversation_status", ConversationStatus::from_stored)?,
        last_inbound_at: last.and_then(|text| text.parse().ok()),
    })
}

fn first_waiting(c: &Connection, reply: Uuid) -> Result<Option<Waiting>> {
    let sql = format!(
        "SELECT {}, m.id AS message_id, m.conversation_id, m.organization_id, m.phone_number_id, m.message_type,
                m.content, m.details, m.reply_to, m.author, m.attempts, m.status, m.status_at, m.error_code, m.cut_off,
                m.state_version,
                v.state_version AS now_version, v.status AS conversation_status, v.last_inbound_at
         FROM messages m JOIN conversations v ON v.id = m.conversation_id JOIN contacts k ON k.id = v.contact_id
         WHERE m.reply_id = ?1 AND m.direction = 'outbound' AND m.status IN ('queued', 'sending', 'unknown')
         ORDER BY m.part LIMIT 1",
        contacts::COLUMNS
    );
    Ok(c.prepare_cached(&sql)?.query_row([reply.to_string()], waiting).optional()?)
}

/// Ends every part of a reply that was not sent.
fn end(
    c: &Connection,
    reply: Uuid,
    status: MessageStatus,
    why: Option<(i64, &str)>,
    now: &str,
) -> Result<()> {
    let sql = "UPDATE messages SET status = ?2, status_at = ?3, error_code = ?4, error_message = ?5
               WHERE reply_id = ?1 AND direction = 'outbound' AND status IN ('queued', 'sending', 'unknown')";
    let values = params![reply.to_string(), status.as_str(), now, why.map(|w| w.0), why.map(|w| w.1)];
    c.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn done(c: &Connection, reply: Uuid) -> Result<Next> {
    Ok(Next::Done(unsent(c, &reply.to_string())?))
}

/// What to tell watchers of the parts of a reply that were not sent and will not be.
pub(super) fn unsent(c: &Connection, reply: &str) -> Result<Vec<InboxEvent>> {
    let sql = "SELECT organization_id, conversation_id, id FROM messages
               WHERE reply_id = ?1 AND direction = 'outbound' AND status IN ('failed', 'cancelled') ORDER BY part";
    let mut statement = c.prepare_cached(sql)?;
    let events = statement.query_map([reply], |row| {
        Ok(InboxEvent {
            organization_id: rows::parsed(row, "organization_id")?,
            conversation_id: rows::parsed(row, "conversation_id")?,
            kind: InboxEventKind::Status,
            message_id: Some(rows::parsed(row, "id")?),
        })
    })?;
    Ok(events.collect::<Result<_, _>>()?)
}

fn begin(desk: &Desk<'_>, reply: Uuid, patience: Patience) -> Result<Next> {
    let c = desk.connection;
    let Some(found) = first_waiting(c, reply)? else { return done(c, reply) };
    let Waiting { mut outgoing, status, status_at, .. } = found;
    // The other way into the dark is a crash, which leaves `sending`.
    let heard_of_by_nobody = status == MessageStatus::Unknown;
    let cut_off = found.cut_off + u32::from(status == MessageStatus::Sending);
    if status != MessageStatus::Queued {
        // Whatever ended the attempt, its outcome may still be told by Meta.
        let from = status_at.unwrap_or(desk.time).max(patience.since).min(desk.time);
        let until = from + patience.news;
        if until > desk.time {
            return Ok(Next::Wait(until));
        }
        let given_up = if heard_of_by_nobody { found.repeated } else { cut_off >= MOST_CUT_OFF };
        if given_up {
            let why = "sending ended in the dark more than once, and no news of it came";
            end(c, reply, MessageStatus::Failed, Some((REPEATED, why)), desk.now)?;
            let unsent = unsent(c, &reply.to_string())?;
            return Ok(Next::GivenUp(Box::new(outgoing), unsent));
        }
    }
    let unwanted = match outgoing.author {
        Author::Bot | Author::Customer => {
            outgoing.contact.opted_out_at.is_some()
                || found.conversation_status == ConversationStatus::Blocked
        }
        Author::Human => found.conversation_status == ConversationStatus::Blocked,
        Author::System => false,
    };
    let other_hands = outgoing.author == Author::Bot && found.version != found.made_at_version;
    if unwanted || other_hands {
        end(c, reply, MessageStatus::Cancelled, None, desk.now)?;
        return done(c, reply);
    }
    let open = found.last_inbound_at.is_some_and(|last| desk.time < last + WINDOW);
    if !open && outgoing.kind != "template" {
        let why = "the customer wrote more than 24 hours ago: only a template may be sent";
        end(c, reply, MessageStatus::Failed, Some((WINDOW_CLOSED, why)), desk.now)?;
        return Ok(Next::Closed(Box::new(outgoing), unsent(c, &reply.to_string())?));
    }
    if let Some(until) = channels::paused_until(c, &outgoing.phone_number_id)?.filter(|t| *t > desk.time) {
        return Ok(Next::Wait(until));
    }
    outgoing.attempt += 1;
    let sql = "UPDATE messages SET status = 'sending', status_at = ?2, attempts = attempts + 1,
                      error_code = COALESCE(?3, error_code), cut_off = ?4 WHERE id = ?1";
    let repeated = heard_of_by_nobody.then_some(REPEATED);
    let values = params![outgoing.id.to_string(), desk.now, repeated, cut_off];
    c.prepare_cached(sql)?.execute(values)?;
    usage::count_answer(c, outgoing.organization, reply, desk.now)?;
    Ok(Next::Send(Box::new(outgoing)))
}

impl Store {
    /// What to send next of a reply. News of an attempt that ended in the dark is awaited; then it is repeated,
    /// once, and given up if that ends in the dark as well.
    pub async fn begin_sending(&self, reply: Uuid, patience: Patience) -> Result<Next> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            begin(&Desk { connection: c, clock: &clock, now: &now, time }, reply, patience)
        })
        .await
    }
}
