//! No evidence, no answer.
//!
//! A hit counts when its cosine reaches the threshold. A model that was not trained for the question's
//! language gives high cosines to anything, so there the hit must also have the question's words.

use super::Retrieved;
use crate::model::Hit;

/// Least share of the question's words for a hit found with a model that does not read its language.
const FOREIGN_COVERAGE: f32 = 0.5;
/// The same for a model that does: a paraphrase may share few words, but with a middling cosine it
/// must share some.
const TRUSTED_COVERAGE: f32 = 0.5;
/// Cosine above the threshold by this much needs no shared word.
const CLEAR_MARGIN: f32 = 0.15;

/// What passed the gate.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The question's text.
    pub question: String,
    /// Distinct words of the question.
    pub terms: Vec<String>,
    /// Hits, best first; at least one of them is evidence by itself.
    pub hits: Vec<Hit>,
}

/// The gate's word.
#[derive(Debug, Clone)]
pub enum Gated {
    /// There is something to answer from.
    Evidence(Evidence),
    /// There is not.
    Nothing,
}

impl Retrieved {
    /// Lets the question through if a hit is evidence; hits far from the question are left behind.
    pub fn gate(self) -> Gated {
        let near: Vec<Hit> = self
            .hits
            .into_iter()
            .filter(|hit| hit.cosine >= self.threshold || hit.coverage >= FOREIGN_COVERAGE)
            .collect();
        let trusted = self.trusted;
        let threshold = self.threshold;
        let counts = |hit: &Hit| {
            let words = if trusted { TRUSTED_COVERAGE } else { FOREIGN_COVERAGE };
            hit.cosine >= threshold
                && (hit.coverage >= words || (trusted && hit.cosine >= threshold + CLEAR_MARGIN))
        };
        if near.iter().any(counts) {
            Gated::Evidence(Evidence { question: self.question, terms: self.terms, hits: near })
        } else {
            Gated::Nothing
        }
    }
}
