//! What was written in the WhatsApp Business app: by a person, whose conversation it is from then on, or by the
//! app itself, which greets customers and says that nobody is there. That silences nobody.
//!
//! Meta does not tell the two apart. Automatic is what the operator named, what comes faster than people write,
//! and what is said word for word in several conversations. Where that shows only later, what was taken for a
//! person's word is put right.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};

use super::inbox::{CAME_IN, Desk, InboxRules, NumberOwner, Received, WENT_OUT, organization_of};
use super::{contacts, conversations, rows, unanswered};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{Author, ConversationId, Hands, InboxEvent, InboxEventKind, MessageId, MessageStatus};
use crate::text::fold;
use crate::whatsapp::event::{Echo, Inbound};

/// Characters from which a repeated text may be automatic: people say "ok" and "bom dia" to everybody.
const LONG_ENOUGH: usize = 20;

/// Meta's times are whole seconds, and each of two may be cut.
const ROUNDING: TimeDelta = TimeDelta::seconds(1);

/// How the Business app's own messages are told from those of people.
#[derive(Debug, Clone)]
pub struct AutomaticTexts {
    /// What comes so soon after a customer's message was not typed; nothing if zero.
    pub within: TimeDelta,
    /// Conversations in which the same text makes it automatic; never if 0.
    pub repeats: u32,
    /// Texts that are.
    pub texts: Arc<Vec<String>>,
}

impl AutomaticTexts {
    /// Whether the operator named it: case, accents and spaces do not count.
    fn names(&self, text: &str) -> bool {
        let words = |text: &str| fold(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let text = words(text);
        !text.is_empty() && self.texts.iter().any(|named| words(named) == text)
    }
}

/// Takes over what was sent from the Business app.
pub(super) fn take(
    desk: &Desk<'_>,
    owner: NumberOwner,
    echo: &Echo,
    rules: &InboxRules,
    received: &mut Received,
) -> Result<()> {
    for known in [WENT_OUT, CAME_IN] {
        if desk.connection.prepare_cached(known)?.exists([&echo.phone_number_id, &echo.id])? {
            received.duplicates += 1;
            return Ok(());
        }
    }
    let Some(to) = &echo.to else { return Ok(()) };
    let contact = contacts::of_address(desk, owner.organization, to)?;
    let conversation = conversations::of_contact(desk, owner, &echo.phone_number_id, contact)?;
    let again = repeated(desk, echo, conversation, &rules.automatic)?;
    let automatic = is_automatic(desk, conversation, echo, again, &rules.automatic)?;
    let id = MessageId(desk.clock.new_id());
    let sql =
        "INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author,
                                     whatsapp_message_id, message_type, content, details, status, sent_at,
                                     created_at)
               VALUES (?1, ?2, ?3, ?4, 'outbound', ?5, ?6, 'text', ?7, ?8, ?9, ?10, ?11)";
    let text = echo.text.as_deref().unwrap_or_default();
    let author = if automatic { Author::System } else { Author::Human };
    let values = params![
        id.to_string(),
        owner.organization.to_string(),
        conversation.to_string(),
        echo.phone_number_id,
        author.as_str(),
        echo.id,
        text,
        echo.raw,
        MessageStatus::Sent.as_str(),
        echo.sent_at.map(format_timestamp),
        desk.now,
    ];
    desk.connection.prepare_cached(sql)?.execute(values)?;
    let mut tell = |conversation_id, kind, message_id| {
        let organization_id = owner.organization;
        received.events.push(InboxEvent { organization_id, conversation_id, kind, message_id });
    };
    tell(conversation, InboxEventKind::Written, Some(id));
    if !automatic {
        conversations::said(desk, conversation, text)?;
        conversations::human_spoke(desk, conversation)?;
        tell(conversation, InboxEventKind::Conversation, Some(id));
    } else if again {
        // Those before it were not known for what they were.
        for (message, conversation) in same_text(desk, echo)? {
            if put_right(desk, message, conversation, rules)? {
                tell(conversation, InboxEventKind::Conversation, None);
            }
        }
    }
    Ok(())
}

/// Whether the app said it by itself. In a conversation that a person has, it is taken for a person's.
fn is_automatic(
    desk: &Desk<'_>,
    conversation: ConversationId,
    echo: &Echo,
    again: bool,
    rules: &AutomaticTexts,
) -> Result<bool> {
    let Some(text) = &echo.text else { return Ok(false) };
    if rules.names(text) {
        return Ok(true);
    }
    let c = desk.connection;
    let sql = "SELECT 1 FROM conversations WHERE id = ?1 AND state = 'human'";
    if c.prepare_cached(sql)?.exists([conversation.to_string()])? {
        return Ok(false);
    }
    if again || rules.within <= TimeDelta::zero() {
        return Ok(again);
    }
    let sql = "SELECT sent_at, created_at FROM messages WHERE conversation_id = ?1 AND direction = 'inbound'
               ORDER BY number DESC LIMIT 1";
    let last = c.prepare_cached(sql)?.query_row([conversation.to_string()], |row| {
        Ok((rows::parsed_opt(row, "sent_at")?, rows::parsed::<DateTime<Utc>>(row, "created_at")?))
    });
    let Some((sent, came)): Option<(Option<DateTime<Utc>>, _)> = last.optional()? else { return Ok(false) };
    let took = match (echo.sent_at, sent) {
        (Some(echo), Some(sent)) => echo - sent,
        _ => desk.time - came,
    };
    Ok((-ROUNDING..=rules.within).contains(&took))
}

/// Whether the same text was sent in so many other conversations that this one makes it automatic.
fn repeated(
    desk: &Desk<'_>,
    echo: &Echo,
    conversation: ConversationId,
    rules: &AutomaticTexts,
) -> Result<bool> {
    let long_enough = echo.text.as_ref().is_some_and(|text| text.chars().count() >= LONG_ENOUGH);
    if rules.repeats < 2 || !long_enough {
        return Ok(false);
    }
    let sql = "SELECT COUNT(*) FROM (SELECT DISTINCT conversation_id FROM messages
                 WHERE phone_number_id = ?1 AND content = ?2 AND direction = 'outbound' AND reply_id IS NULL
                   AND conversation_id <> ?3 LIMIT ?4)";
    let values = params![echo.phone_number_id, echo.text, conversation.to_string(), rules.repeats - 1];
    let others: u32 = desk.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
    Ok(others + 1 >= rules.repeats)
}

/// Every message of the Business app with this text that was taken for a person's.
fn same_text(desk: &Desk<'_>, echo: &Echo) -> Result<Vec<(MessageId, ConversationId)>> {
    let sql = "SELECT id, conversation_id FROM messages
               WHERE phone_number_id = ?1 AND content = ?2 AND direction = 'outbound' AND reply_id IS NULL
                 AND author = 'human' LIMIT 500";
    let mut statement = desk.connection.prepare_cached(sql)?;
    let found = statement.query_map(params![echo.phone_number_id, echo.text], |row| {
        Ok((rows::parsed(row, "id")?, rows::parsed(row, "conversation_id")?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What was taken for a person's word was the app's: unless a person said or did something since, the conversation
/// is the agent's again. Whether it is.
fn put_right(
    desk: &Desk<'_>,
    message: MessageId,
    conversation: ConversationId,
    rules: &InboxRules,
) -> Result<bool> {
    let c = desk.connection;
    let sql = "UPDATE messages SET author = 'system' WHERE id = ?1";
    c.prepare_cached(sql)?.execute([message.to_string()])?;
    // It took the conversation over itself, and nobody gave a sign after that.
    let sql = "SELECT 1 FROM conversations v JOIN messages m ON m.id = ?2
               WHERE v.id = ?1 AND v.state = 'human' AND v.human_since = m.created_at
                 AND v.human_seen_at = m.created_at";
    let values = params![conversation.to_string(), message.to_string()];
    if !c.prepare_cached(sql)?.exists(values)? {
        return Ok(false);
    }
    conversations::hand_over(desk, conversation, Hands::Bot)?;
    unanswered::take_up(desk, organization_of(c, conversation)?, conversation, rules.answer)?;
    Ok(true)
}

/// A customer's message that was sent just before what the app said, and came after it: that was automatic.
pub(super) fn undo_early(
    desk: &Desk<'_>,
    conversation: ConversationId,
    message: &Inbound,
    rules: &InboxRules,
) -> Result<()> {
    let within = rules.automatic.within;
    if within <= TimeDelta::zero() {
        return Ok(());
    }
    let sql = "SELECT m.id, m.sent_at, m.created_at FROM conversations v
               JOIN messages m ON m.conversation_id = v.id AND m.direction = 'outbound' AND m.reply_id IS NULL
                 AND m.author = 'human' AND m.created_at = v.human_since
               WHERE v.id = ?1 AND v.state = 'human' LIMIT 1";
    let found = desk.connection.prepare_cached(sql)?.query_row([conversation.to_string()], |row| {
        let id: MessageId = rows::parsed(row, "id")?;
        Ok((id, rows::parsed_opt(row, "sent_at")?, rows::parsed::<DateTime<Utc>>(row, "created_at")?))
    });
    let Some((id, sent, came)): Option<(_, Option<DateTime<Utc>>, _)> = found.optional()? else {
        return Ok(());
    };
    let ahead = match (sent, message.sent_at) {
        (Some(echo), Some(message)) => echo - message,
        _ => came - desk.time,
    };
    if (-ROUNDING..=within).contains(&ahead) {
        put_right(desk, id, conversation, rules)?;
    }
    Ok(())
}
