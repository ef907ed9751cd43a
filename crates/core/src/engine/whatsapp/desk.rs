//! What people of the business see and do: lists, messages, search, notes, taking conversations over and
//! giving them back. Writing is in `writing.rs`.

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::Engine;
use crate::error::{Error, Result};
use crate::jobs::payload::answer_conversation;
use crate::model::{
    AgentId, AlertPath, Conversation, ConversationId, ConversationStatus, Hands, Message, MessageId, Note,
    UserId,
};
use crate::store::{ConversationFilter, Numbers};

/// Entries on a page at most.
const MOST: u32 = 100;
/// Characters of a note at most.
const LONGEST_NOTE: usize = 10_000;

/// Rows that one transaction removes or changes at most.
const BATCH: u32 = 500;

/// What tidying conversations did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Webhooks that were kept long enough.
    pub webhooks: u64,
    /// Conversations that people left alone, given back to the agent.
    pub given_back: u64,
}

/// A business number and how it does.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelInfo {
    /// Its name in the configuration.
    pub name: String,
    /// Meta's id of it.
    pub phone_number_id: String,
    /// `ok`, `paused`, `broken`, `failing` if the last try did not reach Meta, or `not_tried`.
    pub status: &'static str,
    /// Why, if it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// RFC 3339, UTC: since when it is broken, until when it pauses, or when the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// RFC 3339, UTC: when Meta last took something from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_worked_at: Option<String>,
    /// How people of the business are told that a customer needs them.
    pub alerts: Vec<AlertPath>,
    /// Whether anybody would be told now, or watches the inbox.
    pub reachable: bool,
}

impl Engine {
    /// A page of conversations, latest first, and how many there are (10,000 at most are counted). An
    /// agent's are all in which it answers: those of its own, and those of the numbers that are its own,
    /// or, for the default agent, nobody's.
    pub async fn conversations(
        &self,
        mut filter: ConversationFilter,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<Conversation>, u64)> {
        let limit = limit.clamp(1, MOST.into());
        if let Some(agent) = filter.agent {
            filter.agent_numbers = self.numbers_of(agent).await?;
        }
        self.parts.store.conversations(self.organization.id, filter, page.max(1), limit).await
    }

    /// Where an agent answers in conversations that name none: see `agent_of` in `lane.rs`.
    async fn numbers_of(&self, agent: AgentId) -> Result<Numbers> {
        let numbers = self.whatsapp_numbers().await?;
        let default = self.parts.store.default_agent(self.organization.id).await?;
        if default.is_some_and(|default| default.id == agent) {
            let others = numbers.iter().filter(|(_, owner)| owner.agent.is_some_and(|a| a != agent));
            return Ok(Numbers::AllBut(others.map(|(number, _)| number.clone()).collect()));
        }
        let own = numbers.iter().filter(|(_, owner)| owner.agent == Some(agent));
        Ok(Numbers::Only(own.map(|(number, _)| number.clone()).collect()))
    }

    /// A conversation by id.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation> {
        self.parts.store.conversation(self.organization.id, id).await?.ok_or_else(|| missing(id))
    }

    /// Its messages, newest first; those before `before` if given.
    pub async fn conversation_messages(
        &self,
        id: ConversationId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.conversation(id).await?;
        self.parts.store.messages(self.organization.id, id, before, limit.clamp(1, MOST)).await
    }

    /// The latest messages with every word of `text`.
    pub async fn search_messages(&self, text: &str, limit: u32) -> Result<Vec<Message>> {
        self.parts.store.search_messages(self.organization.id, text.to_owned(), limit.clamp(1, MOST)).await
    }

    /// Everything that is kept of a conversation, as JSON.
    pub async fn export_conversation(&self, id: ConversationId) -> Result<Value> {
        let conversation = self.conversation(id).await?;
        let (mut messages, mut before) = (Vec::new(), None);
        loop {
            let page = self.parts.store.messages(self.organization.id, id, before, MOST).await?;
            let Some(oldest) = page.last() else { break };
            before = Some(oldest.id);
            messages.extend(page);
        }
        messages.reverse();
        let notes = self.notes(id).await?;
        Ok(json!({ "conversation": conversation, "messages": messages, "notes": notes }))
    }

    /// Puts a conversation into other hands. Taken by a person, what the agent was about to say is not
    /// said.
    pub async fn hand_over(&self, id: ConversationId, to: Hands) -> Result<()> {
        let event = self.parts.store.hand_over(self.organization.id, id, to, answer_conversation).await?;
        self.parts.whatsapp.tell([event.ok_or_else(|| missing(id))?]);
        Ok(())
    }

    /// Blocks, puts away or reopens a conversation.
    pub async fn set_conversation_status(
        &self,
        id: ConversationId,
        status: ConversationStatus,
    ) -> Result<()> {
        let event = self.parts.store.set_conversation_status(self.organization.id, id, status).await?;
        self.parts.whatsapp.tell([event.ok_or_else(|| missing(id))?]);
        Ok(())
    }

    /// Says that a person has seen what the customer wrote: nothing of it is unread. The customer is not
    /// told.
    pub async fn mark_conversation_read(&self, id: ConversationId) -> Result<()> {
        let event = self.parts.store.mark_conversation_read(self.organization.id, id).await?;
        self.parts.whatsapp.tell([event.ok_or_else(|| missing(id))?]);
        Ok(())
    }

    /// Adds a note that only people of the business see.
    pub async fn add_note(&self, id: ConversationId, user: Option<UserId>, text: &str) -> Result<Note> {
        let text = checked("content", text, LONGEST_NOTE)?;
        let note = self.parts.store.add_note(self.organization.id, id, user, text).await?;
        note.ok_or_else(|| missing(id))
    }

    /// The notes of a conversation, oldest first.
    pub async fn notes(&self, id: ConversationId) -> Result<Vec<Note>> {
        self.parts.store.notes(self.organization.id, id).await
    }

    /// Removes webhooks that were kept long enough, and gives conversations back that people left alone.
    pub async fn tidy_conversations(&self) -> Result<Tidied> {
        let (config, now, store) = (&self.parts.config.whatsapp, self.parts.clock.now(), &self.parts.store);
        let mut done = Tidied::default();
        let before = now - TimeDelta::days(config.keep_webhooks_days.into());
        loop {
            let removed = store.forget_webhooks(before, BATCH).await?;
            done.webhooks += removed;
            if removed < BATCH.into() {
                break;
            }
        }
        store.forget_alerts(before).await?;
        let hours = i64::try_from(config.human_hours).unwrap_or_default();
        if hours > 0 {
            let abandoned = store.abandoned_by_people(now - TimeDelta::hours(hours), BATCH).await?;
            for (organization, id, number, waits) in abandoned {
                let hours = config.channel_of(&number).and_then(|(_, channel)| channel.hours.as_ref());
                // Until people come, nobody has left anybody alone.
                if waits && hours.is_some_and(|hours| !hours.is_open(now)) {
                    continue;
                }
                let event = store.resume(organization, id, answer_conversation).await?;
                done.given_back += u64::from(event.is_some());
                self.parts.whatsapp.tell(event);
            }
        }
        Ok(done)
    }

    /// Every business number and how it does.
    pub async fn channels(&self) -> Result<Vec<ChannelInfo>> {
        let troubles = self.parts.store.channel_troubles().await?;
        let checks = self.parts.store.channel_checks().await?;
        let now = self.parts.clock.timestamp();
        let mut channels = Vec::new();
        for (name, channel) in &self.parts.config.whatsapp.channels {
            let trouble = troubles.iter().find(|t| t.phone_number_id == channel.phone_number_id);
            let broken = trouble.filter(|t| t.broken_since.is_some());
            let paused = trouble.filter(|t| t.paused_until.as_ref().is_some_and(|until| *until > now));
            let check = checks.iter().find(|check| check.phone_number_id == channel.phone_number_id);
            let check = check.cloned().unwrap_or_default();
            let (status, reason, time) = match (broken, paused) {
                (Some(t), _) => ("broken", t.reason.clone(), t.broken_since.clone()),
                (None, Some(t)) => ("paused", None, t.paused_until.clone()),
                (None, None) if check.failed_at > check.worked_at => {
                    ("failing", check.failure, check.failed_at)
                }
                (None, None) if check.worked_at.is_none() => ("not_tried", None, None),
                (None, None) => ("ok", None, None),
            };
            let (name, phone_number_id) = (name.clone(), channel.phone_number_id.clone());
            let last_worked_at = check.worked_at;
            let alerts = self.alert_paths(channel, self.parts.clock.now()).await?;
            let reachable = channel.watched || alerts.iter().any(|path| path.usable);
            channels.push(ChannelInfo {
                name,
                phone_number_id,
                status,
                reason,
                time,
                last_worked_at,
                alerts,
                reachable,
            });
        }
        Ok(channels)
    }
}

pub(super) fn checked(field: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    let problem = if text.is_empty() {
        Some("is empty".to_owned())
    } else if text.chars().count() > most {
        Some(format!("is longer than {most} characters"))
    } else {
        None
    };
    match problem {
        None => Ok(text.to_owned()),
        Some(problem) => Err(Error::invalid(format!("`{field}` {problem}"))
            .with_code("validation_failed")
            .with_field(field, problem)),
    }
}

pub(super) fn missing(id: ConversationId) -> Error {
    Error::not_found(format!("there is no conversation {id}"))
}
