//! `[answer]`: how answers read.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Problem, Section};
use crate::model::Locale;

/// `[answer]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerConfig {
    /// Language of our own texts for agents that set none.
    pub locale: Locale,
    /// Where the business is, as an IANA name: what "today" and "now" mean on channels without hours of their own.
    pub timezone: String,
    /// Tokens of earlier questions and answers that a chat model is shown, at most; estimated.
    pub history_tokens: usize,
    /// Earlier questions and answers of a conversation that are looked at; 0: every question stands alone.
    pub history_turns: usize,
    /// How long an answer is given again to the same question, in seconds; 0: never.
    pub cache_seconds: u64,
}

impl Section for AnswerConfig {
    const NAME: &'static str = "answer";

    fn validate(&self) -> Result<(), Problem> {
        if self.timezone.parse::<Tz>().is_err() {
            let text =
                format!("`{}` is not a time zone: names as America/Sao_Paulo are accepted", self.timezone);
            return Err(Problem::new("timezone", text));
        }
        Problem::unless_within("history_tokens", &self.history_tokens, 0..=100_000)?;
        Problem::unless_within("history_turns", &self.history_turns, 0..=50)?;
        Problem::unless_within("cache_seconds", &self.cache_seconds, 0..=86_400)
    }
}

impl AnswerConfig {
    /// The time zone; that of the default configuration if it cannot be read, which loading has ruled out.
    pub fn zone(&self) -> Tz {
        self.timezone.parse().unwrap_or(Tz::America__Sao_Paulo)
    }
}
