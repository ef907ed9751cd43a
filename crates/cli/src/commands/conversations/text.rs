//! Conversations and messages for people, as wide as the terminal, the oldest above: read downwards. Customers may write anything: nothing of theirs
//! reaches the terminal unfiltered.

use agent_core::model::{Conversation, ConversationStatus, Hands, Message, MessageStatus, Note};
use anstyle::Style;

use crate::output::{plain, shorten, shown_of};
use crate::table::telling_length;
use crate::terminal::{ASIDE, BAD, GOOD, HEADING, Terminal, WARNING};
use crate::times::local;

/// Before what was said.
const INDENT: &str = "    ";
/// Characters of a message in a list that is piped.
const PIPED: usize = 100;

/// Two lines each: who and in which hands, when and what last.
pub fn list(conversations: &[Conversation], total: u64, terminal: Terminal) -> String {
    if conversations.is_empty() {
        return "No conversations.".to_owned();
    }
    let ids: Vec<String> = conversations.iter().map(|conversation| conversation.id.to_string()).collect();
    let length = telling_length(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let mut out = String::new();
    for (conversation, id) in conversations.iter().zip(&ids) {
        let hands = match (conversation.status, conversation.state) {
            (ConversationStatus::Active, Hands::Human) => {
                terminal.paint(WARNING, conversation.state.as_str())
            }
            (ConversationStatus::Active, Hands::Bot) => conversation.state.as_str().to_owned(),
            (other, _) => other.as_str().to_owned(),
        };
        let unread = match conversation.unread {
            0 => String::new(),
            count => terminal.paint(HEADING, &format!("  {count} new")),
        };
        let time = local(&conversation.last_message_at);
        let room =
            terminal.width().map_or(PIPED, |width| width.saturating_sub(INDENT.len() + time.len() + 2));
        let last = shorten(&plain(&conversation.last_text), room);
        let name = terminal.paint(HEADING, &name(conversation));
        let id = id.get(..length).unwrap_or(id);
        out.push_str(&format!("{id}  {name}  {hands}{unread}\n"));
        out.push_str(&format!("{INDENT}{}  {last}\n", terminal.paint(ASIDE, &time)));
    }
    out + &shown_of(conversations.len(), total)
}

/// What to call the customer.
pub fn name(conversation: &Conversation) -> String {
    shorten(&plain(conversation.contact.label()), 24)
}

/// The conversation, its messages, which are given newest first, and its notes: the oldest above.
pub fn show(conversation: &Conversation, messages: &[Message], notes: &[Note], terminal: Terminal) -> String {
    let contact = &conversation.contact;
    let mut out = format!("id: {}\ncustomer: {}\n", conversation.id, name(conversation));
    for (label, value) in
        [("username", &contact.username), ("phone", &contact.phone), ("user id", &contact.user_id)]
    {
        if let Some(value) = value {
            out.push_str(&format!("{label}: {}\n", plain(value)));
        }
    }
    for (label, time) in [
        ("wants no messages since", &contact.opted_out_at),
        ("blocked since", &contact.blocked_at),
        ("with a person since", &conversation.human_since),
        ("waits for one since", &conversation.person_wanted_at),
        ("on owner's phone since", &conversation.relayed_at),
    ] {
        if let Some(time) = time {
            out.push_str(&format!("{label}: {}\n", local(time)));
        }
    }
    out.push_str(&format!(
        "phone number id: {}\nstatus: {}\nstate: {}\nunread: {}\n",
        conversation.phone_number_id,
        conversation.status.as_str(),
        conversation.state.as_str(),
        conversation.unread,
    ));
    let said = messages.iter().map(|message| (when(message), written(message, terminal)));
    let remarks = notes.iter().map(|note| {
        let head = terminal.paint(ASIDE, &local(&note.created_at));
        let text = terminal.wrap(&plain(&note.content), INDENT);
        (note.created_at.as_str(), format!("{head}  {}\n{text}", terminal.paint(WARNING, "note")))
    });
    let mut entries: Vec<(&str, String)> = said.rev().chain(remarks).collect();
    // Stable: messages of one moment stay in their order.
    entries.sort_by_key(|(time, _)| *time);
    for (_, entry) in entries {
        out.push('\n');
        out.push_str(&entry);
    }
    out
}

/// When a message was sent, as far as that is known.
fn when(message: &Message) -> &str {
    message.sent_at.as_ref().unwrap_or(&message.created_at)
}

/// When, who, how far it came; below it what was said, and what went wrong.
fn written(message: &Message, terminal: Terminal) -> String {
    let time = terminal.paint(ASIDE, &local(when(message)));
    let mut head = format!("{time}  {}", terminal.paint(HEADING, message.author.as_str()));
    let (how_far, style) = mark(message.status);
    for mark in [
        if how_far.is_empty() { String::new() } else { terminal.paint(style, how_far) }.as_str(),
        if message.edited_at.is_some() { "(edited)" } else { "" },
        if message.revoked_at.is_some() { "(deleted)" } else { "" },
    ] {
        if !mark.is_empty() {
            head.push_str("  ");
            head.push_str(mark);
        }
    }
    let mut out = format!("{head}\n{}", terminal.wrap(plain(&content(message)).trim(), INDENT));
    let unsent = !matches!(
        message.status,
        MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read | MessageStatus::Received
    );
    if let Some(reason) = message.error_message.as_deref().filter(|_| unsent) {
        out.push_str(&terminal.wrap(&format!("! {}", plain(reason)), INDENT));
    }
    out
}

/// How far a message came, and how that looks.
fn mark(status: MessageStatus) -> (&'static str, Style) {
    match status {
        MessageStatus::Received => ("", Style::new()),
        MessageStatus::Queued => ("waiting", WARNING),
        MessageStatus::Sending => ("being sent", WARNING),
        MessageStatus::Unknown => ("? nobody knows whether it was sent", WARNING),
        MessageStatus::Sent => ("✓", GOOD),
        MessageStatus::Delivered => ("✓✓", GOOD),
        MessageStatus::Read => ("✓✓ read", GOOD),
        MessageStatus::Failed => ("✗ failed", BAD),
        MessageStatus::Cancelled => ("✗ not sent", BAD),
    }
}

/// What was said, with what it was if no text.
fn content(message: &Message) -> String {
    match message.message_type.as_str() {
        "text" => message.content.clone(),
        kind => format!("[{kind}] {}", message.content),
    }
}

/// Messages that were searched for: where, when and by whom, and their beginning.
pub fn found(messages: &[Message], terminal: Terminal) -> String {
    if messages.is_empty() {
        return "Nothing found.".to_owned();
    }
    let mut out = String::new();
    for message in messages {
        let time = terminal.paint(ASIDE, &local(when(message)));
        let room = terminal.width().map_or(PIPED, |width| width.saturating_sub(INDENT.len()));
        let text = shorten(&plain(&content(message)), room);
        out.push_str(&format!("{}  {time}  {}\n", message.conversation_id, message.author.as_str()));
        out.push_str(&format!("{INDENT}{text}\n"));
    }
    out
}
