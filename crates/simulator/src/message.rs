//! What customers send: every type of message, as scenarios name it and as Meta writes it.
//!
//! Meta's names and objects are those of its webhook reference (PROTOCOLS 1.5). Who is to be answered by what
//! is the product's business; [`Message::wants`] only says what a customer would expect.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

/// Id of the file that messages with media point at.
pub(crate) const MEDIA_ID: &str = "1000000000000001";
/// Meta writes the digest of every file; nothing here depends on it.
const DIGEST: &str = "z8bW3xX0oQn6c1oE8mT6mW3Tt6Dd8vYb0nC6Xg1uQ0k=";

/// A message. In a scenario, a text is just a string.
#[derive(Debug, Clone, PartialEq)]
pub struct Message(Said);

/// What a message says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    /// Words.
    Text { body: String },
    /// A picture, perhaps with words.
    Image { caption: Option<String> },
    /// A film, perhaps with words.
    Video { caption: Option<String> },
    /// A file, perhaps with words.
    Document { caption: Option<String>, filename: Option<String> },
    /// A voice note.
    Voice {},
    /// Music, or a voice note that was passed on.
    Audio {},
    /// A sticker.
    Sticker {},
    /// A place.
    Location { latitude: f64, longitude: f64, name: Option<String> },
    /// Somebody's address-book entry.
    Contact { name: String, phone: String },
    /// A tap on a quick reply of a template.
    Button { text: String, payload: String },
    /// A tap on a button of ours.
    ButtonReply { id: String, title: String },
    /// A row of a list of ours.
    ListReply { id: String, title: String, description: Option<String> },
    /// A form that was filled in; its answers are JSON in a string, or should be.
    Form { response: String },
    /// A permission for calls: an interactive message that is no question.
    CallPermission {},
    /// An emoji at the business's latest message; without one, it is taken back.
    Reaction { emoji: Option<String> },
    /// Other words for the customer's latest text.
    Edit { body: String },
    /// The customer's latest text is taken back.
    Revoke {},
    /// The customer opened the chat and wrote nothing.
    Welcome {},
    /// The customer has another number from here on.
    NewNumber {},
    /// Something that the API cannot carry, such as a poll.
    Unsupported {},
    /// A type of the future.
    Future {},
}

/// What a customer expects after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// An answer.
    Answer,
    /// No answer.
    Silence,
    /// Either is fine.
    Either,
}

/// Where a message stands.
pub(crate) struct Place<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    /// Seconds since 1970, by the customer's clock.
    pub(crate) at: u64,
    /// A word of its own, which an answer may repeat.
    pub(crate) mark: Option<&'a str>,
    /// Id of the customer's latest text.
    pub(crate) latest_text: Option<&'a str>,
    /// Id of the business's latest message.
    pub(crate) latest_reply: Option<&'a str>,
    /// The customer's user id, and the one that comes with another number.
    pub(crate) user_id: &'a str,
    pub(crate) new_user_id: &'a str,
    /// The number that the customer would change to; `None` if theirs is hidden.
    pub(crate) new_number: Option<&'a str>,
}

impl Message {
    /// What the customer expects.
    pub fn wants(&self) -> Wants {
        match self.0 {
            Said::Text { .. }
            | Said::Image { .. }
            | Said::Video { .. }
            | Said::Document { .. }
            | Said::Voice {}
            | Said::Audio {}
            | Said::Location { .. }
            | Said::Contact { .. }
            | Said::Button { .. }
            | Said::ButtonReply { .. }
            | Said::ListReply { .. }
            | Said::Form { .. }
            | Said::Unsupported {} => Wants::Answer,
            Said::Sticker {}
            | Said::CallPermission {}
            | Said::Reaction { .. }
            | Said::Edit { .. }
            | Said::Revoke {}
            | Said::NewNumber {} => Wants::Silence,
            Said::Welcome {} | Said::Future {} => Wants::Either,
        }
    }

    /// Whether its words are the customer's own, so that a mark can stand among them.
    pub(crate) fn has_words(&self) -> bool {
        match &self.0 {
            Said::Text { .. } => true,
            Said::Image { caption } | Said::Video { caption } | Said::Document { caption, .. } => {
                caption.is_some()
            }
            _ => false,
        }
    }

    /// Whether it is a text, which can be changed or taken back later.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.0, Said::Text { .. })
    }

    /// Whether the customer has another number from here on.
    pub(crate) fn changes_number(&self) -> bool {
        matches!(self.0, Said::NewNumber {})
    }

    /// The media type of the file that it points at, if it does.
    pub(crate) fn mime_type(&self) -> Option<&'static str> {
        match self.0 {
            Said::Image { .. } => Some("image/jpeg"),
            Said::Video { .. } => Some("video/mp4"),
            Said::Document { .. } => Some("application/pdf"),
            Said::Voice {} => Some("audio/ogg; codecs=opus"),
            Said::Audio {} => Some("audio/mpeg"),
            Said::Sticker {} => Some("image/webp"),
            _ => None,
        }
    }

    /// Type and content, as Meta writes them.
    fn content(&self, place: &Place<'_>) -> (&'static str, Value) {
        let words = |text: &str| match place.mark {
            Some(mark) => format!("{text} {mark}"),
            None => text.to_owned(),
        };
        let file = |caption: Option<&String>| {
            let mut file = json!({ "id": MEDIA_ID, "mime_type": self.mime_type(), "sha256": DIGEST });
            if let Some(caption) = caption {
                file["caption"] = json!(words(caption));
            }
            file
        };
        match &self.0 {
            Said::Text { body } => ("text", json!({ "body": words(body) })),
            Said::Image { caption } => ("image", file(caption.as_ref())),
            Said::Video { caption } => ("video", file(caption.as_ref())),
            Said::Document { caption, filename } => {
                let mut file = file(caption.as_ref());
                file["filename"] = json!(filename.as_deref().unwrap_or("documento.pdf"));
                ("document", file)
            }
            Said::Voice {} | Said::Audio {} => {
                let mut file = file(None);
                file["voice"] = json!(matches!(self.0, Said::Voice {}));
                ("audio", file)
            }
            Said::Sticker {} => {
                let mut file = file(None);
                file["animated"] = json!(false);
                ("sticker", file)
            }
            Said::Location { latitude, longitude, name } => {
                let mut place = json!({ "latitude": latitude, "longitude": longitude });
                if let Some(name) = name {
                    place["name"] = json!(name);
                }
                ("location", place)
            }
            Said::Contact { name, phone } => {
                let name = json!({ "formatted_name": name, "first_name": name });
                let phone = json!({ "phone": phone, "wa_id": digits(phone), "type": "CELL" });
                ("contacts", json!([{ "name": name, "phones": [phone] }]))
            }
            Said::Button { text, payload } => ("button", json!({ "text": text, "payload": payload })),
            Said::Unsupported {} => ("unsupported", json!({ "type": "poll_creation" })),
            Said::Welcome {} => ("request_welcome", Value::Null),
            Said::Future {} => ("hologram", json!({ "depth": 3 })),
            Said::NewNumber {} => {
                let user_id = place.new_user_id;
                (
                    "system",
                    match place.new_number {
                        Some(to) => json!({
                            "type": "user_changed_number", "wa_id": to, "user_id": user_id,
                            "body": format!("The customer changed their number to {to}"),
                        }),
                        None => json!({
                            "type": "user_changed_user_id", "user_id": user_id,
                            "previous_user_id": place.user_id, "body": "The customer has another id",
                        }),
                    },
                )
            }
            Said::Reaction { emoji } => {
                let mut reaction = json!({ "message_id": place.latest_reply.unwrap_or(place.id) });
                if let Some(emoji) = emoji {
                    reaction["emoji"] = json!(emoji);
                }
                ("reaction", reaction)
            }
            Said::Edit { body } => {
                let message = json!({ "type": "text", "text": { "body": body } });
                ("edit", json!({ "original_message_id": place.latest_text, "message": message }))
            }
            Said::Revoke {} => ("revoke", json!({ "original_message_id": place.latest_text })),
            Said::ButtonReply { .. }
            | Said::ListReply { .. }
            | Said::Form { .. }
            | Said::CallPermission {} => ("interactive", self.interactive()),
        }
    }

    fn interactive(&self) -> Value {
        match &self.0 {
            Said::ButtonReply { id, title } => {
                json!({ "type": "button_reply", "button_reply": { "id": id, "title": title } })
            }
            Said::ListReply { id, title, description } => {
                let mut row = json!({ "id": id, "title": title });
                if let Some(description) = description {
                    row["description"] = json!(description);
                }
                json!({ "type": "list_reply", "list_reply": row })
            }
            Said::Form { response } => {
                let form = json!({ "name": "flow", "body": "Sent", "response_json": response });
                json!({ "type": "nfm_reply", "nfm_reply": form })
            }
            _ => json!({
                "type": "call_permission_reply",
                "call_permission_reply": { "response": "accept", "response_source": "user_action" },
            }),
        }
    }

    /// The element of `messages`, without its sender.
    pub(crate) fn element(&self, place: &Place<'_>) -> Value {
        let (kind, content) = self.content(place);
        let mut element = json!({ "id": place.id, "timestamp": place.at.to_string(), "type": kind });
        if !content.is_null() {
            element[kind] = content;
        }
        if matches!(self.0, Said::ButtonReply { .. } | Said::ListReply { .. } | Said::Button { .. }) {
            // Whoever taps something got it before, if not in this scenario.
            let reply = place.latest_reply.unwrap_or("wamid.BEFORE");
            element["context"] = json!({ "id": reply });
        }
        if matches!(self.0, Said::Unsupported {}) {
            let text = "Message type unknown";
            let details = json!({ "details": "Message type is currently not supported." });
            element["errors"] =
                json!([{ "code": 131_051, "title": text, "message": text, "error_data": details }]);
        }
        element
    }
}

/// The digits of a phone number.
fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Message;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, or a table with a `type`")
            }

            fn visit_str<E: de::Error>(self, body: &str) -> Result<Message, E> {
                Ok(Message(Said::Text { body: body.to_owned() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Message, A::Error> {
                Said::deserialize(MapAccessDeserializer::new(map)).map(Message)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
