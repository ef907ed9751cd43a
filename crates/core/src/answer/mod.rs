//! From a question to an answer with citations, or a refusal.
//!
//! Each step is a type, so that none can be left out: [`Question`] → [`Retrieved`] (`retrieve.rs`) →
//! [`Gated`] (`gate.rs`: no evidence, no answer) → [`Draft`] (`compose.rs`: a chat model with the
//! prompt of `prompt.rs`, or the best sentences of `extractive.rs`; markers by `citation.rs`).
//! Texts that customers read are in `texts.rs` and nowhere else.

mod citation;
mod compose;
mod extractive;
mod gate;
mod prompt;
mod retrieve;
mod texts;

use crate::model::{Hit, Locale, SearchMode};

pub use compose::compose;
pub use gate::{Evidence, Gated};
pub use retrieve::{Retrieved, Retriever};
pub use texts::refusal;

/// Name under which extractive answers are recorded.
pub const EXTRACTIVE: &str = "extractive";
/// Recorded as the model of a refusal: none was asked.
pub const NO_MODEL: &str = "none";

/// Longest question, in characters: WhatsApp's own limit of a text.
pub const LONGEST_QUESTION: usize = 4096;

/// A question, checked.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// Chunks to find.
    pub top_k: usize,
    /// Cosine from which a chunk counts as evidence; the model's own if absent.
    pub min_score: Option<f32>,
    /// How to look.
    pub mode: SearchMode,
}

/// A drafted answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The text, its citations numbered from 1 in the order of `cited`.
    pub text: String,
    /// The hits the text cites; empty for a refusal.
    pub cited: Vec<Hit>,
    /// Who wrote it.
    pub model: String,
    /// Tokens charged for.
    pub tokens_used: u64,
}

impl Draft {
    /// Says in the agent's language that nothing was found.
    pub fn refusal(locale: Locale, model: &str, tokens_used: u64) -> Self {
        Self { text: refusal(locale).to_owned(), cited: Vec::new(), model: model.to_owned(), tokens_used }
    }

    /// Whether it says that nothing was found.
    pub fn is_refusal(&self) -> bool {
        self.cited.is_empty()
    }
}
