//! The messages we send, as the Cloud API wants them.
//!
//! Values in, JSON out: pure functions. Meta's limits are checked here, where an error can name the limit;
//! Graph would only say that some parameter is invalid. Lengths are in UTF-16 units, as Meta's own libraries
//! count them. Turning Markdown into WhatsApp's format and splitting long answers is not here, sending
//! neither.

use serde_json::{Map, Value, json};

use super::split::LONGEST_TEXT;
use super::template::{TemplateParameter, TemplatePlace, components};
use crate::error::{Error, Result};

mod interactive;

pub use interactive::{
    BUTTON_TITLE, Button, Buttons, Frame, INTERACTIVE_BODY, LIST_BUTTON, List, ListRow, ListSection,
    MOST_BUTTONS, MOST_ROWS, ROW_DESCRIPTION, ROW_TITLE, SECTION_TITLE,
};

/// UTF-16 units below an image or a document.
pub const CAPTION_LIMIT: usize = 1024;

/// UTF-16 units of what comes back with every status of a message.
pub const CORRELATION_LIMIT: usize = 512;

/// Whom a message goes to: one of the two has to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Phone number as WhatsApp knows it. It goes first: everybody accepts it.
    pub phone: Option<String>,
    /// Business-scoped user id: all there is of somebody who hides the number.
    pub user_id: Option<String>,
}

/// A message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub content: Content,
    /// Id of the message that it is shown as a reply to.
    pub reply_to: Option<String>,
    /// Comes back with every status of the message (`biz_opaque_callback_data`): how a message is found again
    /// whose sending ended in the dark. At most [`CORRELATION_LIMIT`] units.
    pub correlation: Option<String>,
}

/// What a message holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text of 1 to [`LONGEST_TEXT`] units; links get no preview.
    Text(String),
    /// A text with buttons to reply with.
    Buttons(Buttons),
    /// A text with a list to choose from.
    List(List),
    /// A template: all that goes through when the customer has not written for a day.
    Template(Template),
    /// A file that Meta has already.
    Media(Attachment),
    /// A sign below a message of the customer's.
    Reaction {
        /// Meta's id of the message.
        message_id: String,
        /// One emoji.
        emoji: String,
    },
}

/// A template that Meta approved, with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// The values in their places: one line each, not empty.
    pub parameters: Vec<TemplateParameter>,
}

/// A file by Meta's id of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// How it is shown.
    pub kind: AttachmentKind,
    /// Meta's id of it.
    pub media_id: String,
    /// Text below it, at most [`CAPTION_LIMIT`] units.
    pub caption: Option<String>,
}

/// How a file is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentKind {
    /// As a picture.
    Image,
    /// As a film.
    Video,
    /// As something to listen to; it has no text below it.
    Audio,
    /// As a sticker; it has no text below it.
    Sticker,
    /// As a file to open.
    Document {
        /// The name it is shown with.
        filename: Option<String>,
    },
}

impl Outgoing {
    /// A text.
    pub fn text(to: Recipient, body: impl Into<String>) -> Self {
        Self { to, content: Content::Text(body.into()), reply_to: None, correlation: None }
    }

    /// It as JSON for `POST /{phone_number_id}/messages`.
    ///
    /// # Errors
    /// `InvalidInput`, naming the limit of Meta's that it breaks.
    pub fn payload(&self) -> Result<Value> {
        let mut payload = Map::new();
        payload.insert("messaging_product".into(), json!("whatsapp"));
        payload.insert("recipient_type".into(), json!("individual"));
        let (key, to) = self.to.named()?;
        payload.insert(key.into(), json!(to));
        let (kind, content) = self.content.named()?;
        payload.insert("type".into(), json!(kind));
        payload.insert(kind.into(), content);
        if let Some(id) = &self.reply_to {
            payload.insert("context".into(), json!({ "message_id": id }));
        }
        if let Some(correlation) = &self.correlation {
            check("the correlation text", correlation, CORRELATION_LIMIT)?;
            payload.insert("biz_opaque_callback_data".into(), json!(correlation));
        }
        Ok(Value::Object(payload))
    }
}

impl Recipient {
    /// Somebody by phone number.
    pub fn phone(number: impl Into<String>) -> Self {
        Self { phone: Some(number.into()), user_id: None }
    }

    /// The key and the value that name them; a message with both keys is ambiguous.
    fn named(&self) -> Result<(&'static str, &str)> {
        let phone = self.phone.as_deref().filter(|text| !text.trim().is_empty());
        let user_id = self.user_id.as_deref().filter(|text| !text.trim().is_empty());
        phone
            .map(|phone| ("to", phone))
            .or(user_id.map(|id| ("recipient", id)))
            .ok_or_else(|| Error::invalid("a message needs the phone number or the user id of its recipient"))
    }
}

impl Content {
    /// Its type, which is also the key of its object, and that object.
    fn named(&self) -> Result<(&'static str, Value)> {
        Ok(match self {
            Self::Text(body) => {
                check("a text message", body, LONGEST_TEXT)?;
                ("text", json!({ "body": body, "preview_url": false }))
            }
            Self::Buttons(buttons) => ("interactive", buttons.object()?),
            Self::List(list) => ("interactive", list.object()?),
            Self::Template(template) => ("template", template.object()?),
            Self::Media(attachment) => (attachment.kind(), attachment.object()?),
            Self::Reaction { message_id, emoji } => {
                if message_id.is_empty() || emoji.is_empty() {
                    return Err(Error::invalid(
                        "a reaction needs an emoji and the id of the message it is for",
                    ));
                }
                ("reaction", json!({ "message_id": message_id, "emoji": emoji }))
            }
        })
    }
}

impl Template {
    /// Values for the numbered places of a body, in order.
    pub fn values_of_body(values: impl IntoIterator<Item = String>) -> Vec<TemplateParameter> {
        let of_body = |text| TemplateParameter { place: TemplatePlace::Body, name: None, text };
        values.into_iter().map(of_body).collect()
    }

    fn object(&self) -> Result<Value> {
        let Self { name, language, parameters } = self;
        if name.is_empty() || language.is_empty() {
            return Err(Error::invalid("a template needs its name and its language"));
        }
        let mut object = json!({ "name": name, "language": { "code": language } });
        if parameters.is_empty() {
            return Ok(object);
        }
        object["components"] = json!(components(name, parameters)?);
        Ok(object)
    }
}

impl Attachment {
    fn kind(&self) -> &'static str {
        match self.kind {
            AttachmentKind::Image => "image",
            AttachmentKind::Video => "video",
            AttachmentKind::Audio => "audio",
            AttachmentKind::Sticker => "sticker",
            AttachmentKind::Document { .. } => "document",
        }
    }

    fn object(&self) -> Result<Value> {
        if self.media_id.is_empty() {
            return Err(Error::invalid("a file to send needs Meta's id of it"));
        }
        let mut object = json!({ "id": self.media_id });
        let speechless = matches!(self.kind, AttachmentKind::Audio | AttachmentKind::Sticker);
        if let Some(caption) = self.caption.as_ref().filter(|_| !speechless) {
            check("a caption", caption, CAPTION_LIMIT)?;
            object["caption"] = json!(caption);
        }
        if let AttachmentKind::Document { filename: Some(filename) } = &self.kind {
            object["filename"] = json!(filename);
        }
        Ok(object)
    }
}

/// Marks a message as read, and with it all earlier ones; with `typing`, shows that an answer is being
/// written, for 25 seconds or until the next message of ours.
pub fn read_receipt(message_id: &str, typing: bool) -> Value {
    let mut payload = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message_id });
    if typing {
        payload["typing_indicator"] = json!({ "type": "text" });
    }
    payload
}

/// `text` has to say something, in at most so many UTF-16 units.
fn check(what: &str, text: &str, most: usize) -> Result<()> {
    let units = text.encode_utf16().count();
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("{what} must not be empty")));
    }
    if units > most {
        return Err(Error::invalid(format!("{what} has {units} characters; WhatsApp takes {most} at most")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
