//! What one POST of the WhatsApp Cloud API says: messages, echoes, statuses, changes of identity, trouble.
//!
//! Types only, already cleaned and judged, so that nobody else has to know Meta's JSON. How they are read
//! is in `envelope.rs` and the files it calls; who owns a `phone_number_id`, what is a duplicate and
//! what is too old to answer are the store's and the engine's business.

use chrono::{DateTime, Utc};

mod delivery_status;

pub use delivery_status::DeliveryStatus;

/// Everything that was found in one POST, in the order in which it stood there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// What was understood. Duplicates are kept: only the store knows all of them.
    pub items: Vec<Item>,
    /// What was not understood, in words for the log: places and kinds, never contents.
    pub odd: Vec<String>,
}

/// One thing a POST says. Each names the number it is about: route by that alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "deliveries are short, and most of what comes is messages")]
pub enum Item {
    /// A customer wrote.
    Message(Inbound),
    /// A human answered from the WhatsApp Business app (`smb_message_echoes`): never to be answered.
    Echo(Echo),
    /// What became of a message of ours.
    Status(StatusUpdate),
    /// A customer has a new number or user id.
    Rekey(Rekey),
    /// Meta reports an error that belongs to no message.
    Trouble(Trouble),
}

impl Item {
    /// Meta's id of the business number this is about; never empty.
    pub fn phone_number_id(&self) -> &str {
        match self {
            Self::Message(Inbound { phone_number_id, .. })
            | Self::Echo(Echo { phone_number_id, .. })
            | Self::Status(StatusUpdate { phone_number_id, .. })
            | Self::Rekey(Rekey { phone_number_id, .. })
            | Self::Trouble(Trouble { phone_number_id, .. }) => phone_number_id,
        }
    }
}

/// A message of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Meta's id of the number it was sent to.
    pub phone_number_id: String,
    /// Its id (`wamid…`), unique for its number.
    pub id: String,
    /// Who sent it.
    pub sender: Sender,
    /// When, as Meta says; to the second. `None` if what Meta says is no moment.
    pub sent_at: Option<DateTime<Utc>>,
    /// What it is.
    pub kind: MessageKind,
    /// What is to be answered or shown: body, caption, title of a button, text of an order or an edit, a
    /// place, a shared contact. Without control characters except `\n` and `\t`; at most 65,536 bytes;
    /// never blank.
    pub text: Option<String>,
    /// Our id of the button or row that was chosen, or a template button's payload.
    pub choice: Option<String>,
    /// Its file, if there is one that can be fetched.
    pub media: Option<MediaRef>,
    /// Id of the message it replies to; that it was forwarded makes it no reply.
    pub reply_to: Option<String>,
    /// Whether it was forwarded from another chat.
    pub forwarded: bool,
    /// The group it was written in; `None` in a chat of two.
    pub group_id: Option<String>,
    /// What to do with it.
    pub act: Act,
    /// The message as it came, as compact JSON.
    pub raw: String,
}

/// Who wrote. At least one of `phone` and `user_id` is there unless Meta named nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// Phone number as WhatsApp knows it (`wa_id`); opaque, see `identity::phone_key`.
    pub phone: Option<String>,
    /// Business-scoped user id, such as `US.13491208655302741918`: all there is of one who hides the number.
    pub user_id: Option<String>,
    /// User id for all businesses of one owner.
    pub parent_user_id: Option<String>,
    /// The name by which WhatsApp finds them.
    pub username: Option<String>,
    /// The name they gave themselves: one line of at most 120 characters.
    pub name: Option<String>,
}

impl Sender {
    /// By what they are known: the phone number, else the user id.
    pub fn key(&self) -> Option<&str> {
        self.phone.as_deref().or(self.user_id.as_deref())
    }
}

/// A file at Meta, to be fetched by its id within 7 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// Meta's id of it.
    pub id: String,
    /// Its type as the sender says, such as `audio/ogg; codecs=opus`.
    pub mime_type: Option<String>,
    /// SHA-256 of its bytes, in base64 or in hex.
    pub sha256: Option<String>,
    /// A document's name: without folders, control and direction characters; at most 120 characters.
    pub filename: Option<String>,
    /// Whether it was spoken into the phone.
    pub voice: bool,
    /// Whether it is a sticker that moves.
    pub animated: bool,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a message is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageKind {
            $($(#[$doc])* $name,)*
        }

        impl MessageKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name Meta, the store and the API use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// Text.
    Text = "text";
    /// A picture.
    Image = "image";
    /// A film.
    Video = "video";
    /// A voice note or other sound.
    Audio = "audio";
    /// A file.
    Document = "document";
    /// A sticker.
    Sticker = "sticker";
    /// A place.
    Location = "location";
    /// Shared contacts.
    Contacts = "contacts";
    /// A button of a template was pressed.
    Button = "button";
    /// A button, row or form of an interactive message was used.
    Interactive = "interactive";
    /// An emoji on another message.
    Reaction = "reaction";
    /// A shopping cart.
    Order = "order";
    /// WhatsApp itself tells something.
    System = "system";
    /// A customer opened the chat and wrote nothing yet.
    RequestWelcome = "request_welcome";
    /// Another message was changed.
    Edit = "edit";
    /// Another message was taken back.
    Revoke = "revoke";
    /// Something WhatsApp does not pass on to businesses.
    Unsupported = "unsupported";
    /// Anything else.
    Unknown = "unknown";
}

impl MessageKind {
    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// What to do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Answer `text`, which is there. If `choice` is one of our own ids, that says more than the text.
    Answer,
    /// Ask for the question in words: there is a file but no caption.
    AskForText,
    /// Transcribe `media`, which is there, and answer that; where nothing transcribes, ask for text.
    Transcribe,
    /// Say that it arrived.
    Acknowledge,
    /// Say, once, that it cannot be read.
    Unreadable,
    /// Greet, or do nothing.
    Welcome,
    /// Store it, and say nothing.
    Record,
    /// Note the reaction at the message it belongs to; never answer.
    React {
        /// The message.
        message_id: String,
        /// The emoji; `None` takes the sender's earlier one away.
        emoji: Option<String>,
    },
    /// Change the earlier message; no new answer.
    Edit {
        /// The message as it was called when it came.
        original_id: String,
        /// Its new text or caption, if it has one.
        text: Option<String>,
    },
    /// Mark the earlier message as taken back; no answer.
    Revoke {
        /// The message.
        original_id: String,
    },
}

/// What a human of the business wrote in the Business app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// Meta's id of the number it was sent from.
    pub phone_number_id: String,
    /// Its id.
    pub id: String,
    /// To whom: phone number or user id.
    pub to: Option<String>,
    /// Body or caption, cleaned like an inbound text.
    pub text: Option<String>,
    /// When.
    pub sent_at: Option<DateTime<Utc>>,
    /// It as it came, as compact JSON.
    pub raw: String,
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// Meta's id of the number it was sent from.
    pub phone_number_id: String,
    /// The message's id.
    pub id: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// To whom it was sent: phone number or user id.
    pub recipient: Option<String>,
    /// What we gave along when we sent it (`biz_opaque_callback_data`).
    pub callback_data: Option<String>,
    /// Why it failed.
    pub error: Option<GraphError>,
}

/// An error as the Graph API reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// Its number: decide by it. [`GraphError::NO_CODE`] if Meta sent none.
    pub code: i64,
    /// Its name; for people.
    pub title: Option<String>,
    /// What is behind it; may name the recipient.
    pub details: Option<String>,
}

impl GraphError {
    /// The code of an error that came without one; 0 is a code of Meta's.
    pub const NO_CODE: i64 = -1;
}

/// A customer is known by something else from now on. Applying it twice changes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekey {
    /// Meta's id of the number that was told.
    pub phone_number_id: String,
    /// The old number or user id; `None` if Meta does not say. Never the same as `to`.
    pub from: Option<String>,
    /// The new number or user id.
    pub to: String,
    /// Which of the two is new.
    pub kind: RekeyKind,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// What of a customer's identity changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RekeyKind {
    /// The phone number: `to` is a `wa_id`.
    Phone,
    /// The business-scoped user id: `to` is one.
    UserId,
}

/// An error that belongs to no message. Code 0 or 190: the access token is no good any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Meta's id of the number it is about.
    pub phone_number_id: String,
    /// The error.
    pub error: GraphError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_back() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::from_stored(kind.as_str()), Some(*kind));
        }
        assert_eq!(MessageKind::from_stored("voice"), None);
    }

    #[test]
    fn a_sender_is_known_by_the_number_first() {
        let mut sender = Sender { user_id: Some("US.1".into()), ..Sender::default() };
        assert_eq!(sender.key(), Some("US.1"));
        sender.phone = Some("5511987654321".into());
        assert_eq!(sender.key(), Some("5511987654321"));
        assert_eq!(Sender::default().key(), None);
    }
}
