//! Conversations and messages for people, in 80 columns. Customers may write anything: nothing of theirs
//! reaches the terminal unfiltered.

use agent_core::model::{Conversation, ConversationStatus, Message, MessageStatus, Note};

use crate::output::{plain, shorten};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Columns before what was said.
const INDENT: usize = 4;

/// Two lines each: who and in which hands, when and what last.
pub fn list(conversations: &[Conversation], total: u64) -> String {
    if conversations.is_empty() {
        return "No conversations.".to_owned();
    }
    let mut out = String::new();
    for conversation in conversations {
        let hands = match conversation.status {
            ConversationStatus::Active => conversation.state.as_str(),
            other => other.as_str(),
        };
        let unread = match conversation.unread {
            0 => String::new(),
            count => format!("  {count} new"),
        };
        let last = shorten(&plain(&conversation.last_text), WIDTH - INDENT - 18);
        let time = minute(&conversation.last_message_at);
        out.push_str(&format!("{}  {}  {hands}{unread}\n", conversation.id, name(conversation)));
        out.push_str(&format!("    {time}  {last}\n"));
    }
    let shown = conversations.len() as u64;
    if shown < total {
        out.push_str(&format!("{shown} of {total}\n"));
    }
    out
}

/// What to call the customer.
pub fn name(conversation: &Conversation) -> String {
    shorten(&plain(conversation.contact.label()), 24)
}

/// The conversation, its messages as they are given, and its notes.
pub fn show(conversation: &Conversation, messages: &[Message], notes: &[Note]) -> String {
    let contact = &conversation.contact;
    let mut out = format!("id: {}\ncustomer: {}\n", conversation.id, name(conversation));
    for (label, value) in [
        ("username", &contact.username),
        ("phone", &contact.phone),
        ("user id", &contact.user_id),
        ("wants no messages since", &contact.opted_out_at),
        ("blocked since", &contact.blocked_at),
        ("a person's since", &conversation.human_since),
        ("waits for one since", &conversation.person_wanted_at),
        ("on owner's phone since", &conversation.relayed_at),
    ] {
        if let Some(value) = value {
            out.push_str(&format!("{label}: {}\n", plain(value)));
        }
    }
    out.push_str(&format!(
        "phone number id: {}\nstatus: {}\nstate: {}\nunread: {}\n",
        conversation.phone_number_id,
        conversation.status.as_str(),
        conversation.state.as_str(),
        conversation.unread,
    ));
    for message in messages {
        out.push('\n');
        out.push_str(&written(message));
    }
    for note in notes {
        out.push_str(&format!("\n{}  note\n{}", minute(&note.created_at), wrapped(&note.content)));
    }
    out
}

/// When, who, how far it came; below it what was said, and what went wrong.
fn written(message: &Message) -> String {
    let time = message.sent_at.as_ref().unwrap_or(&message.created_at);
    let mut head = format!("{}  {}", minute(time), message.author.as_str());
    for mark in [
        mark(message.status),
        if message.edited_at.is_some() { "(edited)" } else { "" },
        if message.revoked_at.is_some() { "(deleted)" } else { "" },
    ] {
        if !mark.is_empty() {
            head.push_str("  ");
            head.push_str(mark);
        }
    }
    let mut out = format!("{head}\n{}", wrapped(&content(message)));
    let unsent = !matches!(
        message.status,
        MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read | MessageStatus::Received
    );
    if let Some(reason) = message.error_message.as_deref().filter(|_| unsent) {
        out.push_str(&wrapped(&format!("! {reason}")));
    }
    out
}

/// How far a message came.
fn mark(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Received => "",
        MessageStatus::Queued => "waiting",
        MessageStatus::Sending => "being sent",
        MessageStatus::Unknown => "? nobody knows whether it was sent",
        MessageStatus::Sent => "✓",
        MessageStatus::Delivered => "✓✓",
        MessageStatus::Read => "✓✓ read",
        MessageStatus::Failed => "✗ failed",
        MessageStatus::Cancelled => "✗ not sent",
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
pub fn found(messages: &[Message]) -> String {
    if messages.is_empty() {
        return "Nothing found.".to_owned();
    }
    let mut out = String::new();
    for message in messages {
        let time = minute(message.sent_at.as_ref().unwrap_or(&message.created_at));
        let text = shorten(&plain(&content(message)), WIDTH - INDENT);
        out.push_str(&format!("{}  {time}  {}\n", message.conversation_id, message.author.as_str()));
        out.push_str(&format!("    {text}\n"));
    }
    out
}

/// A time to the minute; UTC, as it is kept.
fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

/// A text indented, its lines broken between words; a word that is too long stays whole, to be copied.
fn wrapped(text: &str) -> String {
    let text = plain(text);
    let mut out = String::new();
    for line in text.trim().lines() {
        let (mut room, mut first) = (WIDTH - INDENT, true);
        out.push_str("    ");
        for word in line.split_whitespace() {
            let length = word.chars().count();
            if !first && length + 1 > room {
                out.push_str("\n    ");
                (room, first) = (WIDTH - INDENT, true);
            }
            if !first {
                out.push(' ');
                room -= 1;
            }
            out.push_str(word);
            (room, first) = (room.saturating_sub(length), false);
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_kept_where_they_were() {
        let text = format!("{} fim\n\num {}", "palavra ".repeat(12).trim_end(), "x".repeat(90));
        let text = wrapped(&text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with("    palavra") && lines[0].chars().count() <= WIDTH, "{text}");
        assert!(lines[1].ends_with("palavra fim") && lines[2].is_empty(), "{text}");
        assert_eq!((lines[3], lines[4].trim_start().len()), ("    um", 90));
    }

    #[test]
    fn what_customers_write_cannot_steer_the_terminal() {
        assert_eq!(wrapped("\u{1b}[31moi\u{7}"), "    [31moi\n");
    }

    #[test]
    fn times_are_shown_to_the_minute() {
        assert_eq!(minute("2026-11-22T12:30:00.000Z"), "2026-11-22 12:30");
    }
}
