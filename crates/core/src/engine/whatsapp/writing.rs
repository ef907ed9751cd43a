//! Writing as a person: from the text to the record that is sent, and news of it.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::super::Engine;
use super::desk::checked;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::payload::send_reply;
use crate::model::{Author, Conversation, ConversationId, MessageId, MessageStatus, UserId};
use crate::store::{NumberOwner, Part, Reply};
use crate::whatsapp::render::render_typed;
use crate::whatsapp::split::{LONGEST_TEXT, split};

/// Characters of what a person writes at once.
const LONGEST_MESSAGE: usize = 20_000;
/// Code of the error when the customer wrote too long ago.
pub(super) const WINDOW_CLOSED: &str = "window_closed";
/// How long a caller waits to learn that a message was sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message of a person to a customer.
#[derive(Debug, Clone, Default)]
pub struct ToSend {
    /// Phone number or user id.
    pub to: String,
    /// What to say.
    pub message: String,
    /// The name of the channel; needed if there are several.
    pub channel: Option<String>,
    /// Who writes, if known.
    pub user: Option<UserId>,
}

/// What became of a message within the time its writer waited.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Meta's id of the first part; absent while it waits.
    pub message_id: Option<String>,
    /// Ours.
    pub id: MessageId,
    /// The conversation it is in.
    pub conversation_id: ConversationId,
    /// How far it came.
    pub status: MessageStatus,
    /// RFC 3339, UTC.
    pub timestamp: String,
}

impl Engine {
    /// Writes to a customer as a person: the conversation is that person's from here on. `Conflict` with
    /// the code `window_closed` if the customer did not write for 24 hours.
    pub async fn send_message(&self, message: ToSend) -> Result<(ConversationId, Uuid)> {
        let (number, owner) = self.sending_channel(message.channel.as_deref()).await?;
        let to = message.to.trim().trim_start_matches('+').to_owned();
        if to.is_empty() {
            return Err(Error::invalid("`to` is empty: a phone number with country code is expected")
                .with_code("validation_failed")
                .with_field("to", "is empty"));
        }
        let conversation = self.parts.store.conversation_with(owner, number, to).await?;
        let reply = self.parts.clock.new_id();
        self.write_in(&conversation, message.message, Author::Human, message.user, reply).await?;
        Ok((conversation.id, reply))
    }

    /// The same in a conversation that is there.
    pub async fn write_as_person(
        &self,
        id: ConversationId,
        text: String,
        user: Option<UserId>,
    ) -> Result<Uuid> {
        let reply = self.parts.clock.new_id();
        self.write(id, text, Author::Human, user, reply).await?;
        Ok(reply)
    }

    pub(super) async fn write(
        &self,
        id: ConversationId,
        text: String,
        author: Author,
        user: Option<UserId>,
        reply: Uuid,
    ) -> Result<()> {
        let conversation = self.conversation(id).await?;
        self.write_in(&conversation, text, author, user, reply).await
    }

    async fn write_in(
        &self,
        conversation: &Conversation,
        text: String,
        author: Author,
        user: Option<UserId>,
        reply: Uuid,
    ) -> Result<()> {
        let text = checked("message", &text, LONGEST_MESSAGE)?;
        self.check_window(conversation)?;
        let parts: Vec<Part> =
            split(&render_typed(&text), LONGEST_TEXT).into_iter().map(Part::text).collect();
        if parts.is_empty() {
            let problem = "has nothing in it that WhatsApp shows";
            return Err(Error::invalid(format!("`message` {problem}"))
                .with_code("validation_failed")
                .with_field("message", problem));
        }
        self.record_reply(conversation, parts, author, user, reply).await
    }

    /// Writes what is in parts already.
    pub(super) async fn write_parts(
        &self,
        id: ConversationId,
        parts: Vec<Part>,
        author: Author,
        user: Option<UserId>,
        reply: Uuid,
    ) -> Result<()> {
        let conversation = self.conversation(id).await?;
        self.check_window(&conversation)?;
        self.record_reply(&conversation, parts, author, user, reply).await
    }

    fn check_window(&self, conversation: &Conversation) -> Result<()> {
        if self.may_write_freely(conversation) {
            return Ok(());
        }
        let text = "the customer did not write in the last 24 hours: WhatsApp takes only a template now";
        Err(Error::new(ErrorKind::Conflict, text).with_code(WINDOW_CLOSED))
    }

    async fn record_reply(
        &self,
        conversation: &Conversation,
        parts: Vec<Part>,
        author: Author,
        user: Option<UserId>,
        reply: Uuid,
    ) -> Result<()> {
        let organization = self.organization.id;
        let record = Reply {
            id: reply,
            conversation: conversation.id,
            author,
            user,
            reply_to: None,
            parts,
            answered: None,
            send: send_reply(organization, conversation.id, reply),
        };
        let (_, events) = self.parts.store.write_message(record).await?;
        self.parts.whatsapp.tell(events);
        Ok(())
    }

    /// Waits until a reply was sent, failed, or it takes too long to wait for.
    pub async fn until_sent(&self, conversation_id: ConversationId, reply: Uuid) -> Result<Sent> {
        let mut events = self.watch_inbox();
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            let parts = self.parts.store.reply_parts(reply).await?;
            let Some((id, _)) = parts.first() else {
                return Err(Error::internal("a message that was written is gone"));
            };
            let message = self.parts.store.message(self.organization.id, *id).await?;
            let message = message.ok_or_else(|| Error::internal("a message that was written is gone"))?;
            let open = matches!(
                message.status,
                MessageStatus::Queued | MessageStatus::Sending | MessageStatus::Unknown
            );
            let waiting = tokio::time::timeout_at(patience, async {
                loop {
                    match events.recv().await {
                        Ok(event) if event.message_id == Some(*id) => return,
                        Ok(_) => {}
                        // Some were missed: one of them may have been it.
                        Err(RecvError::Lagged(_)) => return,
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            });
            if open && waiting.await.is_ok() {
                continue;
            }
            // Another process may have sent it, of which no event comes.
            let latest = if open { self.parts.store.message(self.organization.id, *id).await? } else { None };
            let message = latest.unwrap_or(message);
            return Ok(Sent {
                message_id: message.whatsapp_message_id,
                id: *id,
                conversation_id,
                status: message.status,
                timestamp: message.sent_at.unwrap_or(message.created_at),
            });
        }
    }

    /// The number to send from, and whose it is.
    pub(super) async fn sending_channel(&self, name: Option<&str>) -> Result<(String, NumberOwner)> {
        let numbers = self.whatsapp_numbers().await?;
        let ours = |number: &str| numbers.get(number).filter(|o| o.organization == self.organization.id);
        let mut own = self.parts.config.whatsapp.channels.iter().filter_map(|(channel, config)| {
            Some((channel.as_str(), config.phone_number_id.clone(), *ours(&config.phone_number_id)?))
        });
        match name {
            Some(name) => own
                .find(|(channel, number, _)| *channel == name || number == name)
                .map(|(_, number, owner)| (number, owner))
                .ok_or_else(|| Error::not_found(format!("there is no channel `{name}`"))),
            None => match (own.next(), own.next()) {
                (Some((_, number, owner)), None) => Ok((number, owner)),
                (None, _) => Err(Error::config(
                    "no WhatsApp channel is configured: add a section [whatsapp.channels.<name>]",
                )),
                (Some(_), Some(_)) => Err(Error::invalid("there are several channels: name one")
                    .with_code("validation_failed")
                    .with_field("channel", "is needed: there are several")),
            },
        }
    }
}
