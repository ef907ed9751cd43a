//! How people of the business read a customer's name and words: in a form that nothing a customer writes can take
//! for our own. Pure.

use serde_json::{Value, json};

use crate::model::{Contact, Locale, Message};
use crate::store::{Part, Pending};
use crate::whatsapp::outgoing::CAPTION_LIMIT;
use crate::whatsapp::render::render_typed;
use crate::whatsapp::split::{LONGEST_TEXT, shorten, split, utf16_len};
use crate::wording::whatsapp as wording;

/// A customer's last messages that an alert shows.
const LATEST: usize = 5;
/// UTF-16 units of all of them together.
const LONGEST_QUOTES: usize = 700;
/// Characters of a customer's name.
const LONGEST_NAME: usize = 40;
/// What ends a line somewhere, beside the line feed.
const LINE_ENDS: [char; 6] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}'];

/// The name a customer gave themselves, without what formats or ends a line.
fn plain_name(contact: &Contact) -> String {
    let allowed = |c: &char| {
        !matches!(c, '*' | '_' | '~' | '`' | '\u{2029}') && !c.is_control() && !LINE_ENDS.contains(c)
    };
    contact.label().chars().filter(allowed).take(LONGEST_NAME).collect::<String>().trim().to_owned()
}

/// Name and number: whom an alert is about.
pub(super) fn full_name(contact: &Contact) -> String {
    let name = plain_name(contact);
    match &contact.phone {
        Some(phone) if contact.name.is_some() => format!("{name} ({phone})"),
        _ => name,
    }
}

/// Name and last digits: tells those apart whom the owner writes to.
pub(super) fn short_name(contact: &Contact) -> String {
    let known = contact.phone.as_deref().or(contact.user_id.as_deref()).unwrap_or_default();
    let last: String = known.chars().skip(known.chars().count().saturating_sub(4)).collect();
    let name = plain_name(contact);
    let named = contact.name.is_some() || contact.username.is_some();
    if named && !last.is_empty() { format!("{name} (…{last})") } else { name }
}

/// Every line of a text behind a `> `, as WhatsApp and mails quote.
fn quoted(text: &str) -> String {
    let text = text.replace('\u{2029}', "\n").replace("\r\n", "\n");
    let lines: Vec<String> = text.split(LINE_ENDS).map(|line| format!("> {line}")).collect();
    lines.join("\n")
}

/// What a message says, or what it is.
fn words(locale: Locale, kind: &str, text: &str) -> String {
    let has_file =
        matches!(kind, "image" | "video" | "audio" | "document" | "sticker" | "location" | "contacts");
    match (has_file, text.trim()) {
        (_, "") => format!("[{}]", wording::kind(locale, kind)),
        (true, text) => format!("[{}] {text}", wording::kind(locale, kind)),
        (false, text) => text.to_owned(),
    }
}

/// The latest messages of a customer among `newest_first`, oldest first.
pub(super) fn latest(newest_first: Vec<Message>) -> Vec<Message> {
    let says = |m: &Message| {
        m.direction == "inbound"
            && m.revoked_at.is_none()
            && !matches!(m.message_type.as_str(), "reaction" | "edit" | "revoke" | "system")
    };
    let mut latest: Vec<Message> = newest_first.into_iter().filter(says).take(LATEST).collect();
    latest.reverse();
    latest
}

/// They, quoted; what is too much is cut, the oldest first.
pub(super) fn quotes(locale: Locale, messages: &[Message]) -> String {
    let mut left = LONGEST_QUOTES;
    let mut kept = Vec::new();
    for message in messages.iter().rev() {
        let text = quoted(&words(locale, &message.message_type, &message.content));
        if utf16_len(&text) > left {
            if kept.is_empty() {
                kept.push(shorten(&text, left));
            }
            break;
        }
        left -= utf16_len(&text);
        kept.push(text);
    }
    kept.reverse();
    kept.join("\n")
}

/// They in one line, as the values of templates have to be.
pub(super) fn in_one_line(locale: Locale, messages: &[Message]) -> String {
    let quote = |m: &Message| {
        let text = words(locale, &m.message_type, &m.content);
        format!("“{}”", text.split_whitespace().collect::<Vec<_>>().join(" ").replace(['“', '”'], "\""))
    };
    let all: Vec<String> = messages.iter().map(quote).collect();
    shorten(&all.join(" "), LONGEST_QUOTES)
}

/// A file of a message, as it is noted for sending it on.
fn file(pending: &Pending) -> Option<(&'static str, Value)> {
    let message: Value = serde_json::from_str(&pending.details).unwrap_or_default();
    let kinds = [
        ("image", "image"),
        ("video", "video"),
        ("audio", "audio"),
        ("voice", "audio"),
        ("document", "document"),
        ("sticker", "sticker"),
    ];
    kinds.into_iter().find_map(|(key, kind)| {
        let file = &message[key];
        let id = file["id"].as_str().filter(|id| !id.is_empty())?;
        let media =
            json!({ "id": id, "mime_type": file["mime_type"], "filename": file["filename"], "caption": null });
        Some((kind, media))
    })
}

fn is_captioned(kind: &str) -> bool {
    matches!(kind, "image" | "video" | "document")
}

/// The parts of a message with a file: what does not fit below it, or has no place there, goes before it.
fn with_file(kind: &'static str, mut media: Value, text: &str, shown: String, note: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    if is_captioned(kind) && !text.is_empty() && utf16_len(text) <= CAPTION_LIMIT {
        media["caption"] = json!(text);
    } else if !text.is_empty() {
        parts.extend(split(text, LONGEST_TEXT).into_iter().map(|text| noted(text, note)));
    }
    let mut details = note.clone();
    details["media"] = media;
    parts.push(Part { kind, text: shown, details: details.to_string() });
    parts
}

fn noted(text: String, note: &Value) -> Part {
    Part { kind: "text", text, details: note.to_string() }
}

/// What a customer wrote, as its owner reads it: who, and every line quoted. `note` goes with each part.
pub(super) fn for_the_owner(locale: Locale, contact: &Contact, pending: &Pending, note: &Value) -> Vec<Part> {
    let who = short_name(contact);
    let said = pending.text.trim();
    let shown = format!("{who}: {}", words(locale, &pending.kind, said));
    let Some((kind, media)) = file(pending) else {
        let text = format!("*{who}*\n{}", quoted(&words(locale, &pending.kind, said)));
        return split(&text, LONGEST_TEXT).into_iter().map(|text| noted(text, note)).collect();
    };
    let text = match (is_captioned(kind), said) {
        (_, said) if !said.is_empty() => format!("*{who}*\n{}", quoted(said)),
        (true, _) => format!("*{who}*"),
        (false, _) => wording::sent_by(locale, &who, wording::kind(locale, kind)),
    };
    with_file(kind, media, &text, shown, note)
}

/// What an owner wrote, as the customer reads it; empty if there is nothing in it that can be passed on.
pub(super) fn for_the_customer(locale: Locale, pending: &Pending) -> Vec<Part> {
    let said = pending.text.trim();
    let nothing = json!({});
    match file(pending) {
        Some((kind, media)) => with_file(kind, media, said, words(locale, &pending.kind, said), &nothing),
        None if said.is_empty() => Vec::new(),
        None => split(&render_typed(said), LONGEST_TEXT).into_iter().map(Part::text).collect(),
    }
}

#[cfg(test)]
mod tests;
