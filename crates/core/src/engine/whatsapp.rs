//! Conversations on WhatsApp: from a customer's message to the right answer.
//!
//! `webhooks.rs` lets messages in, `lane.rs` answers what a conversation holds, `answering.rs` makes the
//! answer's parts, `menu.rs` offers choices, `calling.rs` calls a person and says what is true then, `reach.rs` knows
//! who can be told and `alerting.rs` tells them, `people.rs` has what they press and `relay.rs` the conversations on
//! the owner's phone, `sending.rs` sends, and `attaching.rs` files, and `desk.rs` and `writing.rs` are what people of the business see and do,
//! `templates.rs` what may be sent at any time, and `chat.rs` the agent without WhatsApp. What Meta's JSON means is in `crate::whatsapp`, the
//! tables are in `store/inbox.rs`, `store/replies.rs` and `store/sending.rs`.

mod alert_template;
mod alerting;
mod answering;
mod attaching;
mod calling;
mod chat;
mod checks;
mod courtesy;
mod desk;
mod draft;
mod excerpt;
mod lane;
mod menu;
mod opening;
mod pace;
mod people;
mod reach;
mod relay;
mod sending;
mod templates;
mod webhooks;
mod words;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{OnceCell, broadcast};

use super::Engine;
use crate::clock::SharedClock;
use crate::config::{ChannelConfig, Config};
use crate::error::{Error, Result};
use crate::llm::Transcriber;
use crate::model::{Agent, InboxEvent};
use crate::net::Breaker;
use crate::notify::Notifier;
use crate::store::NumberOwner;
use crate::whatsapp::client::{GraphClient, GraphConfig, Number};
use pace::Pace;

pub use alert_template::{ALERT_TEMPLATE, CreatedTemplate};
pub use chat::Chat;
pub use checks::{ChannelStep, ChannelTest, CheckOutcome};
pub use desk::ChannelInfo;
pub use lane::{Dealt, Effort};
pub(super) use menu::check_menu;
pub use templates::{ChannelTemplate, TemplateToSend};
pub use webhooks::Refused;
pub use writing::{Sent, ToSend};

/// Name of the Graph API in health reports.
pub(super) const GRAPH: &str = "whatsapp";

/// Events that a watcher may fall behind by before it misses some.
const WATCHED: usize = 1024;

/// What conversations on WhatsApp need.
pub(super) struct Whatsapp {
    graph: GraphClient,
    /// Whose each number is, looked up when first needed.
    numbers: OnceCell<Arc<BTreeMap<String, NumberOwner>>>,
    /// What hears voice notes, if anything does.
    transcriber: Option<Transcriber>,
    pace: Pace,
    /// When each number was last seen to work.
    seen: checks::Seen,
    /// What tells people of the business outside WhatsApp.
    notifier: Notifier,
    /// Since when webhooks can come: before, nobody was there to take them.
    since: DateTime<Utc>,
    events: broadcast::Sender<InboxEvent>,
}

impl Whatsapp {
    pub(super) fn new(config: &Config, breaker: Arc<Breaker>, clock: SharedClock) -> Result<Self> {
        let notifier = Notifier::new(&config.alerts)?;
        let config = &config.whatsapp;
        let graph = GraphConfig {
            base_url: config.base_url.clone(),
            version: config.api_version.clone(),
            media_hosts: config.media_hosts.clone(),
            timeout: Duration::from_secs(config.timeout_seconds),
        };
        Ok(Self {
            since: clock.now(),
            graph: GraphClient::new(graph, breaker, clock)?,
            numbers: OnceCell::new(),
            transcriber: Transcriber::new(&config.transcription)?,
            pace: Pace::default(),
            seen: checks::Seen::default(),
            notifier,
            events: broadcast::Sender::new(WATCHED),
        })
    }

    pub(super) fn tell(&self, events: impl IntoIterator<Item = InboxEvent>) {
        for event in events {
            // Nobody may be watching.
            let _ = self.events.send(event);
        }
    }
}

impl Engine {
    /// What happens in the inbox of this business from here on; events of others are to be left out by
    /// their organization.
    pub fn watch_inbox(&self) -> broadcast::Receiver<InboxEvent> {
        self.parts.whatsapp.events.subscribe()
    }

    /// Whose each configured number is. Fails if an organization or agent that the configuration names is
    /// not there.
    pub async fn whatsapp_numbers(&self) -> Result<Arc<BTreeMap<String, NumberOwner>>> {
        let look_up = || async {
            let mut numbers = BTreeMap::new();
            for (name, channel) in &self.parts.config.whatsapp.channels {
                numbers.insert(channel.phone_number_id.clone(), self.owner_of(name, channel).await?);
            }
            Ok::<_, Error>(Arc::new(numbers))
        };
        self.parts.whatsapp.numbers.get_or_try_init(look_up).await.map(Arc::clone)
    }

    async fn owner_of(&self, name: &str, channel: &ChannelConfig) -> Result<NumberOwner> {
        let store = &self.parts.store;
        let organization = match &channel.organization {
            None => store.organization().await?.map(|o| o.id),
            Some(slug) => store.organization_by_slug(slug.clone()).await?,
        };
        let organization = organization.ok_or_else(|| {
            let slug = channel.organization.as_deref().unwrap_or_default();
            Error::config(format!("whatsapp.channels.{name}.organization: there is no organization `{slug}`"))
        })?;
        let agent = match &channel.agent {
            None => None,
            Some(agent) => {
                let found = store.agent_by_name(organization, agent).await?;
                Some(found.ok_or_else(|| {
                    Error::config(format!(
                        "whatsapp.channels.{name}.agent: there is no agent `{agent}`: `agentctl agents list` shows them"
                    ))
                })?)
            }
        };
        Ok(NumberOwner { organization, agent: agent.map(|a: Agent| a.id) })
    }

    /// The configuration of a business number.
    fn channel(&self, phone_number_id: &str) -> Result<&ChannelConfig> {
        let found = self.parts.config.whatsapp.channel_of(phone_number_id);
        found.map(|(_, channel)| channel).ok_or_else(|| {
            Error::not_found(format!(
                "no channel of the configuration has the phone_number_id {phone_number_id}"
            ))
        })
    }
}

impl ChannelConfig {
    /// What the Graph API is called with.
    pub(super) fn number(&self) -> Result<Number> {
        let access_token = self.access_token.clone();
        let access_token = access_token.ok_or_else(|| Error::config("the channel has no access_token"))?;
        Ok(Number { phone_number_id: self.phone_number_id.clone(), access_token })
    }
}
