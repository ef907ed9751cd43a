//! Talking to an agent without WhatsApp: what a customer would read there, and nothing is sent.
//!
//! What is said is decided by the lane's own rules (`lane.rs`). What a conversation remembers from one
//! message to the next (who has it, whether messages are wanted, how often nothing was found) is kept here
//! in memory instead of in the inbox: nobody is told, and no list shows it. Questions are kept and counted
//! like all others.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::Engine;
use super::draft::{Case, Draft};
use crate::clock::format_timestamp;
use crate::config::ChannelConfig;
use crate::error::{Error, Result};
use crate::model::{
    Agent, AgentId, Contact, ContactId, Conversation, ConversationId, ConversationStatus, Hands, MessageId,
};
use crate::store::{LaneState, Part, Pending, Seen};

/// A conversation with an agent that takes place here.
pub struct Chat {
    state: LaneState,
    /// The number it would take place on, without what could send from it.
    channel: ChannelConfig,
    agent: Agent,
    /// Id and title of the buttons below what was said last.
    buttons: Vec<(String, String)>,
}

impl Chat {
    /// Who answers.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Whose turn it is: once a person was called, the agent is silent.
    pub fn hands(&self) -> Hands {
        self.state.conversation.state
    }

    /// Whether no messages are wanted.
    pub fn wants_silence(&self) -> bool {
        self.state.conversation.contact.opted_out_at.is_some()
    }

    /// What was written, as the lane finds it. Whoever writes what stands on a button presses it.
    fn heard(&self, text: &str, id: MessageId, at: DateTime<Utc>) -> Pending {
        let written = text.trim().to_lowercase();
        let pressed = self.buttons.iter().find(|(_, title)| title.to_lowercase() == written);
        let (kind, details) = match pressed {
            Some((button, title)) => {
                let reply = json!({ "id": button, "title": title });
                ("interactive", json!({ "interactive": { "button_reply": reply } }))
            }
            None => ("text", json!({})),
        };
        Pending {
            id,
            whatsapp_id: String::new(),
            kind: kind.to_owned(),
            act: "answer".to_owned(),
            text: text.to_owned(),
            details: details.to_string(),
            quoted: None,
            at,
        }
    }

    /// What is true once this was said, and what of it is read.
    fn said(&mut self, draft: Draft, now: DateTime<Utc>) -> Vec<String> {
        let Draft { parts, turnout, .. } = draft;
        let state = &mut self.state;
        state.pending.clear();
        state.refusals = turnout.refusals;
        if turnout.hand_over {
            state.conversation.state = Hands::Human;
            state.human_seen_at = Some(now);
        } else if turnout.release {
            state.conversation.state = Hands::Bot;
            state.human_seen_at = None;
        }
        if let Some(out) = turnout.opted_out {
            state.conversation.contact.opted_out_at = out.then(|| format_timestamp(now));
        }
        // Silence leaves the buttons where they are.
        if let Some(last) = parts.last() {
            self.buttons = buttons(last);
            state.last_said = Some(last.details.clone());
        }
        parts.iter().map(shown).collect()
    }
}

impl Engine {
    /// Begins a conversation with an agent of this business, the default one if none is named, as it would
    /// be on the first channel where that agent answers: with its hours, and with its sources or without.
    pub async fn begin_chat(&self, agent: Option<AgentId>) -> Result<Chat> {
        let agent = match agent {
            Some(id) => self.agent(id).await?,
            None => self.parts.store.default_agent(self.organization.id).await?.ok_or_else(|| {
                Error::not_found(
                    "there is no default agent: `agentctl agents update NAME --default` makes one",
                )
            })?,
        };
        let channel = self.channel_to_play(&agent).await?;
        let clock = &self.parts.clock;
        let now = clock.timestamp();
        let conversation = Conversation {
            id: ConversationId(clock.new_id()),
            phone_number_id: channel.phone_number_id.clone(),
            contact: Contact {
                id: ContactId(clock.new_id()),
                name: None,
                username: None,
                phone: None,
                user_id: None,
                opted_out_at: None,
                blocked_at: None,
            },
            agent_id: Some(agent.id),
            status: ConversationStatus::Active,
            state: Hands::Bot,
            state_version: 0,
            human_since: None,
            person_wanted_at: None,
            relayed_at: None,
            last_inbound_at: Some(now.clone()),
            last_message_at: now.clone(),
            last_text: String::new(),
            unread: 0,
            created_at: now,
        };
        let state = LaneState {
            organization: self.organization.id,
            conversation,
            seen: Seen { state_version: 0, inbound_count: 0 },
            due_at: None,
            refusals: 0,
            human_seen_at: None,
            relay_to: None,
            last_said: None,
            relay_chosen_at: None,
            pending: Vec::new(),
        };
        Ok(Chat { state, channel, agent, buttons: Vec::new() })
    }

    /// What a customer reads who writes this: nothing, or one message and more, with the buttons of each
    /// below it.
    ///
    /// Fails, where a customer would hear later that a person was called, if no answer can be made.
    pub async fn chat_reply(&self, chat: &mut Chat, text: &str) -> Result<Vec<String>> {
        let clock = &self.parts.clock;
        let now = clock.now();
        chat.state.pending = vec![chat.heard(text, MessageId(clock.new_id()), now)];
        let case = Case {
            state: &chat.state,
            channel: &chat.channel,
            config: &self.parts.config.whatsapp,
            agent: chat.agent.clone(),
            now,
        };
        let draft = self.draft(&case).await?;
        if draft.answered.is_some() {
            // What is said here is never sent, which is when answers to customers are counted.
            self.parts.store.count_answered(self.organization.id).await?;
        }
        Ok(chat.said(draft, now))
    }

    /// The channel where an agent answers, or one with nothing of its own.
    async fn channel_to_play(&self, agent: &Agent) -> Result<ChannelConfig> {
        let numbers = self.whatsapp_numbers().await?;
        let answers = |number: &str| {
            numbers.get(number).is_some_and(|owner| {
                owner.organization == self.organization.id
                    && owner.agent.map_or(agent.is_default, |id| id == agent.id)
            })
        };
        let mut channels = self.parts.config.whatsapp.channels.values();
        let channel = match channels.find(|channel| answers(&channel.phone_number_id)) {
            Some(channel) => channel.clone(),
            None => serde_json::from_value(json!({ "phone_number_id": "0" }))
                .map_err(|e| Error::internal("a channel needs more than its number").with_source(e))?,
        };
        // Without a token not even a read receipt is sent; without an owner nobody is taken for them.
        Ok(ChannelConfig { access_token: None, owner: None, ..channel })
    }
}

/// A message as it is read.
fn shown(part: &Part) -> String {
    let buttons: Vec<String> = buttons(part).into_iter().map(|(_, title)| format!("[{title}]")).collect();
    if buttons.is_empty() { part.text.clone() } else { format!("{}\n{}", part.text, buttons.join(" ")) }
}

/// Id and title of each button of a message, or of each row of its list.
fn buttons(part: &Part) -> Vec<(String, String)> {
    let details: Value = serde_json::from_str(&part.details).unwrap_or_default();
    let text = |button: &Value, key: &str| button[key].as_str().unwrap_or_default().to_owned();
    let rows = details.pointer("/list/rows").unwrap_or(&details["buttons"]);
    let buttons = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    buttons.iter().map(|button| (text(button, "id"), text(button, "title"))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::people::with_person_button;
    use super::*;
    use crate::clock::ManualClock;
    use crate::config::{Config, ConfigSources};
    use crate::model::Locale;
    use crate::store::Turnout;
    use crate::wording::whatsapp as wording;

    const PT: Locale = Locale::Portuguese;

    async fn engine() -> (Engine, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = Some(folder.path().join("data"));
        let config = Config::load(&ConfigSources { data_dir, ..ConfigSources::default() }).unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-22T12:30:00Z".parse().unwrap()));
        (Engine::init_with(config, None, clock).await.unwrap().0, folder)
    }

    async fn reply(engine: &Engine, chat: &mut Chat, text: &str) -> Vec<String> {
        engine.chat_reply(chat, text).await.unwrap()
    }

    #[tokio::test]
    async fn once_a_person_is_called_the_agent_is_silent() {
        let (engine, _folder) = engine().await;
        let mut chat = engine.begin_chat(None).await.unwrap();
        assert_eq!(chat.hands(), Hands::Bot);
        assert_eq!(reply(&engine, &mut chat, "quero um atendente").await, [wording::handed_over(PT)]);
        assert_eq!(chat.hands(), Hands::Human);
        assert_eq!(reply(&engine, &mut chat, "que horas abre?").await, [""; 0]);
    }

    #[tokio::test]
    async fn whoever_wants_silence_has_it_until_they_want_it_no_more() {
        let (engine, _folder) = engine().await;
        let mut chat = engine.begin_chat(None).await.unwrap();
        assert_eq!(reply(&engine, &mut chat, "Parar!").await, [wording::stopped(PT, "voltar")]);
        assert!(chat.wants_silence());
        assert_eq!(reply(&engine, &mut chat, "que horas abre?").await, [""; 0]);
        assert_eq!(reply(&engine, &mut chat, "voltar").await, [wording::started(PT)]);
        assert!(!chat.wants_silence());
    }

    #[tokio::test]
    async fn a_button_is_shown_and_pressed_by_writing_what_stands_on_it() {
        let (engine, _folder) = engine().await;
        let mut chat = engine.begin_chat(None).await.unwrap();
        let parts = vec![with_person_button("Não encontrei.".to_owned(), PT)];
        let draft = Draft { parts, answered: None, turnout: Turnout::default(), need: None };
        let read = chat.said(draft, engine.clock().now());
        assert_eq!(read, [format!("Não encontrei.\n[{}]", wording::call_a_person(PT))]);
        let pressed = wording::call_a_person(PT).to_uppercase();
        assert_eq!(reply(&engine, &mut chat, &pressed).await, [wording::handed_over(PT)]);
    }
}
