//! The order of candidates from both sides. Pure.
//!
//! A weighted sum of scores, each brought to 0..1 within this list (a convex combination keeps how
//! much better a candidate is, which reciprocal ranks throw away). The weight of the vector side says
//! how far the model is trusted in the question's language. The side of words is BM25 and coverage in equal
//! parts: BM25 alone lets a word that is repeated outweigh one that is missing.

use super::Candidate;

/// How far each side is trusted; together 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the cosine.
    pub vector: f32,
}

impl Weights {
    /// For a model that reads the language. Measured on Portuguese and English question sets.
    pub const TRUSTED: Self = Self { vector: 0.7 };
    /// For a model that does not: words decide, vectors break ties.
    pub const FOREIGN: Self = Self { vector: 0.15 };
    /// Vectors alone.
    pub const VECTOR_ONLY: Self = Self { vector: 1.0 };
    /// Words alone.
    pub const TEXT_ONLY: Self = Self { vector: 0.0 };
}

/// Share of BM25 in the side of words.
const BM25: f32 = 0.5;

/// A candidate with what it is ranked by.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// The candidate.
    pub candidate: Candidate,
    /// 0 to 1; comparable only within one list.
    pub score: f32,
}

/// Orders candidates, each with the share of the question it covers (0 to 1), best first. Equal scores keep
/// the order of ids, so that the same question has the same answer twice.
pub fn fuse(candidates: Vec<(Candidate, f32)>, weights: Weights) -> Vec<Ranked> {
    let most = |values: &dyn Fn(&Candidate) -> f32| {
        candidates.iter().map(|(c, _)| values(c)).fold(f32::MIN, f32::max)
    };
    let least = candidates.iter().map(|(c, _)| c.cosine).fold(f32::MAX, f32::min);
    let (best_cosine, best_bm25) = (most(&|c| c.cosine), most(&|c| c.bm25));
    let span = (best_cosine - least).max(f32::EPSILON);
    let mut ranked: Vec<Ranked> = candidates
        .into_iter()
        .map(|(candidate, coverage)| {
            let near = (candidate.cosine - least) / span;
            let bm25 = if best_bm25 > 0.0 { candidate.bm25 / best_bm25 } else { 0.0 };
            let words = BM25 * bm25 + (1.0 - BM25) * coverage;
            let score = weights.vector * near + (1.0 - weights.vector) * words;
            Ranked { candidate, score }
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then_with(|| a.candidate.chunk_id.cmp(&b.candidate.chunk_id))
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChunkId;

    fn candidate(id: u128, cosine: f32, bm25: f32) -> (Candidate, f32) {
        (Candidate { chunk_id: ChunkId(uuid::Uuid::from_u128(id)), cosine, bm25 }, bm25 / 10.0)
    }

    fn order(candidates: Vec<(Candidate, f32)>, weights: Weights) -> Vec<u128> {
        fuse(candidates, weights).into_iter().map(|r| r.candidate.chunk_id.0.as_u128()).collect()
    }

    #[test]
    fn the_weights_decide_between_the_sides() {
        let both = || vec![candidate(1, 0.9, 1.0), candidate(2, 0.3, 10.0), candidate(3, 0.2, 0.0)];
        assert_eq!(order(both(), Weights::VECTOR_ONLY), [1, 2, 3]);
        assert_eq!(order(both(), Weights::TEXT_ONLY)[0], 2);
        assert_eq!(order(both(), Weights::FOREIGN)[0], 2);
    }

    #[test]
    fn what_both_sides_like_comes_first() {
        let list = vec![candidate(1, 0.80, 0.0), candidate(2, 0.78, 9.0), candidate(3, 0.10, 10.0)];
        assert_eq!(order(list, Weights::TRUSTED)[0], 2);
    }

    #[test]
    fn a_word_that_is_repeated_does_not_outweigh_one_that_is_missing() {
        let (repeats, _) = candidate(1, 0.5, 10.0);
        let (covers, _) = candidate(2, 0.5, 8.0);
        assert_eq!(order(vec![(repeats, 0.5), (covers, 1.0)], Weights::FOREIGN), [2, 1]);
    }

    #[test]
    fn nothing_and_equals_are_no_trouble() {
        assert!(fuse(Vec::new(), Weights::TRUSTED).is_empty());
        assert_eq!(order(vec![candidate(2, 0.5, 1.0), candidate(1, 0.5, 1.0)], Weights::TRUSTED), [1, 2]);
    }
}
