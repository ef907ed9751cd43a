//! What is about to be said in a conversation, and everything it is made from.

use chrono::{DateTime, Utc};

use crate::config::{ChannelConfig, WhatsappConfig};
use crate::model::{Agent, Answer, Locale};
use crate::store::{LaneState, Part, Pending, Turnout, WINDOW};
use crate::whatsapp::split::{LONGEST_TEXT, split, utf16_len};
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

    /// Says a text of any length.
    pub fn saying_all(text: &str) -> Self {
        Self { parts: split(text, LONGEST_TEXT).into_iter().map(Part::text).collect(), ..Self::silence() }
    }

    /// Says `words` before everything else, unless what is said is no text. They stand in a line of their own: what
    /// follows may begin with a list, a quote or code. Where there is no room for them they are a part.
    pub fn after(mut self, words: &str) -> Self {
        let Some(first) = self.parts.first_mut().filter(|part| part.kind == "text") else { return self };
        let together = format!("{words}\n\n{}", first.text);
        if utf16_len(&together) <= LONGEST_TEXT {
            first.text = together;
        } else {
            self.parts.insert(0, Part::text(words));
        }
        self
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
    /// Whether everything was written more than 24 hours ago: then only a template would arrive.
    pub fn is_closed(&self) -> bool {
        let last = self.state.conversation.last_inbound_at.as_deref();
        let last = last.and_then(|at| at.parse::<DateTime<Utc>>().ok());
        let newest = self.state.pending.iter().map(|p| p.at).chain(last).max();
        newest.is_some_and(|at| self.now - at >= WINDOW)
    }

    pub fn locale(&self) -> Locale {
        self.agent.locale
    }

    /// Everything that was written, in order.
    pub fn texts(&self) -> impl Iterator<Item = &Pending> {
        self.state.pending.iter().filter(|p| p.act == "answer" && !p.text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_a_text_leave_its_form_and_its_length_alone() {
        let draft = Draft::saying_all("- um\n- dois").after("Desculpe!");
        assert_eq!(draft.parts, [Part::text("Desculpe!\n\n- um\n- dois")]);
        let long = "a".repeat(LONGEST_TEXT);
        let draft = Draft::saying_all(&long).after("Desculpe!");
        assert_eq!(draft.parts, [Part::text("Desculpe!"), Part::text(long)]);
        let draft = Draft::saying_all(&"palavra ".repeat(1000)).after("Desculpe!");
        assert!(draft.parts.iter().all(|part| utf16_len(&part.text) <= LONGEST_TEXT));
    }
}
