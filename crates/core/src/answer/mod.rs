//! From a question to an answer with citations, or a refusal.
//!
//! Each step is a type, so that none can be left out: [`Question`] → [`Retrieved`] (`retrieve.rs`) →
//! [`Gated`] (`gate.rs`: no evidence, no answer) → [`Draft`] (`compose.rs`: a chat model with the
//! prompt of `prompt.rs`, or the best sentences of `extractive.rs`; markers by `citation.rs`, numbers
//! checked by `guard.rs`). Around it: `history.rs` and `rewrite.rs` for conversations, `cache_key.rs` for
//! what makes two questions the same, `cost.rs` for what answering took, `wish.rs` for what a model may decide
//! instead of answering. Texts that customers read are in `wording/` and nowhere else.

mod cache_key;
mod citation;
mod compose;
mod cost;
mod extractive;
mod gate;
mod guard;
mod history;
mod prompt;
mod retrieve;
mod rewrite;
mod rows;
mod unsure;
mod wish;

use crate::model::{Hit, Locale, Outcome, SearchMode};

pub use crate::wording::answers::refusal;
pub use cache_key::{Asked, cache_key};
pub use compose::{Writing, compose};
pub use cost::Tokens;
pub use gate::{Evidence, Gated};
pub use history::within_budget;
pub use retrieve::{Retrieved, Retriever};
pub use rewrite::{in_context, rewrite_request, rewritten};
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
    /// What to search for instead, if the question leans on a conversation.
    pub search: Option<String>,
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
        }
    }

    /// Whether it says that nothing was found.
    pub fn is_refusal(&self) -> bool {
        self.outcome == Outcome::Refused
    }
}
