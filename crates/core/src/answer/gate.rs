//! No evidence, no answer. Pure.
//!
//! A hit counts when the share of the question's words that it has, and how much nearer it is than the
//! threshold, together reach a bound. Cosine alone does not tell: a model gives middling cosines to anything
//! about the same business, and one that was not trained for a language gives high ones to everything in it. So
//! there the cosine weighs less, and words have to make up for it.

use super::Retrieved;
use crate::model::{Hit, Locale};
use crate::text::{Days, QueryTerm, detect};

/// What is asked of a hit.
struct Bound {
    /// What coverage and cosine have to reach together.
    evidence: f32,
    /// How much a point of cosine above the threshold weighs against a point of coverage.
    cosine: f32,
    /// How much a point below it does.
    below: f32,
    /// How far below the threshold a hit may lie.
    lenience: f32,
}

/// Where the model reads question and passage. Chosen, as the next one, on question sets of small businesses
/// and of a university, with and without an answer.
const READ: Bound = Bound { evidence: 0.45, cosine: 2.5, below: 2.5, lenience: 0.10 };
/// Where it does not.
const FOREIGN: Bound = Bound { evidence: 0.75, cosine: 1.0, below: 0.0, lenience: f32::INFINITY };
/// How much a point of cosine weighs at least above a threshold that was lowered.
const LOWERED: f32 = 2.0;
/// A hit below the threshold is still shown to the answer, though it is no evidence, if it has this
/// share of the question's words.
const WORDS: f32 = 0.5;

/// What passed the gate.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The question's text.
    pub question: String,
    /// Distinct terms of the question, with what they weigh.
    pub terms: Vec<QueryTerm>,
    /// The language that the documents are expected in.
    pub language: Locale,
    /// The days that it is about.
    pub days: Days,
    /// Hits: first those that are evidence by themselves, at least one, then what else was found; each best
    /// first.
    pub hits: Vec<Hit>,
    /// How many of them are evidence.
    pub sure: usize,
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
        let threshold = self.threshold;
        let counts = |hit: &Hit| {
            let bound = if self.is_read(hit) { READ } else { FOREIGN };
            // Who asks for less than the model's threshold wants to see more.
            let lowered = self.least.filter(|least| *least < threshold);
            let nearer = hit.cosine - lowered.unwrap_or(threshold);
            let cosine = if lowered.is_some() { bound.cosine.max(LOWERED) } else { bound.cosine };
            let weight = if nearer > 0.0 { cosine } else { bound.below };
            let floor = self.least.unwrap_or(threshold - bound.lenience);
            hit.cosine >= floor && hit.coverage + weight * nearer >= bound.evidence
        };
        // Without terms nothing was asked: a greeting, a row of emoji.
        if self.terms.is_empty() {
            return Gated::Nothing;
        }
        let (mut hits, rest): (Vec<Hit>, Vec<Hit>) = self.hits.iter().cloned().partition(counts);
        let sure = hits.len();
        if sure == 0 {
            return Gated::Nothing;
        }
        hits.extend(rest.into_iter().filter(|hit| hit.cosine >= threshold || hit.coverage >= WORDS));
        Gated::Evidence(Evidence {
            question: self.question,
            terms: self.terms,
            language: self.language,
            days: self.days,
            hits,
            sure,
        })
    }

    /// Whether the model reads both the question and the hit: only then do cosines tell much.
    fn is_read(&self, hit: &Hit) -> bool {
        let passage = detect(&hit.content, self.language);
        self.reads.contains(&passage) && self.asked_in.is_none_or(|asked| asked == passage)
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

    fn retrieved(trusted: bool, hits: Vec<Hit>) -> Retrieved {
        let language = Locale::Portuguese;
        let terms = crate::text::query_terms("prazo", language);
        let reads = if trusted { vec![language] } else { Vec::new() };
        let asked_in = Some(language);
        Retrieved {
            question: "?".into(),
            hits,
            threshold: 0.35,
            least: None,
            reads,
            asked_in,
            terms,
            language,
            days: Days::NONE,
        }
    }

    fn passes(trusted: bool, hits: Vec<Hit>) -> Option<usize> {
        match retrieved(trusted, hits).gate() {
            Gated::Evidence(evidence) => Some(evidence.hits.len()),
            Gated::Nothing => None,
        }
    }

    #[test]
    fn a_cosine_far_below_the_threshold_is_never_evidence_from_a_model_that_reads_the_language() {
        assert_eq!(passes(true, vec![hit(0.20, 1.0)]), None);
        assert_eq!(passes(true, vec![hit(0.34, 0.3)]), None);
        assert_eq!(passes(true, vec![hit(0.34, 1.0)]), Some(1));
        assert_eq!(passes(true, Vec::new()), None);
    }

    #[test]
    fn words_alone_are_evidence_where_the_model_does_not_read_the_language() {
        assert_eq!(passes(false, vec![hit(0.05, 0.8)]), Some(1));
        assert_eq!(passes(false, vec![hit(0.60, 0.4)]), None);
    }

    #[test]
    fn a_clear_paraphrase_needs_no_shared_word_from_a_model_that_reads_the_language() {
        assert_eq!(passes(true, vec![hit(0.55, 0.0)]), Some(1));
        assert_eq!(passes(false, vec![hit(0.55, 0.0)]), None);
        assert_eq!(passes(false, vec![hit(0.55, 0.6)]), Some(1));
    }

    #[test]
    fn what_asks_nothing_is_not_answered() {
        let greeting = Retrieved { terms: Vec::new(), ..retrieved(true, vec![hit(0.9, 1.0)]) };
        assert!(matches!(greeting.gate(), Gated::Nothing));
    }

    #[test]
    fn evidence_comes_before_what_is_only_ranked_higher() {
        let Gated::Evidence(evidence) = retrieved(false, vec![hit(0.40, 0.50), hit(0.50, 0.70)]).gate()
        else {
            panic!("the second is evidence")
        };
        assert_eq!((evidence.sure, evidence.hits.len()), (1, 2));
        assert!(evidence.hits[0].cosine > evidence.hits[1].cosine);
    }

    #[test]
    fn a_least_score_of_the_callers_is_a_floor_and_a_low_one_opens_the_gate() {
        let asked = |least, hit| Retrieved { least: Some(least), ..retrieved(true, vec![hit]) }.gate();
        assert!(matches!(asked(0.5, hit(0.45, 1.0)), Gated::Nothing));
        assert!(matches!(asked(0.1, hit(0.05, 1.0)), Gated::Nothing));
        assert!(matches!(asked(0.0, hit(0.30, 0.0)), Gated::Evidence(_)), "nothing is asked for");
    }

    #[test]
    fn hits_far_from_the_question_stay_behind() {
        assert_eq!(passes(true, vec![hit(0.7, 0.5), hit(0.2, 0.1), hit(0.2, 0.8)]), Some(2));
    }
}
