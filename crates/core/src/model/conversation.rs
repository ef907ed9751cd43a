//! Conversations on WhatsApp: who writes, what was said, and who answers.

use serde::{Deserialize, Serialize};

use super::{AgentId, ContactId, ConversationId, MessageId, NoteId, Source, UserId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name the store and the API use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads what `as_str` wrote.
            pub fn from_stored(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }
    };
}

words! {
    /// What a business makes of a conversation.
    ConversationStatus {
        /// Messages are answered.
        Active = "active",
        /// Put away; the next message brings it back.
        Archived = "archived",
        /// Messages are kept and never answered.
        Blocked = "blocked",
    }
}

words! {
    /// Who answers in a conversation.
    Hands {
        /// The agent.
        Bot = "bot",
        /// A person; the agent is silent.
        Human = "human",
    }
}

words! {
    /// Who wrote a message.
    Author {
        /// The customer.
        Customer = "customer",
        /// The agent.
        Bot = "bot",
        /// A person of the business.
        Human = "human",
        /// The product: notices and alerts.
        System = "system",
    }
}

words! {
    /// How far a message came.
    MessageStatus {
        /// Came in.
        Received = "received",
        /// Waits to be sent.
        Queued = "queued",
        /// Is being sent right now.
        Sending = "sending",
        /// Nobody knows whether it was sent: news is awaited.
        Unknown = "unknown",
        /// Meta has it.
        Sent = "sent",
        /// It is on the phone.
        Delivered = "delivered",
        /// It was seen.
        Read = "read",
        /// It will not arrive.
        Failed = "failed",
        /// It was never sent: something newer made it useless.
        Cancelled = "cancelled",
    }
}

/// A person who writes to the business.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The name they gave themselves.
    pub name: Option<String>,
    /// Their WhatsApp username.
    pub username: Option<String>,
    /// Phone number, digits only; absent if they hide it.
    pub phone: Option<String>,
    /// Business-scoped user id.
    pub user_id: Option<String>,
    /// RFC 3339, UTC: since when they want no messages.
    pub opted_out_at: Option<String>,
    /// RFC 3339, UTC: since when they are not answered.
    pub blocked_at: Option<String>,
}

impl Contact {
    /// What to call them in a list.
    pub fn label(&self) -> &str {
        let known = [&self.name, &self.username, &self.phone, &self.user_id];
        known.into_iter().flatten().map(String::as_str).find(|text| !text.is_empty()).unwrap_or("?")
    }
}

/// Something a contact is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactIdentifier {
    /// `phone`, `user_id` or `parent_user_id`.
    pub kind: String,
    /// As Meta gave it.
    pub value: String,
}

/// A contact with everything it is known by.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactDetails {
    /// Who.
    #[serde(flatten)]
    pub contact: Contact,
    /// Every number and id that leads here.
    pub identifiers: Vec<ContactIdentifier>,
    /// Their conversations, oldest first.
    pub conversations: Vec<ConversationId>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// A conversation as lists show it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Meta's id of the business number.
    pub phone_number_id: String,
    /// Who writes.
    pub contact: Contact,
    /// Who answers; the channel's agent if absent.
    pub agent_id: Option<AgentId>,
    /// Whether it is answered at all.
    pub status: ConversationStatus,
    /// By whom.
    pub state: Hands,
    /// Counts changes of hands and replies of people.
    pub state_version: u32,
    /// RFC 3339, UTC: since when a person has it.
    pub human_since: Option<String>,
    /// RFC 3339, UTC: since when the customer waits for a person, if nobody turned to them since.
    pub person_wanted_at: Option<String>,
    /// RFC 3339, UTC: since when everything goes to and from the owner's phone.
    pub relayed_at: Option<String>,
    /// RFC 3339, UTC: the customer's latest message.
    pub last_inbound_at: Option<String>,
    /// RFC 3339, UTC: the latest message.
    pub last_message_at: String,
    /// The beginning of it.
    pub last_text: String,
    /// Messages of the customer since the business last wrote.
    pub unread: u32,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// A message as the store keeps it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Who wrote it.
    pub author: Author,
    /// The person, if one of the business did and is known.
    pub user_id: Option<UserId>,
    /// Meta's id of it.
    pub whatsapp_message_id: Option<String>,
    /// `text`, `image`, …
    pub message_type: String,
    /// Its text.
    pub content: String,
    /// Meta's id of the message it replies to.
    pub reply_to: Option<String>,
    /// How far it came.
    pub status: MessageStatus,
    /// Meta's number of what went wrong.
    pub error_code: Option<i64>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// Whether it was answered from documents.
    pub is_from_rag: bool,
    /// From which.
    pub rag_sources: Option<Vec<Source>>,
    /// How long answering took.
    pub processing_time_ms: Option<u32>,
    /// RFC 3339, UTC: by the customer's clock, or when Meta took it.
    pub sent_at: Option<String>,
    /// RFC 3339, UTC.
    pub edited_at: Option<String>,
    /// RFC 3339, UTC.
    pub revoked_at: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// What people of the business tell each other about a conversation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// Who wrote it.
    pub user_id: Option<UserId>,
    /// Its text.
    pub content: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// Something happened in a conversation; for whoever watches the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxEvent {
    /// The organization it belongs to; not told.
    #[serde(skip)]
    pub organization_id: super::OrganizationId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// What happened.
    pub kind: InboxEventKind,
    /// The message it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
}

words! {
    /// What happened in a conversation.
    InboxEventKind {
        /// The customer wrote.
        Received = "message.received",
        /// Something was written to the customer.
        Written = "message.written",
        /// A message of ours came further, or failed.
        Status = "message.status",
        /// It changed hands, or was blocked or put away.
        Conversation = "conversation.changed",
    }
}
