//! No evidence, no answer. Pure.
//!
//! A hit counts when its cosine reaches the threshold and, together with the share of the question's
//! words that it has, leaves enough room above it. Cosine alone does not tell: a model gives middling
//! cosines to anything about the same business, and one that was not trained for the question's
//! language gives high ones to everything in it. So more is asked there, and words make up for it.

use super::Retrieved;
use crate::model::Hit;

/// How much a point of cosine above the threshold weighs against a point of coverage.
const COSINE_WEIGHT: f32 = 2.0;
/// Evidence needed from a model that reads the question's language. Chosen, as the next one, on
/// question sets of small businesses and of a university, with and without an answer.
const TRUSTED: f32 = 0.30;
/// Evidence needed from a model that does not.
const FOREIGN: f32 = 0.75;
/// A hit below the threshold is still shown to the answer, though it is no evidence, if it has this
/// share of the question's words.
const WORDS: f32 = 0.5;

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
    pub fn gate(mut self) -> Gated {
        let needed = if self.trusted { TRUSTED } else { FOREIGN };
        let threshold = self.threshold;
        let counts = |hit: &Hit| {
            hit.cosine >= threshold && hit.coverage + COSINE_WEIGHT * (hit.cosine - threshold) >= needed
        };
        if !self.hits.iter().any(counts) {
            return Gated::Nothing;
        }
        self.hits.retain(|hit| hit.cosine >= threshold || hit.coverage >= WORDS);
        Gated::Evidence(Evidence { question: self.question, terms: self.terms, hits: self.hits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChunkId, DocumentId};

    fn hit(cosine: f32, coverage: f32) -> Hit {
        Hit {
            chunk_id: ChunkId(uuid::Uuid::nil()),
            document_id: DocumentId(uuid::Uuid::nil()),
            chunk_index: 0,
            page_number: 1,
            filename: "a.md".into(),
            path: "/a.md".into(),
            heading: None,
            content: "texto".into(),
            cosine,
            bm25: 1.0,
            coverage,
            rank_score: 1.0,
        }
    }

    fn passes(trusted: bool, hits: Vec<Hit>) -> Option<usize> {
        let retrieved = Retrieved { question: "?".into(), hits, threshold: 0.35, trusted, terms: Vec::new() };
        match retrieved.gate() {
            Gated::Evidence(evidence) => Some(evidence.hits.len()),
            Gated::Nothing => None,
        }
    }

    #[test]
    fn a_cosine_below_the_threshold_is_never_evidence() {
        assert_eq!(passes(true, vec![hit(0.34, 1.0)]), None);
        assert_eq!(passes(true, Vec::new()), None);
    }

    #[test]
    fn a_clear_paraphrase_needs_no_shared_word_from_a_model_that_reads_the_language() {
        assert_eq!(passes(true, vec![hit(0.55, 0.0)]), Some(1));
        assert_eq!(passes(false, vec![hit(0.55, 0.0)]), None);
        assert_eq!(passes(false, vec![hit(0.55, 0.6)]), Some(1));
    }

    #[test]
    fn hits_far_from_the_question_stay_behind() {
        assert_eq!(passes(true, vec![hit(0.7, 0.5), hit(0.2, 0.1), hit(0.2, 0.8)]), Some(2));
    }
}
