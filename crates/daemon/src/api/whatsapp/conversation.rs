//! A conversation and who it is with, as they go over the wire.

use agent_core::model::{Contact, Conversation, ConversationStatus, Hands};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What the business makes of a conversation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConversationStatusBody {
    /// Messages are answered.
    Active,
    /// Put away; the next message brings it back.
    Archived,
    /// Messages are kept and never answered.
    Blocked,
}

impl From<ConversationStatus> for ConversationStatusBody {
    fn from(status: ConversationStatus) -> Self {
        match status {
            ConversationStatus::Active => Self::Active,
            ConversationStatus::Archived => Self::Archived,
            ConversationStatus::Blocked => Self::Blocked,
        }
    }
}

impl From<ConversationStatusBody> for ConversationStatus {
    fn from(status: ConversationStatusBody) -> Self {
        match status {
            ConversationStatusBody::Active => Self::Active,
            ConversationStatusBody::Archived => Self::Archived,
            ConversationStatusBody::Blocked => Self::Blocked,
        }
    }
}

/// Who answers in a conversation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HandsBody {
    /// The agent.
    Bot,
    /// A person; the agent is silent.
    Human,
}

impl From<Hands> for HandsBody {
    fn from(hands: Hands) -> Self {
        match hands {
            Hands::Bot => Self::Bot,
            Hands::Human => Self::Human,
        }
    }
}

impl From<HandsBody> for Hands {
    fn from(hands: HandsBody) -> Self {
        match hands {
            HandsBody::Bot => Self::Bot,
            HandsBody::Human => Self::Human,
        }
    }
}

/// Who writes to the business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactBody {
    /// Its id.
    id: Uuid,
    /// The name they gave themselves.
    name: Option<String>,
    /// Their WhatsApp username.
    username: Option<String>,
    /// Phone number, digits only; null if they hide it.
    phone: Option<String>,
    /// Meta's id of them, for this business only.
    user_id: Option<String>,
    /// RFC 3339, UTC: since when they want no messages.
    #[schema(format = DateTime)]
    opted_out_at: Option<String>,
    /// RFC 3339, UTC: since when they are not answered.
    #[schema(format = DateTime)]
    blocked_at: Option<String>,
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        Self {
            id: contact.id.0,
            name: contact.name,
            username: contact.username,
            phone: contact.phone,
            user_id: contact.user_id,
            opted_out_at: contact.opted_out_at,
            blocked_at: contact.blocked_at,
        }
    }
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationBody {
    /// Its id.
    id: Uuid,
    /// Meta's id of the business number.
    phone_number_id: String,
    /// Who writes.
    contact: ContactBody,
    /// Who answers; the channel's agent if null.
    agent_id: Option<Uuid>,
    /// Whether it is answered at all.
    status: ConversationStatusBody,
    /// By whom.
    state: HandsBody,
    /// RFC 3339, UTC: since when a person has it.
    #[schema(format = DateTime)]
    human_since: Option<String>,
    /// RFC 3339, UTC: since when the customer waits for a person, if nobody turned to them since.
    #[schema(format = DateTime)]
    person_wanted_at: Option<String>,
    /// RFC 3339, UTC: since when everything goes to and from the owner's phone.
    #[schema(format = DateTime)]
    relayed_at: Option<String>,
    /// RFC 3339, UTC: the customer's latest message. What is not a template can be sent for 24 hours from
    /// then.
    #[schema(format = DateTime)]
    last_inbound_at: Option<String>,
    /// RFC 3339, UTC: the latest message.
    #[schema(format = DateTime)]
    last_message_at: String,
    /// The beginning of it.
    last_text: String,
    /// Messages of the customer since the business last wrote.
    unread: u32,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Conversation> for ConversationBody {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.0,
            phone_number_id: conversation.phone_number_id,
            contact: conversation.contact.into(),
            agent_id: conversation.agent_id.map(|a| a.0),
            status: conversation.status.into(),
            state: conversation.state.into(),
            human_since: conversation.human_since,
            person_wanted_at: conversation.person_wanted_at,
            relayed_at: conversation.relayed_at,
            // The store leaves an empty text where two were merged and neither customer wrote.
            last_inbound_at: conversation.last_inbound_at.filter(|time| !time.is_empty()),
            last_message_at: conversation.last_message_at,
            last_text: conversation.last_text,
            unread: conversation.unread,
            created_at: conversation.created_at,
        }
    }
}
