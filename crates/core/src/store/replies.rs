//! What the business says: a reply in parts, recorded together with everything that is true from then on.
//!
//! Between making and recording a reply something may happen that it ought to know of; then nothing is
//! recorded. A reply of the agent that was not begun to be sent can still be taken back. How replies are
//! sent is in `sending.rs`, what becomes of them in `delivery.rs`.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::inbox::{Desk, organization_of};
use super::{Store, contacts, conversations, jobs, rows};
use crate::clock::format_timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Author, ConversationId, Hands, InboxEvent, InboxEventKind, MessageId, QueryId, Source, UserId,
};
use crate::store::NewJob;

/// Code of the error when somebody else answered first.
pub const DEALT_WITH: &str = "dealt_with";

/// A part of a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// `text`, `interactive` or `template`.
    pub kind: &'static str,
    /// Its text, as people see it.
    pub text: String,
    /// What Meta is given for it beside the text, as JSON; `{}` for a text.
    pub details: String,
}

impl Part {
    /// A plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: "text", text: text.into(), details: "{}".to_owned() }
    }
}

/// What a reply was made from, to see whether it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The conversation's changes of hands.
    pub state_version: u32,
    /// The customer's messages.
    pub inbound_count: u32,
}

/// Something to say in a conversation.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its id: all parts have it.
    pub id: Uuid,
    /// The conversation.
    pub conversation: ConversationId,
    /// Who says it.
    pub author: Author,
    /// The person, if one does.
    pub user: Option<UserId>,
    /// The message it answers, for WhatsApp to show.
    pub reply_to: Option<String>,
    /// What is said; may be nothing.
    pub parts: Vec<Part>,
    /// The answer it was made from.
    pub answered: Option<(QueryId, Vec<Source>, u32)>,
    /// The job that sends it.
    pub send: NewJob,
}

/// What else is true once a customer's messages were dealt with.
#[derive(Debug, Clone, Default)]
pub struct Turnout {
    /// The messages.
    pub questions: Vec<MessageId>,
    /// Questions in a row that the documents did not answer, now.
    pub refusals: u32,
    /// Whether a person is to take over.
    pub hand_over: bool,
    /// Whether the customer waits for a person from here on.
    pub person_wanted: bool,
    /// Whether the customer wants no messages from here on (`Some(true)`), or wants them again.
    pub opted_out: Option<bool>,
    /// Whether the conversation is given back to the agent.
    pub release: bool,
    /// The jobs that tell people of the business.
    pub alerts: Vec<NewJob>,
    /// When it is recorded although the customer wrote more meanwhile; never if absent.
    pub overdue: Option<Overdue>,
}

/// The end of patience with a customer who goes on writing: without it, whoever writes faster than answers are made
/// would never get one.
#[derive(Debug, Clone, Copy)]
pub struct Overdue {
    /// So long after the first message of the burst.
    pub after: TimeDelta,
    /// When the messages were read: none of them may have been changed since.
    pub read_at: DateTime<Utc>,
}

/// Records a reply and its job. Lists show it as the conversation's latest.
fn insert(desk: &Desk<'_>, reply: &Reply) -> Result<Vec<MessageId>> {
    let c = desk.connection;
    let Some(last) = reply.parts.last() else { return Ok(Vec::new()) };
    let sql = "INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author, user_id,
                                     message_type, content, details, reply_to, reply_id, part, status, state_version,
                                     is_from_rag, rag_sources, query_id, processing_time_ms, created_at)
               SELECT ?1, organization_id, id, phone_number_id, 'outbound', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'queued',
                      state_version, ?11, ?12, ?13, ?14, ?15
               FROM conversations WHERE id = ?2";
    let mut statement = c.prepare_cached(sql)?;
    let mut ids = Vec::new();
    for (number, part) in reply.parts.iter().enumerate() {
        let id = MessageId(desk.clock.new_id());
        let first = number == 0;
        let answered = reply.answered.as_ref();
        // Sources are plain values: they cannot fail to serialise.
        let sources = answered.map(|(_, sources, _)| serde_json::to_string(sources).unwrap_or_default());
        statement.execute(params![
            id.to_string(),
            reply.conversation.to_string(),
            reply.author.as_str(),
            reply.user.map(|u| u.to_string()),
            part.kind,
            part.text,
            part.details,
            reply.reply_to.as_ref().filter(|_| first),
            reply.id.to_string(),
            i64::try_from(number).unwrap_or(i64::MAX),
            answered.is_some(),
            sources,
            answered.map(|(query, _, _)| query.to_string()),
            answered.map(|(_, _, took)| *took),
            desk.now,
        ])?;
        ids.push(id);
    }
    conversations::said(desk, reply.conversation, &last.text)?;
    jobs::insert(c, desk.clock.new_id(), &reply.send, desk.now)?;
    Ok(ids)
}

fn written(c: &Connection, conversation: ConversationId, ids: &[MessageId]) -> Result<Vec<InboxEvent>> {
    let organization_id = organization_of(c, conversation)?;
    let event = |id: &MessageId| InboxEvent {
        organization_id,
        conversation_id: conversation,
        kind: InboxEventKind::Written,
        message_id: Some(*id),
    };
    Ok(ids.iter().map(event).collect())
}

/// Whether nothing happened since a reply was begun that it ought to know of.
fn is_current(c: &Connection, conversation: ConversationId, seen: Seen) -> Result<bool> {
    let sql = "SELECT 1 FROM conversations WHERE id = ?1 AND state_version = ?2 AND inbound_count = ?3";
    let values = params![conversation.to_string(), seen.state_version, seen.inbound_count];
    Ok(c.prepare_cached(sql)?.query_row(values, |_| Ok(())).optional()?.is_some())
}

/// Whether all that happened is that the customer wrote more, and the reply has been due for too long.
fn is_overdue(desk: &Desk<'_>, reply: &Reply, seen: Seen, turnout: &Turnout) -> Result<bool> {
    let Some(Overdue { after, read_at }) = turnout.overdue else { return Ok(false) };
    let c = desk.connection;
    let sql = "SELECT 1 FROM conversations WHERE id = ?1 AND state_version = ?2 AND burst_since <= ?3";
    let since = format_timestamp(desk.time - after);
    let values = params![reply.conversation.to_string(), seen.state_version, since];
    if c.prepare_cached(sql)?.query_row(values, |_| Ok(())).optional()?.is_none() {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM messages WHERE id = ?1 AND edited_at > ?2";
    let mut edited = c.prepare_cached(sql)?;
    for question in &turnout.questions {
        let values = params![question.to_string(), format_timestamp(read_at)];
        if edited.query_row(values, |_| Ok(())).optional()?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Replies of the agent that wait and of which nothing was ever begun to be sent: they go, and what they
/// answer is to be answered again.
pub(super) fn take_back_drafts(desk: &Desk<'_>, conversation: ConversationId) -> Result<()> {
    let c = desk.connection;
    let sql = "SELECT reply_id FROM messages WHERE conversation_id = ?1 AND direction = 'outbound'
                 AND status IN ('queued', 'sending', 'unknown') AND author = 'bot'
               GROUP BY reply_id HAVING MAX(attempts) = 0";
    let mut statement = c.prepare_cached(sql)?;
    let drafts = statement.query_map([conversation.to_string()], |row| row.get(0))?;
    let drafts: Vec<String> = drafts.collect::<Result<_, _>>()?;
    for draft in drafts {
        // A first part that went out makes it an answer that is under way.
        let sql =
            "SELECT 1 FROM messages WHERE reply_id = ?1 AND direction = 'outbound' AND status <> 'queued'";
        if c.prepare_cached(sql)?.query_row([&draft], |_| Ok(())).optional()?.is_some() {
            continue;
        }
        let sql = "UPDATE messages SET status = 'cancelled', status_at = ?2
                   WHERE reply_id = ?1 AND direction = 'outbound'";
        c.prepare_cached(sql)?.execute(params![draft, desk.now])?;
        let sql = "UPDATE messages SET pending = 1, reply_id = NULL
                   WHERE reply_id = ?1 AND direction = 'inbound' AND revoked_at IS NULL";
        c.prepare_cached(sql)?.execute([&draft])?;
    }
    Ok(())
}

/// What the agent was about to say is not said.
pub(super) fn cancel_drafts(desk: &Desk<'_>, conversation: ConversationId) -> Result<()> {
    let sql = "UPDATE messages SET status = 'cancelled', status_at = ?2
               WHERE conversation_id = ?1 AND direction = 'outbound' AND status = 'queued' AND author = 'bot'";
    desk.connection.prepare_cached(sql)?.execute(params![conversation.to_string(), desk.now])?;
    Ok(())
}

impl Store {
    /// Records what the agent says to messages of a customer, and what else is true from here on. `None`
    /// if something happened since they were read: then nothing is recorded. See also [`Turnout::overdue`].
    pub async fn commit_reply(
        &self,
        reply: Reply,
        seen: Seen,
        turnout: Turnout,
    ) -> Result<Option<Vec<InboxEvent>>> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            let current = is_current(c, reply.conversation, seen)?;
            if !current && !is_overdue(&desk, &reply, seen, &turnout)? {
                return Ok(None);
            }
            let conversation = reply.conversation.to_string();
            let mut answered = 0;
            for question in &turnout.questions {
                let sql = "UPDATE messages SET pending = 0, reply_id = ?2 WHERE id = ?1 AND pending = 1";
                answered +=
                    c.prepare_cached(sql)?.execute(params![question.to_string(), reply.id.to_string()])?;
            }
            if answered < turnout.questions.len() {
                // Somebody else dealt with them: this transaction is rolled back by its savepoint.
                return Err(Error::new(ErrorKind::Conflict, "the messages were dealt with meanwhile")
                    .with_code(DEALT_WITH));
            }
            // What was written meanwhile is a burst of its own.
            let sql = "UPDATE conversations SET burst_since = CASE WHEN ?3 THEN NULL ELSE ?4 END,
                              due_at = CASE WHEN ?3 THEN NULL ELSE due_at END, refusals = ?2 WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![conversation, turnout.refusals, current, now])?;
            if turnout.hand_over {
                conversations::hand_over(&desk, reply.conversation, Hands::Human)?;
            } else if turnout.release {
                conversations::hand_over(&desk, reply.conversation, Hands::Bot)?;
            }
            if let Some(out) = turnout.opted_out {
                let sql = "SELECT contact_id FROM conversations WHERE id = ?1";
                let contact = c
                    .prepare_cached(sql)?
                    .query_row([&conversation], |row| rows::parsed(row, "contact_id"))?;
                contacts::set_opted_out(c, contact, out.then_some(&now))?;
            }
            if turnout.person_wanted {
                conversations::person_wanted(&desk, reply.conversation)?;
            }
            for alert in &turnout.alerts {
                jobs::insert(c, clock.new_id(), alert, &now)?;
            }
            let ids = insert(&desk, &reply)?;
            let mut events = written(c, reply.conversation, &ids)?;
            if turnout.hand_over || turnout.release {
                events.push(InboxEvent {
                    organization_id: organization_of(c, reply.conversation)?,
                    conversation_id: reply.conversation,
                    kind: InboxEventKind::Conversation,
                    message_id: None,
                });
            }
            Ok(Some(events))
        })
        .await
    }

    /// Records what a person, or the product itself, says; a person's word takes the conversation over.
    pub async fn write_message(&self, reply: Reply) -> Result<(Vec<MessageId>, Vec<InboxEvent>)> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            if reply.author == Author::Human {
                conversations::human_spoke(&desk, reply.conversation)?;
            }
            let ids = insert(&desk, &reply)?;
            let events = written(c, reply.conversation, &ids)?;
            Ok((ids, events))
        })
        .await
    }
}
