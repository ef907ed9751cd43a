//! What is about to be said in a conversation, and everything it is made from.

use chrono::{DateTime, Utc};

use crate::config::{ChannelConfig, WhatsappConfig};
use crate::model::{Agent, Answer, Locale};
use crate::store::{LaneState, Part, Pending, Turnout};
use crate::wording::whatsapp::Need;

/// What to say, and what is true then.
pub(super) struct Draft {
    pub parts: Vec<Part>,
    /// The answer it was made from.
    pub answered: Option<Answer>,
    pub turnout: Turnout,
    /// Whom a person is needed for.
    pub need: Option<Need>,
}

impl Draft {
    /// Says nothing.
    pub fn silence() -> Self {
        Self { parts: Vec::new(), answered: None, turnout: Turnout::default(), need: None }
    }

    /// Says one thing.
    pub fn saying(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::text(text)], ..Self::silence() }
    }

    /// Says what a customer can tap on.
    pub fn showing(part: Part) -> Self {
        Self { parts: vec![part], ..Self::silence() }
    }

    /// Says one thing and calls a person.
    pub fn calling(text: impl Into<String>, need: Need) -> Self {
        let turnout = Turnout { hand_over: true, ..Turnout::default() };
        Self { turnout, need: Some(need), ..Self::saying(text) }
    }
}

/// Everything a draft is made from.
pub(super) struct Case<'a> {
    pub state: &'a LaneState,
    pub channel: &'a ChannelConfig,
    pub config: &'a WhatsappConfig,
    pub agent: Agent,
    pub now: DateTime<Utc>,
}

impl Case<'_> {
    pub fn locale(&self) -> Locale {
        self.agent.locale
    }

    /// Everything that was written, in order.
    pub fn texts(&self) -> impl Iterator<Item = &Pending> {
        self.state.pending.iter().filter(|p| p.act == "answer" && !p.text.trim().is_empty())
    }
}
