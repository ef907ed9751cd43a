//! The chunks that may answer a question, in order.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::Question;
use super::weights::{NEARLY, coverage, day_share, in_context, order, weigh};
use crate::embed::Embedder;
use crate::error::Result;
use crate::index::{Candidate, Generation, Query, Weights, fuse};
use crate::model::{AgentId, ChunkId, Hit, Locale, OrganizationId, SearchMode};
use crate::store::{FoundChunk, Store};
use crate::text::{
    Days, QueryTerm, Sign, TermSet, chunk_terms, days_asked, decided, detect, may_be_misspelled, nearest,
    query_terms_on, shows, slips, swapped, without_courtesy,
};

/// Candidates taken from each side before they are fused. More help neither side and cost time.
const POOL: usize = 50;

/// Words of a question's own that find its passages if there are more.
const FEW_WORDS: usize = 2;
/// Characters of a passage that tell its language.
const TELLING: usize = 400;
/// Chunks looked into for what a misspelled word may have meant.
const ALIKE: usize = 20;
/// Words of a question taken for misspelled at most: each is looked up by itself.
const CORRECTED: usize = 4;

/// What it counts that a passage shows what is asked for: an amount to a question for a price.
const SHOWN: f32 = 0.9;

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
    /// Cosine from which a hit counts as evidence by itself, by the model's profile.
    pub threshold: f32,
    /// Cosine that a hit must have to be evidence, if the caller or the operator said so.
    pub least: Option<f32>,
    /// Languages that the embedding model reads.
    pub reads: Vec<Locale>,
    /// The question's language, if it tells.
    pub asked_in: Option<Locale>,
    /// Distinct terms of the question; what they weigh says how rare they are here. None: nothing is asked.
    pub terms: Vec<QueryTerm>,
    /// The language that the documents are expected in.
    pub language: Locale,
    /// The days that the question is about.
    pub days: Days,
}

/// Current chunks among candidates, and how far each has each term of the question.
struct Known {
    chunks: HashMap<ChunkId, FoundChunk>,
    has: HashMap<ChunkId, Vec<f32>>,
}

impl Retriever<'_> {
    /// Finds the best chunks for a question.
    pub async fn retrieve(&self, question: &Question) -> Result<Retrieved> {
        let profile = self.embedder.profile();
        let text = question.search_text();
        let asked_in = decided(text, self.language);
        let own = without_courtesy(text);
        let own = if own.is_empty() { text } else { &own };
        let (asked, mut terms) = match &question.context {
            Some(context) => in_context(context, own, self.language, question.days),
            None => (own.to_owned(), query_terms_on(own, self.language, question.days)),
        };
        let asked = asked.as_str();
        let (vector, everything) = futures::try_join!(
            self.embedder.embed_query(asked),
            self.store.may_find_everything(self.organization_id, self.agent_id)
        )?;
        let mut query = Query {
            organization_id: self.organization_id,
            agent_id: self.agent_id,
            everything,
            vector,
            terms: distinct(&terms, QueryTerm::exactly),
            near: near(&terms),
            nearest: question.mode != SearchMode::Text,
            limit: POOL.max(question.top_k * 2),
        };
        let mut candidates = self.generation.candidates(&query).await?;
        let mut known = self.known(&candidates, &terms).await?;
        if question.mode != SearchMode::Vector
            && self.correct(&query, &mut terms, &known, asked_in.unwrap_or(self.language)).await?
        {
            query.terms = distinct(&terms, QueryTerm::exactly);
            query.near = near(&terms);
            candidates = self.generation.candidates(&query).await?;
            known = self.known(&candidates, &terms).await?;
        }
        weigh(&mut terms, &known.has.values().map(Vec::as_slice).collect::<Vec<_>>());
        let weights = match question.mode {
            SearchMode::Vector => Weights::VECTOR_ONLY,
            SearchMode::Text => Weights::TEXT_ONLY,
            SearchMode::Hybrid
                if profile.reads(asked_in.unwrap_or_else(|| self.spoken(&candidates, &known))) =>
            {
                Weights::TRUSTED
            }
            SearchMode::Hybrid => Weights::FOREIGN,
        };
        Ok(Retrieved {
            question: question.text.clone(),
            hits: rank(candidates, &known, &terms, weights, question),
            threshold: profile.default_threshold,
            least: question.min_score,
            reads: Locale::ALL.into_iter().filter(|language| profile.reads(*language)).collect(),
            asked_in,
            terms,
            language: self.language,
            days: question.days.and(days_asked(own)),
        })
    }

    /// What the store knows of candidates: rows of an old version or of a deleted document drop out.
    async fn known(&self, candidates: &[Candidate], terms: &[QueryTerm]) -> Result<Known> {
        let ids = candidates.iter().map(|c| c.chunk_id).collect();
        let chunks = self.found(ids).await?;
        let hashes: Vec<Vec<u32>> = terms.iter().map(|term| TermSet::hashes(term.all())).collect();
        let has = chunks.iter().map(|(id, found)| (*id, self.shares(found, terms, &hashes))).collect();
        Ok(Known { chunks, has })
    }

    async fn found(&self, ids: Vec<ChunkId>) -> Result<HashMap<ChunkId, FoundChunk>> {
        let own = self.agent_id.map(|a| a.to_string());
        let found = self.store.found_chunks(self.organization_id, ids).await?;
        // What became another agent's own a moment ago is not this one's to find.
        let found = found.into_iter().filter(|f| f.agent_id.is_none() || f.agent_id == own);
        Ok(found.map(|f| (f.chunk.id, f)).collect())
    }

    /// Takes words that no candidate has for misspelled if the documents have one that is spelled nearly the
    /// same; whether there was any.
    async fn correct(
        &self,
        query: &Query,
        terms: &mut [QueryTerm],
        known: &Known,
        language: Locale,
    ) -> Result<bool> {
        let absent = |index: usize| known.has.values().all(|has| has[index] <= 0.0);
        let unknown: Vec<usize> = (0..terms.len())
            .filter(|index| !matches!(terms[*index].sign, Some(Sign::Day(_))))
            .filter(|index| may_be_misspelled(&terms[*index].term) && absent(*index))
            .collect();
        if unknown.is_empty() {
            return Ok(false);
        }
        let mut corrected = false;
        for index in unknown.into_iter().take(CORRECTED) {
            if let Some(meant) = self.meant(query, &terms[index].term).await? {
                terms[index].corrected(&meant, language);
                corrected = true;
            }
        }
        Ok(corrected)
    }

    /// The term of the documents that a misspelled one stands for: with two letters swapped, or one wrong,
    /// missing or too many, or in a long word two.
    async fn meant(&self, query: &Query, typed: &str) -> Result<Option<String>> {
        let one = [typed.to_owned()];
        // It may be there all the same, only not among the best.
        if !self.generation.alike(query, &one, 0, 1).await?.is_empty() {
            return Ok(None);
        }
        let swapped = swapped(typed);
        let long = if slips(typed) > 1 { one.as_slice() } else { &[] };
        for (words, slips) in [(swapped.as_slice(), 0), (one.as_slice(), 1), (long, 2)] {
            let ids = self.generation.alike(query, words, slips, ALIKE).await?;
            let mut there: BTreeSet<String> = BTreeSet::new();
            for found in self.found(ids).await?.into_values() {
                there.extend(chunk_terms(
                    &found.chunk.content,
                    found.chunk.heading.as_deref(),
                    self.language,
                ));
            }
            if let Some(meant) = nearest(typed, &there) {
                return Ok(Some(meant.to_owned()));
            }
        }
        Ok(None)
    }

    /// The language that most of the nearest passages are in: what a question is taken for that does not tell.
    fn spoken(&self, candidates: &[Candidate], known: &Known) -> Locale {
        let mut nearest: Vec<&Candidate> = candidates.iter().collect();
        nearest.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
        let nearest: Vec<Locale> = nearest
            .iter()
            .filter_map(|candidate| known.chunks.get(&candidate.chunk_id))
            .take(5)
            .map(|found| found.chunk.content.chars().take(TELLING).collect::<String>())
            .map(|beginning| detect(&beginning, self.language))
            .collect();
        let votes = |language: &Locale| nearest.iter().filter(|spoken| *spoken == language).count();
        nearest.iter().max_by_key(|language| votes(language)).copied().unwrap_or(self.language)
    }

    /// How far a chunk has each of the question's terms, 0 to 1.
    fn shares(&self, found: &FoundChunk, terms: &[QueryTerm], hashes: &[Vec<u32>]) -> Vec<f32> {
        let own = self.terms_of(found);
        let share = |(term, hashes): (&QueryTerm, &Vec<u32>)| {
            if let Some(sign @ Sign::Day(_)) = term.sign {
                return day_share(&found.chunk.content, sign);
            }
            let place = own.has(hashes).iter().position(|has| *has);
            match place {
                Some(place) if place < term.exact() => 1.0,
                _ if term.sign.is_some_and(|sign| shows(&found.chunk.content, sign)) => SHOWN,
                Some(_) => NEARLY,
                None => 0.0,
            }
        };
        terms.iter().zip(hashes).map(share).collect()
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

/// The hits among candidates, best first.
fn rank(
    candidates: Vec<Candidate>,
    known: &Known,
    terms: &[QueryTerm],
    weights: Weights,
    question: &Question,
) -> Vec<Hit> {
    let covered = |id: &ChunkId| known.has.get(id).map_or(0.0, |has| coverage(has, terms));
    let current = candidates
        .into_iter()
        .filter(|c| known.chunks.contains_key(&c.chunk_id))
        .filter(|c| question.mode != SearchMode::Text || c.bm25 > 0.0)
        .map(|candidate| {
            let share = known.has.get(&candidate.chunk_id).map_or(0.0, |has| order(has, terms));
            (candidate, share)
        });
    let ranked = fuse(current.collect(), weights);
    let hits =
        ranked.into_iter().filter(|r| question.min_score.is_none_or(|least| r.candidate.cosine >= least));
    let hits = hits.take(question.top_k).filter_map(|ranked| {
        let found = known.chunks.get(&ranked.candidate.chunk_id)?.clone();
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
            coverage: covered(&found.chunk.id),
            rank_score: ranked.score,
        })
    });
    hits.collect()
}

/// Other words for what is asked, looked for where few words of the question's own find passages.
fn near(terms: &[QueryTerm]) -> Vec<String> {
    let own = terms.iter().filter(|term| term.weight >= 1.0 && term.near.is_empty()).count();
    if own > FEW_WORDS { Vec::new() } else { distinct(terms, QueryTerm::nearly) }
}

/// What full-text search looks for, each once.
fn distinct<'t, I>(terms: &'t [QueryTerm], of: impl Fn(&'t QueryTerm) -> I) -> Vec<String>
where
    I: Iterator<Item = &'t str>,
{
    let mut all: Vec<String> = Vec::new();
    for term in terms.iter().flat_map(of) {
        if !all.iter().any(|known| known == term) {
            all.push(term.to_owned());
        }
    }
    all
}
