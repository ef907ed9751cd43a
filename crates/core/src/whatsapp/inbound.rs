//! One message element: what it is, what it says, and what is to be done with it.
//!
//! The types Meta knows, and what becomes of each, are in `content`. Parts that are missing or wrong make a
//! message say less, never fail: only one without an id is refused, since it could not be told from its
//! own repetition. What a form (`nfm_reply`), an order or an advertisement (`referral`) says beyond words
//! stays in `raw`, unread: nothing here needs it.

use serde_json::Value;

use super::event::{Act, Echo, Inbound, MediaRef, MessageKind, Sender};
use super::identity::is_user_id;
use super::lenient::{clean, figure, file_name, flag, id, list, moment, name, prose, text};

/// What the type of a message decides.
struct Content {
    text: Option<String>,
    choice: Option<String>,
    media: Option<MediaRef>,
    act: Act,
}

impl Content {
    /// Something that is only to be handled in this way.
    fn of(act: Act) -> Self {
        Self { text: None, choice: None, media: None, act }
    }

    /// Words, to be answered; `otherwise` if there are none.
    fn words(text: Option<String>, otherwise: Act) -> Self {
        let act = if text.is_some() { Act::Answer } else { otherwise };
        Self { text, ..Self::of(act) }
    }
}

/// Reads a message that was sent to `number`, by the one `contact` tells more about; `None` without an id.
pub(super) fn message(element: &Value, number: &str, contact: &Value) -> Option<Inbound> {
    let wamid = id(element, "id")?;
    let kind_name = kind_name(element);
    let said = content(element, kind_name);
    let context = &element["context"];
    let group_id = id(element, "group_id");
    let act = if group_id.is_some() { unspoken(said.act) } else { said.act };
    Some(Inbound {
        phone_number_id: number.to_owned(),
        id: wamid,
        sender: sender(element, contact),
        sent_at: moment(element, "timestamp"),
        kind: kind(kind_name),
        text: said.text,
        choice: said.choice,
        // What arrived broken cannot be fetched either.
        media: said.media.filter(|_| !has_errors(element)),
        reply_to: id(context, "id"),
        forwarded: flag(context, "forwarded") || flag(context, "frequently_forwarded"),
        group_id,
        act,
        raw: element.to_string(),
    })
}

/// Reads what a human sent from `number` with the Business app; `None` without an id.
pub(super) fn echo(element: &Value, number: &str) -> Option<Echo> {
    Some(Echo {
        phone_number_id: number.to_owned(),
        id: id(element, "id")?,
        to: id(element, "to").or_else(|| id(element, "to_user_id")),
        text: words(element),
        sent_at: moment(element, "timestamp"),
        raw: element.to_string(),
    })
}

/// The type table: what each type says and asks for.
fn content(element: &Value, kind_name: &str) -> Content {
    let payload = payload(element, kind_name);
    match kind(kind_name) {
        MessageKind::Text => Content::words(prose(payload, "body"), Act::Unreadable),
        MessageKind::Image | MessageKind::Video | MessageKind::Document => {
            let media = media(payload, false);
            Content { media, ..Content::words(prose(payload, "caption"), Act::AskForText) }
        }
        MessageKind::Audio => {
            let media = media(payload, kind_name == "voice");
            let heard = media.is_some() && !has_errors(element);
            Content { media, ..Content::of(if heard { Act::Transcribe } else { Act::AskForText }) }
        }
        MessageKind::Sticker => Content { media: media(payload, false), ..Content::of(Act::Record) },
        MessageKind::Location => Content { text: place(payload), ..Content::of(Act::Acknowledge) },
        MessageKind::Contacts => Content { text: people(payload), ..Content::of(Act::Acknowledge) },
        MessageKind::Button => chosen(prose(payload, "text"), id(payload, "payload")),
        MessageKind::Interactive => interactive(payload),
        MessageKind::Reaction => Content::of(id(payload, "message_id").map_or(Act::Record, |message_id| {
            let emoji = text(payload, "emoji").and_then(name);
            Act::React { message_id, emoji }
        })),
        MessageKind::Order => Content::words(prose(payload, "text"), Act::Record),
        // Those that tell of a new identity never come here: see `rekey.rs`.
        MessageKind::System => Content { text: prose(payload, "body"), ..Content::of(Act::Record) },
        MessageKind::RequestWelcome => Content::of(Act::Welcome),
        MessageKind::Edit => edit(payload),
        MessageKind::Revoke => Content::of(
            id(payload, "original_message_id").map_or(Act::Record, |original_id| Act::Revoke { original_id }),
        ),
        // Whatever text came along is not what was meant.
        MessageKind::Unsupported => Content { text: words(element), ..Content::of(Act::Unreadable) },
        // Meta's own "unknown" was written by a customer; a type nobody knows yet may be anything.
        MessageKind::Unknown if kind_name == MessageKind::Unknown.as_str() => {
            Content { text: words(element), ..Content::of(Act::Unreadable) }
        }
        MessageKind::Unknown => Content::of(Act::Record),
    }
}

fn interactive(payload: &Value) -> Content {
    let known = ["button_reply", "list_reply", "nfm_reply"];
    let named = text(payload, "type").or_else(|| known.into_iter().find(|k| payload[*k].is_object()));
    match named {
        Some(kind @ ("button_reply" | "list_reply")) => {
            let reply = &payload[kind];
            chosen(prose(reply, "title"), id(reply, "id"))
        }
        // `response_json` may be no JSON at all.
        Some("nfm_reply") => {
            Content { text: prose(&payload["nfm_reply"], "body"), ..Content::of(Act::Acknowledge) }
        }
        _ => Content::of(Act::Record),
    }
}

/// A button or a row: our id says most, and stands in for a title that is missing.
fn chosen(title: Option<String>, choice: Option<String>) -> Content {
    let text = title.or_else(|| choice.as_deref().and_then(clean));
    Content { choice, ..Content::words(text, Act::Unreadable) }
}

fn edit(payload: &Value) -> Content {
    let text = words(&payload["message"]);
    let act = id(payload, "original_message_id")
        .map_or(Act::Record, |original_id| Act::Edit { original_id, text: text.clone() });
    Content { text, ..Content::of(act) }
}

/// Body or caption of an element of any type.
fn words(element: &Value) -> Option<String> {
    let kind_name = kind_name(element);
    let body = |payload: &Value| prose(payload, "body").or_else(|| prose(payload, "caption"));
    // Beside a type that has no words there may still be a text.
    body(payload(element, kind_name)).or_else(|| body(&element["text"]))
}

fn media(payload: &Value, spoken: bool) -> Option<MediaRef> {
    Some(MediaRef {
        id: id(payload, "id")?,
        mime_type: text(payload, "mime_type").and_then(name),
        sha256: id(payload, "sha256"),
        filename: text(payload, "filename").and_then(file_name),
        voice: spoken || flag(payload, "voice"),
        animated: flag(payload, "animated"),
    })
}

/// A place in words: what it is called, where it is.
fn place(payload: &Value) -> Option<String> {
    let (latitude, longitude) = (figure(payload, "latitude"), figure(payload, "longitude"));
    let coordinates = latitude.zip(longitude).map(|(north, east)| format!("{north}, {east}"));
    lines([prose(payload, "name"), prose(payload, "address"), coordinates])
}

/// Shared contacts in words: a line for each, with its numbers.
fn people(payload: &Value) -> Option<String> {
    let person = |contact: &Value| {
        let full = &contact["name"];
        let called = text(full, "formatted_name").or_else(|| text(full, "first_name")).and_then(name);
        let phones = list(contact, "phones").iter();
        let numbers: Vec<String> =
            phones.filter_map(|p| text(p, "phone").or_else(|| text(p, "wa_id")).and_then(name)).collect();
        let numbers = (!numbers.is_empty()).then(|| numbers.join(", "));
        match (called, numbers) {
            (Some(called), Some(numbers)) => Some(format!("{called}: {numbers}")),
            (called, numbers) => called.or(numbers),
        }
    };
    lines(payload.as_array()?.iter().map(person))
}

fn lines(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    clean(&parts.join("\n"))
}

/// What is done with a message of a group: an answer would go to one person in private, so there is none.
fn unspoken(act: Act) -> Act {
    match act {
        Act::React { .. } | Act::Edit { .. } | Act::Revoke { .. } => act,
        Act::Answer
        | Act::AskForText
        | Act::Transcribe
        | Act::Acknowledge
        | Act::Unreadable
        | Act::Welcome
        | Act::Record => Act::Record,
    }
}

/// The name of the type; without one, that of the type whose object is there; else none.
pub(super) fn kind_name(element: &Value) -> &str {
    let present = |kind: &&MessageKind| {
        let payload = &element[kind.as_str()];
        payload.is_object() || payload.is_array()
    };
    text(element, "type")
        .or_else(|| MessageKind::ALL.iter().find(present).map(|kind| kind.as_str()))
        .unwrap_or_default()
}

fn kind(kind_name: &str) -> MessageKind {
    match kind_name {
        // What voice notes were called before they were audio.
        "voice" => MessageKind::Audio,
        other => MessageKind::from_stored(other).unwrap_or(MessageKind::Unknown),
    }
}

/// The object that carries the content: it is called like the type.
fn payload<'a>(element: &'a Value, kind_name: &str) -> &'a Value {
    match &element[kind_name] {
        Value::Null => &element[kind(kind_name).as_str()],
        payload => payload,
    }
}

fn has_errors(element: &Value) -> bool {
    match &element["errors"] {
        Value::Array(errors) => !errors.is_empty(),
        errors => errors.is_object(),
    }
}

fn sender(element: &Value, contact: &Value) -> Sender {
    let profile = &contact["profile"];
    // Each of the two may hold a user id where the number is hidden.
    let named = [id(element, "from"), id(contact, "wa_id")];
    let (mut phone, mut user_id) = (None, id(element, "from_user_id"));
    for one in named.into_iter().flatten() {
        let place = if is_user_id(&one) { &mut user_id } else { &mut phone };
        place.get_or_insert(one);
    }
    let username = text(profile, "username").or_else(|| text(contact, "username"));
    Sender {
        phone,
        user_id: user_id.or_else(|| id(contact, "user_id")),
        parent_user_id: id(element, "from_parent_user_id").or_else(|| id(contact, "parent_user_id")),
        username: username.and_then(name),
        name: text(profile, "name").and_then(name),
    }
}

#[cfg(test)]
mod tests;
