//! A scenario: who writes what, how Meta delivers it, and how the Graph API misbehaves.
//!
//! Scenarios are TOML files; `scenario/everyday.toml` shows every key. This file is what they mean and whether
//! they make sense; playing them is `run.rs`.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::manner::GraphManner;
use crate::mark::MOST_MESSAGES;
use crate::message::{Message, Wants};

/// The scenarios that come along, by name.
const BUILT_IN: [(&str, &str); 4] = [
    ("everyday", include_str!("scenario/everyday.toml")),
    ("all-types", include_str!("scenario/all-types.toml")),
    ("rough-delivery", include_str!("scenario/rough-delivery.toml")),
    ("graph-trouble", include_str!("scenario/graph-trouble.toml")),
];

/// Customers at most: their numbers have four digits of their own.
const MOST_CUSTOMERS: usize = 10_000;

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub description: String,
    /// How many customers write, each in a conversation of their own.
    #[serde(default = "one")]
    pub customers: usize,
    /// How many of them at the same time.
    #[serde(default = "some")]
    pub at_once: usize,
    /// How often each goes through the steps.
    #[serde(default = "one")]
    pub rounds: usize,
    /// Share of customers whose phone number is hidden from businesses, 0 to 1.
    #[serde(default)]
    pub hidden_numbers: f64,
    /// Whether every message has a word of its own that the answer repeats. Then nothing is left to guess,
    /// but the agent has to be one that repeats such words.
    #[serde(default)]
    pub marks: bool,
    /// Share of questions whose answer is not waited for before the next one; needs `marks`.
    #[serde(default)]
    pub impatient: f64,
    /// Milliseconds between the messages of a step.
    #[serde(default = "pause")]
    pub pause_ms: u64,
    /// Seconds that an answer is waited for.
    #[serde(default = "patience")]
    pub patience_seconds: u64,
    /// Milliseconds without a further answer after which none is expected any more.
    #[serde(default = "settle")]
    pub settle_ms: u64,
    /// How Meta delivers what customers write.
    #[serde(default)]
    pub delivery: Delivery,
    /// What the Graph API has and does.
    #[serde(default)]
    pub graph: GraphManner,
    /// What each customer does, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// How webhooks are delivered. All shares are 0 to 1.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Share of webhooks that come twice.
    pub duplicates: f64,
    /// Share of steps after which an earlier webhook of the customer comes once more.
    pub redeliveries: f64,
    /// Share of steps whose webhooks come in any order.
    pub reordered: f64,
    /// Share of steps whose messages come in one webhook.
    pub together: f64,
}

/// Messages that follow each other: one question, if they ask anything.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The messages.
    pub messages: Vec<Message>,
    /// What the customer expects; by the types of the messages if absent.
    #[serde(default)]
    pub expect: Option<Wants>,
    /// Texts that the answer has to have.
    #[serde(default)]
    pub contains: Vec<String>,
}

impl Step {
    /// What the customer expects.
    pub fn wants(&self) -> Wants {
        let by_types = || {
            let all = || self.messages.iter().map(Message::wants);
            if all().any(|wants| wants == Wants::Answer) {
                Wants::Answer
            } else if all().any(|wants| wants == Wants::Either) {
                Wants::Either
            } else {
                Wants::Silence
            }
        };
        self.expect.unwrap_or_else(by_types)
    }
}

/// Why a scenario cannot be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError(pub(crate) String);

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Reads a scenario; files that it names lie beside `folder`.
    ///
    /// # Errors
    /// If it is not TOML, does not fit, or names a file that cannot be read.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ScenarioError> {
        let mut scenario: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ScenarioError(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
        })?;
        scenario.check()?;
        scenario.graph.load(folder)?;
        Ok(scenario)
    }

    /// Names and descriptions of the scenarios that come along.
    pub fn built_in() -> Vec<(&'static str, String)> {
        let all = BUILT_IN.iter().map(|(name, _)| (*name, Self::named(name)));
        all.filter_map(|(name, scenario)| Some((name, scenario?.description))).collect()
    }

    /// A scenario that comes along.
    pub fn named(name: &str) -> Option<Self> {
        Self::parse(Self::source(name)?, Path::new("")).ok()
    }

    /// The file of a scenario that comes along, to begin one's own with.
    pub fn source(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
    }

    /// Messages that each customer sends.
    pub fn messages_each(&self) -> usize {
        self.rounds * self.steps.iter().map(|step| step.messages.len()).sum::<usize>()
    }

    /// Whether it makes sense; `parse` has asked already.
    ///
    /// # Errors
    /// With what does not.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let refuse = |text: &str| Err(ScenarioError(text.to_owned()));
        let shares = [
            ("hidden_numbers", self.hidden_numbers),
            ("impatient", self.impatient),
            ("delivery.duplicates", self.delivery.duplicates),
            ("delivery.redeliveries", self.delivery.redeliveries),
            ("delivery.reordered", self.delivery.reordered),
            ("delivery.together", self.delivery.together),
        ];
        for (name, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                return refuse(&format!("{name} is a share: 0 to 1"));
            }
        }
        if !(1..=MOST_CUSTOMERS).contains(&self.customers) {
            return refuse(&format!("customers: 1 to {MOST_CUSTOMERS}"));
        }
        if self.at_once == 0 || self.rounds == 0 {
            return refuse("at_once and rounds: 1 or more");
        }
        if self.steps.is_empty() || self.steps.iter().any(|step| step.messages.is_empty()) {
            return refuse("there is no [[step]], or one without messages");
        }
        if self.impatient > 0.0 && !self.marks {
            return refuse("impatient needs marks: without them nobody knows which question was answered");
        }
        if self.marks && self.messages_each() > MOST_MESSAGES {
            return refuse(&format!("with marks a customer writes {MOST_MESSAGES} messages at most"));
        }
        self.graph.check()
    }
}

fn one() -> usize {
    1
}

fn some() -> usize {
    50
}

fn pause() -> u64 {
    200
}

fn patience() -> u64 {
    60
}

fn settle() -> u64 {
    2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Scenario, ScenarioError> {
        Scenario::parse(text, Path::new(""))
    }

    #[test]
    fn what_comes_along_can_be_played() {
        let names: Vec<_> = Scenario::built_in().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), BUILT_IN.len(), "{names:?}");
        for (name, source) in BUILT_IN {
            let scenario = parsed(source).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!scenario.description.is_empty() && scenario.messages_each() > 0);
        }
        assert!(Scenario::named("nonsense").is_none());
    }

    #[test]
    fn a_step_wants_what_its_messages_want() {
        let text = "description = 'x'\n[[step]]\nmessages = ['Oi', { type = 'sticker' }]\n\
                    [[step]]\nmessages = [{ type = 'sticker' }]\n[[step]]\nmessages = [{ type = 'welcome' }]\n\
                    [[step]]\nmessages = ['parar']\nexpect = 'silence'";
        let wants: Vec<Wants> = parsed(text).unwrap().steps.iter().map(Step::wants).collect();
        assert_eq!(wants, [Wants::Answer, Wants::Silence, Wants::Either, Wants::Silence]);
    }

    #[test]
    fn a_mistake_is_named() {
        let with = |line: &str| format!("description = 'x'\n{line}\n[[step]]\nmessages = ['Oi']\n");
        for (line, named) in [
            ("customers = 0", "customers"),
            ("impatient = 0.5", "marks"),
            ("hidden_numbers = 2.0", "hidden_numbers"),
            ("custmers = 3", "custmers"),
            ("rounds = 0", "rounds"),
        ] {
            let error = parsed(&with(line)).unwrap_err().to_string();
            assert!(error.contains(named), "{line}: {error}");
        }
        let unknown = parsed("description = 'x'\n[[step]]\nmessages = [{ type = 'telepathy' }]").unwrap_err();
        assert!(unknown.to_string().contains("telepathy"), "{unknown}");
        assert!(parsed("description = 'x'\nstep = []").is_err());
    }
}
