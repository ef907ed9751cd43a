//! What became of a message that a person wrote, as far as its writer waited for it.

use agent_core::engine::Sent;
use agent_core::model::{ConversationId, MessageStatus};
use agent_core::store::WINDOW_CLOSED;
use agent_core::{Engine, Error, ErrorKind};
use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::message::MessageStatusBody;
use crate::response::{Problem, Reply};

/// What became of a message. A long one is sent in parts: this is of the first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentBody {
    /// Meta's id of it; null while it waits.
    #[schema(example = "wamid.HBgN…")]
    message_id: Option<String>,
    /// How far it came.
    status: MessageStatusBody,
    /// RFC 3339, UTC: when WhatsApp took it, or when it was written.
    #[schema(format = DateTime)]
    timestamp: String,
    /// Our id of it.
    id: Uuid,
    /// The conversation it is in.
    conversation_id: Uuid,
}

impl From<Sent> for SentBody {
    fn from(sent: Sent) -> Self {
        Self {
            message_id: sent.message_id,
            status: sent.status.into(),
            timestamp: sent.timestamp,
            id: sent.id.0,
            conversation_id: sent.conversation_id.0,
        }
    }
}

/// Waits for what becomes of a reply that was written: 200 once it is sent, 202 if it takes longer than
/// anybody should wait.
pub(super) async fn outcome(
    engine: &Engine,
    conversation: ConversationId,
    reply: Uuid,
) -> Reply<(StatusCode, Json<SentBody>)> {
    let sent = engine.until_sent(conversation, reply).await?;
    let status = match sent.status {
        MessageStatus::Failed | MessageStatus::Cancelled => return Err(unsent(engine, &sent).await?),
        MessageStatus::Queued | MessageStatus::Sending | MessageStatus::Unknown => StatusCode::ACCEPTED,
        MessageStatus::Received | MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read => {
            StatusCode::OK
        }
    };
    Ok((status, Json(sent.into())))
}

/// Why it was not sent. What WhatsApp says of it goes to who wrote it, and not to the log.
async fn unsent(engine: &Engine, sent: &Sent) -> Reply<Problem> {
    let message = engine.store().message(engine.organization().id, sent.id).await?;
    let (number, words) = message.map_or((None, None), |m| (m.error_code, m.error_message));
    let why =
        words.unwrap_or_else(|| "it was withdrawn, as happens to a conversation that is blocked".into());
    let code = if number == Some(WINDOW_CLOSED) { "window_closed" } else { "send_failed" };
    let error = Error::new(ErrorKind::Conflict, format!("the message was not sent: {why}"));
    Ok(Problem(error.with_code(code)))
}
