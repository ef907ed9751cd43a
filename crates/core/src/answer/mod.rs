//! From a question to an answer with citations, or a refusal.
//!
//! Each step is a type, so that none can be left out: [`Question`] → [`Retrieved`] (`retrieve.rs`) →
//! [`Gated`] (`gate.rs`: no evidence, no answer) → [`Draft`] (`compose.rs`: a chat model with the
//! prompt of `prompt.rs` made to fit by `fitting.rs`, or the best sentences of `extractive.rs`; what the
//! model's text comes to by `citation.rs` with `markers.rs`, `thoughts.rs` and `no_answer.rs`, numbers
//! checked by `guard.rs`). Around it: `history.rs` and `rewrite.rs` for conversations, `cache_key.rs` for
//! what makes two questions the same, `cost.rs` for what answering took, `moment.rs` for what "today" is, `wish.rs` for what a model may decide
//! instead of answering. Texts that customers read are in `wording/` and nowhere else.

mod cache_key;
mod citation;
mod compose;
mod cost;
mod extractive;
mod fitting;
mod gate;
mod guard;
mod history;
mod markers;
mod moment;
mod no_answer;
mod prompt;
mod retrieve;
mod rewrite;
mod rows;
mod thoughts;
mod unsure;
mod weights;
mod wish;

use crate::model::{Hit, Locale, Outcome, SearchMode};
use crate::text::Days;

pub use crate::wording::answers::refusal;
use crate::wording::courtesy::{offer, request};
pub use cache_key::{Asked, cache_key};
pub use compose::{Writing, compose};
pub use cost::Tokens;
pub use gate::{Evidence, Gated};
pub use history::within_budget;
pub use moment::Moment;
pub use retrieve::{Retrieved, Retriever};
pub use rewrite::{Context, Earlier, context_of, rewrite_request, rewritten};
pub use wish::Wish;

/// Name under which extractive answers are recorded.
pub const EXTRACTIVE: &str = "extractive";
/// Recorded as the model of a refusal and of a courtesy, whoever decided: no model wrote the text.
pub const NO_MODEL: &str = "none";

/// Longest question, in characters: WhatsApp's own limit of a text.
pub const LONGEST_QUESTION: usize = 4096;

/// A question, checked.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// What to search for instead, if a chat model made it self-contained.
    pub search: Option<String>,
    /// Words of the conversation that it leans on, searched for beside its own.
    pub context: Option<String>,
    /// The days that it means by "today", "tomorrow", "now".
    pub days: Days,
    /// The message that it quotes.
    pub quoted: Option<String>,
    /// Chunks to find.
    pub top_k: usize,
    /// Cosine from which a chunk counts as evidence; the model's own if absent.
    pub min_score: Option<f32>,
    /// How to look.
    pub mode: SearchMode,
}

impl Question {
    /// What to search for.
    pub fn search_text(&self) -> &str {
        self.search.as_deref().unwrap_or(&self.text)
    }
}

/// A drafted answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The text, its citations numbered from 1 in the order of `cited`.
    pub text: String,
    /// What became of the question.
    pub outcome: Outcome,
    /// The hits the text cites; empty for a refusal.
    pub cited: Vec<Hit>,
    /// Who wrote it.
    pub model: String,
    /// Tokens charged for.
    pub tokens: Tokens,
    /// What is to be done instead of saying it.
    pub wish: Option<Wish>,
    /// Whether it quotes because the chat model gave no answer.
    pub fallback: bool,
}

impl Draft {
    /// Does something instead of answering.
    pub fn wish(wish: Wish, locale: Locale, model: &str, tokens: Tokens) -> Self {
        Self {
            text: wish.text(locale).to_owned(),
            outcome: wish.outcome(),
            cited: Vec::new(),
            model: model.to_owned(),
            tokens,
            wish: Some(wish),
            fallback: false,
        }
    }

    /// Says in the agent's language that nothing was found. `tokens` are what a chat model took that was asked.
    pub fn refusal(locale: Locale, tokens: Tokens) -> Self {
        Self {
            text: refusal(locale).to_owned(),
            outcome: Outcome::Refused,
            cited: Vec::new(),
            model: NO_MODEL.to_owned(),
            tokens,
            wish: None,
            fallback: false,
        }
    }

    /// The draft, or the offer of a person in place of a refusal and below an answer.
    #[must_use]
    pub fn for_a_deed(self, locale: Locale) -> Self {
        match self.outcome {
            Outcome::Refused => Self::request(locale, self.tokens),
            Outcome::Answered => self.with_offer(locale),
            Outcome::Courtesy | Outcome::Request => self,
        }
    }

    /// Offers a person to somebody who wants something done of which the documents say nothing.
    fn request(locale: Locale, tokens: Tokens) -> Self {
        Self { text: request(locale).to_owned(), outcome: Outcome::Request, ..Self::refusal(locale, tokens) }
    }

    /// Offers a person after what the documents say of something that is to be done.
    fn with_offer(mut self, locale: Locale) -> Self {
        self.text = format!("{}\n\n{}", self.text, offer(locale));
        self.outcome = Outcome::Request;
        self
    }

    /// Whether it says that nothing was found.
    pub fn is_refusal(&self) -> bool {
        self.outcome == Outcome::Refused
    }
}
