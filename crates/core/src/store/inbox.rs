//! A webhook of WhatsApp on its way into the database: one transaction for the body as it came, the
//! people, the messages, the conversations and the jobs.
//!
//! Only when that is committed and synced is the webhook acknowledged. Everything here may come twice, out
//! of order, or days late: a message counts once by its number and id, states of messages only move
//! forward. What a message is was decided before (`whatsapp/event.rs`); what is answered is decided
//! later, by the job.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use super::{
    AutomaticTexts, Store, amending, channels, contacts, conversations, delivery, echoes, jobs, replies,
    rows, webhooks,
};
use crate::clock::{SharedClock, format_timestamp};
use crate::error::Result;
use crate::model::{
    AgentId, Author, ConversationId, InboxEvent, InboxEventKind, MessageId, MessageStatus, OrganizationId,
};
use crate::store::NewJob;
use crate::whatsapp::event::{Act, Echo, Inbound, Item, MessageKind};

/// What the transaction of a webhook has at hand.
pub(super) struct Desk<'a> {
    pub connection: &'a Connection,
    pub clock: &'a SharedClock,
    /// When it came, as the store writes times.
    pub now: &'a str,
    pub time: DateTime<Utc>,
}

/// How old a message can be when it comes: Meta tries for seven days. A time before that is none.
const OLDEST: TimeDelta = TimeDelta::days(8);

/// Whose a business number is, and who answers there.
#[derive(Debug, Clone, Copy)]
pub struct NumberOwner {
    /// The organization.
    pub organization: OrganizationId,
    /// The agent of new conversations; the default one if absent.
    pub agent: Option<AgentId>,
}

/// How bursts are waited for, and which job answers.
#[derive(Clone)]
pub struct InboxRules {
    /// The numbers whose messages the caller may bring in.
    pub numbers: Arc<BTreeMap<String, NumberOwner>>,
    /// Silence that ends a burst.
    pub quiet: TimeDelta,
    /// Longest burst.
    pub quiet_max: TimeDelta,
    /// The job that answers in a conversation.
    pub answer: fn(OrganizationId, ConversationId) -> NewJob,
    /// The job that tells of a message that was not delivered.
    pub alert: fn(OrganizationId, ConversationId) -> NewJob,
    /// What the Business app sends by itself.
    pub automatic: AutomaticTexts,
}

/// A webhook whose signature is good.
pub struct Webhook {
    /// The body as it came; `None` if it was recorded before.
    pub body: Option<Vec<u8>>,
    /// The channel whose address it came to; `None`: the one of all channels.
    pub channel: Option<String>,
    /// When it came, if it is read once more; `None`: just now.
    pub received_at: Option<DateTime<Utc>>,
    /// What it says.
    pub items: Vec<Item>,
    /// What could not be read, a line each.
    pub odd: Vec<String>,
}

/// What a webhook changed.
#[derive(Debug, Default, Clone)]
pub struct Received {
    /// Messages that are new.
    pub messages: u64,
    /// Messages and statuses that were there already.
    pub duplicates: u64,
    /// Items about numbers that are not ours.
    pub unknown: u64,
    /// What to tell whoever watches.
    pub events: Vec<InboxEvent>,
    /// Numbers whose token Meta calls bad.
    pub broken: Vec<String>,
}

impl Store {
    /// Records a webhook and everything it says. Once this returns, all of it is on disk.
    pub async fn receive_webhook(&self, mut webhook: Webhook, rules: InboxRules) -> Result<Received> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            webhooks::keep(&desk, &webhook)?;
            let mut received = Received::default();
            let received_at = webhook.received_at;
            for item in &mut webhook.items {
                put_right(item, received_at, time);
                let Some(owner) = rules.numbers.get(item.phone_number_id()) else {
                    received.unknown += 1;
                    continue;
                };
                take(&desk, *owner, item, &rules, &mut received)?;
            }
            Ok(received)
        })
        .await
    }
}

/// Takes a time that cannot be away from a message: it was sent when it came, which is now unless it is read again.
fn put_right(item: &mut Item, received_at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    let (Item::Message(Inbound { sent_at, .. }) | Item::Echo(Echo { sent_at, .. })) = item else { return };
    let oldest = received_at.unwrap_or(now) - OLDEST;
    *sent_at = sent_at.filter(|at| *at >= oldest).or(received_at);
}

fn take(
    desk: &Desk<'_>,
    owner: NumberOwner,
    item: &Item,
    rules: &InboxRules,
    received: &mut Received,
) -> Result<()> {
    match item {
        Item::Message(message) => take_message(desk, owner, message, rules, received),
        Item::Echo(echo) => echoes::take(desk, owner, echo, rules, received),
        Item::Status(status) => {
            match delivery::advance(desk, status, rules)? {
                Some(events) => received.events.extend(events),
                None => received.duplicates += 1,
            }
            Ok(())
        }
        Item::Rekey(rekey) => contacts::rekey(desk, owner.organization, rekey).map(|_| ()),
        Item::Trouble(trouble) => {
            // 0 and 190 are about the token; everything else is for the log.
            if matches!(trouble.error.code, 0 | 190) {
                let reason = trouble.error.title.as_deref().unwrap_or("the access token is not accepted");
                channels::break_down(desk.connection, &trouble.phone_number_id, reason, desk.now)?;
                received.broken.push(trouble.phone_number_id.clone());
            }
            Ok(())
        }
    }
}

fn take_message(
    desk: &Desk<'_>,
    owner: NumberOwner,
    message: &Inbound,
    rules: &InboxRules,
    received: &mut Received,
) -> Result<()> {
    let c = desk.connection;
    // Ids of what we sent are another's: one that looks the same is no repetition.
    if c.prepare_cached(CAME_IN)?.exists([&message.phone_number_id, &message.id])? {
        received.duplicates += 1;
        return Ok(());
    }
    // Nobody to answer, and nobody to show it with: the body is kept.
    if message.sender.key().is_none() {
        return Ok(());
    }
    let contact = contacts::of_sender(desk, owner.organization, &message.sender)?;
    let conversation = conversations::of_contact(desk, owner, &message.phone_number_id, contact)?;
    echoes::undo_early(desk, conversation, message, rules)?;
    if amending::amend(desk, conversation, message)? {
        // What was being made of the old words is outdated, so somebody has to look again.
        let job = (rules.answer)(owner.organization, conversation);
        jobs::insert(c, desk.clock.new_id(), &job, desk.now)?;
    }
    let id = MessageId(desk.clock.new_id());
    let act = act_word(&message.act).filter(|_| message.group_id.is_none());
    insert(desk, owner.organization, conversation, id, message, act)?;
    if speaks(message) {
        let text = message.text.as_deref().unwrap_or(message.kind.as_str());
        let sent_at = message.sent_at.unwrap_or(desk.time).min(desk.time);
        conversations::heard(desk, conversation, text, sent_at)?;
    }
    if act.is_some() {
        // An answer that was not begun to be sent has not seen this message: it is thought over again.
        replies::take_back_drafts(desk, conversation)?;
        let due = conversations::extend_burst(desk, conversation, rules.quiet, rules.quiet_max)?;
        // One that waits already finds the burst unfinished, and waits on by itself.
        let job = (rules.answer)(owner.organization, conversation).run_at(due);
        jobs::insert_or_advance(c, desk.clock.new_id(), &job, desk.now)?;
    }
    received.messages += 1;
    received.events.push(InboxEvent {
        organization_id: owner.organization,
        conversation_id: conversation,
        kind: InboxEventKind::Received,
        message_id: Some(id),
    });
    Ok(())
}

/// Whether somebody wrote to the business: then they may be written to for a day, and it is unread. What only
/// concerns an earlier message, what others read as well and what WhatsApp tells by itself is no such sign.
fn speaks(message: &Inbound) -> bool {
    message.group_id.is_none()
        && message.kind != MessageKind::System
        && !matches!(message.act, Act::React { .. } | Act::Edit { .. } | Act::Revoke { .. })
}

/// Whether a message is there; the direction is written out, since each has an index of its own.
pub(super) const CAME_IN: &str = "SELECT 1 FROM messages
                       WHERE phone_number_id = ?1 AND whatsapp_message_id = ?2 AND direction = 'inbound'";
pub(super) const WENT_OUT: &str = "SELECT 1 FROM messages
                        WHERE phone_number_id = ?1 AND whatsapp_message_id = ?2 AND direction = 'outbound'";

/// What is to be done about a message, as the store keeps it; `None` if nothing.
fn act_word(act: &Act) -> Option<&'static str> {
    match act {
        Act::Answer => Some("answer"),
        Act::AskForText => Some("ask_for_text"),
        Act::Transcribe => Some("transcribe"),
        Act::Acknowledge => Some("acknowledge"),
        Act::Unreadable => Some("unreadable"),
        Act::Welcome => Some("welcome"),
        Act::Record | Act::React { .. } | Act::Edit { .. } | Act::Revoke { .. } => None,
    }
}

fn insert(
    desk: &Desk<'_>,
    organization: OrganizationId,
    conversation: ConversationId,
    id: MessageId,
    message: &Inbound,
    act: Option<&str>,
) -> Result<()> {
    let reply_to = match &message.act {
        Act::React { message_id, .. } => Some(message_id),
        Act::Edit { original_id, .. } | Act::Revoke { original_id } => Some(original_id),
        _ => message.reply_to.as_ref(),
    };
    let content = match &message.act {
        Act::React { emoji, .. } => emoji.as_deref().unwrap_or_default(),
        _ => message.text.as_deref().unwrap_or_default(),
    };
    let sql = "INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author,
                                     whatsapp_message_id, message_type, content, details, reply_to, act, pending,
                                     status, sent_at, created_at)
               VALUES (?1, ?2, ?3, ?4, 'inbound', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    let values = params![
        id.to_string(),
        organization.to_string(),
        conversation.to_string(),
        message.phone_number_id,
        Author::Customer.as_str(),
        message.id,
        message.kind.as_str(),
        content,
        message.raw,
        reply_to,
        act,
        act.is_some(),
        MessageStatus::Received.as_str(),
        message.sent_at.map(format_timestamp),
        desk.now,
    ];
    desk.connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// The organization of a conversation, for events.
pub(super) fn organization_of(c: &Connection, conversation: ConversationId) -> Result<OrganizationId> {
    let sql = "SELECT organization_id FROM conversations WHERE id = ?1";
    let id = conversation.to_string();
    Ok(c.prepare_cached(sql)?.query_row([id], |row| rows::parsed(row, "organization_id"))?)
}
