//! A message as it goes over the wire.

use agent_core::model::{Author, Message, MessageStatus, Source};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::rag::SourceBody;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthorBody {
    /// The customer.
    Customer,
    /// The agent.
    Bot,
    /// A person of the business.
    Human,
    /// The product: notices and alerts.
    System,
}

impl From<Author> for AuthorBody {
    fn from(author: Author) -> Self {
        match author {
            Author::Customer => Self::Customer,
            Author::Bot => Self::Bot,
            Author::Human => Self::Human,
            Author::System => Self::System,
        }
    }
}

/// How far a message came.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatusBody {
    /// Came in.
    Received,
    /// Waits to be sent.
    Queued,
    /// Is being sent right now.
    Sending,
    /// Nobody knows whether it was sent: news is awaited.
    Unknown,
    /// WhatsApp has it.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was seen.
    Read,
    /// It will not arrive.
    Failed,
    /// It was never sent: something newer made it useless.
    Cancelled,
}

impl From<MessageStatus> for MessageStatusBody {
    fn from(status: MessageStatus) -> Self {
        match status {
            MessageStatus::Received => Self::Received,
            MessageStatus::Queued => Self::Queued,
            MessageStatus::Sending => Self::Sending,
            MessageStatus::Unknown => Self::Unknown,
            MessageStatus::Sent => Self::Sent,
            MessageStatus::Delivered => Self::Delivered,
            MessageStatus::Read => Self::Read,
            MessageStatus::Failed => Self::Failed,
            MessageStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageBody {
    /// Its id.
    id: Uuid,
    /// The conversation.
    conversation_id: Uuid,
    /// `inbound` or `outbound`.
    #[schema(example = "inbound")]
    direction: String,
    /// Who wrote it.
    author: AuthorBody,
    /// The person, if one of the business did and is known.
    user_id: Option<Uuid>,
    /// Meta's id of it.
    #[schema(example = "wamid.HBgN…")]
    whatsapp_message_id: Option<String>,
    /// `text`, `image`, `interactive`, …
    #[schema(example = "text")]
    message_type: String,
    /// Its text.
    content: String,
    /// Meta's id of the message it replies to.
    reply_to: Option<String>,
    /// How far it came.
    status: MessageStatusBody,
    /// Meta's number of what went wrong.
    error_code: Option<i64>,
    /// What went wrong.
    error_message: Option<String>,
    /// Whether it was answered from documents.
    is_from_rag: bool,
    /// From which; null if it was not.
    rag_sources: Option<Vec<SourceBody>>,
    /// How long answering took.
    processing_time_ms: Option<u32>,
    /// RFC 3339, UTC: by the customer's clock, or when WhatsApp took it.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
    /// RFC 3339, UTC: when the customer changed it.
    #[schema(format = DateTime)]
    edited_at: Option<String>,
    /// RFC 3339, UTC: when the customer took it back.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        let sources = |sources: Vec<Source>| sources.into_iter().map(SourceBody::from).collect();
        Self {
            id: message.id.0,
            conversation_id: message.conversation_id.0,
            direction: message.direction,
            author: message.author.into(),
            user_id: message.user_id.map(|u| u.0),
            whatsapp_message_id: message.whatsapp_message_id,
            message_type: message.message_type,
            content: message.content,
            reply_to: message.reply_to,
            status: message.status.into(),
            error_code: message.error_code,
            error_message: message.error_message,
            is_from_rag: message.is_from_rag,
            rag_sources: message.rag_sources.map(sources),
            processing_time_ms: message.processing_time_ms,
            sent_at: message.sent_at,
            edited_at: message.edited_at,
            revoked_at: message.revoked_at,
            created_at: message.created_at,
        }
    }
}
