//! The chunks that may answer a question, in order.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Question;
use crate::embed::Embedder;
use crate::error::Result;
use crate::index::{Candidate, Generation, Query, Weights, fuse};
use crate::model::{AgentId, ChunkId, Hit, Locale, OrganizationId, SearchMode};
use crate::store::{FoundChunk, Store};
use crate::text::{TermSet, chunk_terms, detect, query_terms};

/// Candidates taken from each side before they are fused. More help neither side and cost time.
const POOL: usize = 50;

/// Added to the number of candidates, so that in a corpus of a handful of chunks one word more or less
/// does not decide everything.
const FEW: f32 = 10.0;

/// Where to look for answers.
#[derive(Clone, Copy)]
pub struct Retriever<'a> {
    /// The truth about chunks.
    pub store: &'a Store,
    /// The index in force.
    pub generation: &'a Generation,
    /// Language of its full-text terms.
    pub language: Locale,
    /// What made its vectors.
    pub embedder: &'a dyn Embedder,
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that asks.
    pub agent_id: Option<AgentId>,
}

/// What was found for a question, best first.
#[derive(Debug, Clone)]
pub struct Retrieved {
    /// The question's text.
    pub question: String,
    /// Hits, best first, at most `top_k`.
    pub hits: Vec<Hit>,
    /// Cosine from which a hit counts as evidence.
    pub threshold: f32,
    /// Whether the embedding model reads the question's language.
    pub trusted: bool,
    /// Distinct words of the question.
    pub terms: Vec<String>,
}

impl Retriever<'_> {
    /// Finds the best chunks for a question.
    pub async fn retrieve(&self, question: &Question) -> Result<Retrieved> {
        let profile = self.embedder.profile();
        let text = question.search_text();
        let language = detect(text, self.language);
        let trusted = profile.reads(language);
        let terms = query_terms(text, self.language);
        let (vector, everything) = futures::try_join!(
            self.embedder.embed_query(text),
            self.store.may_find_everything(self.organization_id, self.agent_id)
        )?;
        let query = Query {
            organization_id: self.organization_id,
            agent_id: self.agent_id,
            everything,
            vector,
            terms: terms.clone(),
            nearest: question.mode != SearchMode::Text,
            limit: POOL.max(question.top_k * 2),
        };
        let candidates = self.generation.candidates(&query).await?;
        let weights = match question.mode {
            SearchMode::Vector => Weights::VECTOR_ONLY,
            SearchMode::Text => Weights::TEXT_ONLY,
            SearchMode::Hybrid if trusted => Weights::TRUSTED,
            SearchMode::Hybrid => Weights::FOREIGN,
        };
        let hits = self.rank(candidates, &terms, weights, question).await?;
        let threshold = question.min_score.unwrap_or(profile.default_threshold);
        Ok(Retrieved { question: question.text.clone(), hits, threshold, trusted, terms })
    }

    async fn rank(
        &self,
        candidates: Vec<Candidate>,
        terms: &[String],
        weights: Weights,
        question: &Question,
    ) -> Result<Vec<Hit>> {
        let ids = candidates.iter().map(|c| c.chunk_id).collect();
        let own = self.agent_id.map(|a| a.to_string());
        // The store says what is current: rows of an old version or of a deleted document drop out.
        let known: HashMap<_, FoundChunk> = self
            .store
            .found_chunks(self.organization_id, ids)
            .await?
            .into_iter()
            // What became another agent's own a moment ago is not this one's to find.
            .filter(|f| f.agent_id.is_none() || f.agent_id == own)
            .map(|f| (f.chunk.id, f))
            .collect();
        let hashes = TermSet::hashes(terms);
        let has: HashMap<ChunkId, Vec<bool>> =
            known.iter().map(|(id, found)| (*id, self.terms_of(found).has(&hashes))).collect();
        let weight = term_weights(terms.len(), &has.values().map(Vec::as_slice).collect::<Vec<_>>());
        let current = candidates.into_iter().filter(|c| known.contains_key(&c.chunk_id));
        let current = current.filter(|c| match question.mode {
            SearchMode::Text => c.bm25 > 0.0,
            SearchMode::Vector | SearchMode::Hybrid => true,
        });
        let ranked = fuse(current.collect(), weights);
        let hits =
            ranked.into_iter().filter(|r| question.min_score.is_none_or(|least| r.candidate.cosine >= least));
        let hits = hits.take(question.top_k).filter_map(|ranked| {
            let found = known.get(&ranked.candidate.chunk_id)?.clone();
            Some(Hit {
                chunk_id: found.chunk.id,
                document_id: found.chunk.document_id,
                chunk_index: found.chunk.chunk_index,
                page_number: found.chunk.page_number,
                filename: found.filename,
                path: found.path,
                heading: found.chunk.heading,
                content: found.chunk.content,
                cosine: ranked.candidate.cosine,
                bm25: ranked.candidate.bm25,
                coverage: has.get(&found.chunk.id).map_or(0.0, |has| coverage(has, &weight)),
                rank_score: ranked.score,
            })
        });
        Ok(hits.collect())
    }

    /// The terms of a chunk: kept since it was ingested, or made again for one from before they were.
    fn terms_of<'f>(&self, found: &'f FoundChunk) -> Cow<'f, TermSet> {
        found.terms.as_ref().map_or_else(
            || {
                let chunk = &found.chunk;
                let terms = chunk_terms(&chunk.content, chunk.heading.as_deref(), self.language);
                Cow::Owned(TermSet::of(terms.iter().map(String::as_str)))
            },
            Cow::Borrowed,
        )
    }
}

/// What each of the question's terms weighs: a term few candidates have says more. The candidates
/// stand in for the whole corpus; a term none of them has weighs most, for it is what is missing.
fn term_weights(terms: usize, candidates: &[&[bool]]) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "a few dozen candidates")]
    let weight = |term: usize| {
        let having = candidates.iter().filter(|has| has[term]).count() as f32;
        ((candidates.len() as f32 + FEW) / (having + 1.0)).ln_1p()
    };
    (0..terms).map(weight).collect()
}

fn coverage(has_terms: &[bool], weights: &[f32]) -> f32 {
    let all: f32 = weights.iter().sum();
    let own: f32 = has_terms.iter().zip(weights).filter(|(has, _)| **has).map(|(_, w)| w).sum();
    if all > 0.0 { own / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn rare_words_weigh_more_and_missing_ones_most() {
        let candidates: [&[bool]; 3] = [&[true, true, false], &[true, false, false], &[true, false, false]];
        let weights = term_weights(3, &candidates);
        assert!(weights[0] < weights[1] && weights[1] < weights[2]);
        assert!(coverage(&[true, false, false], &weights) < 0.3);
        assert!(coverage(&[true, true, true], &weights) > 0.99);
        assert!(coverage(&[], &[]).abs() < f32::EPSILON);
    }
}
