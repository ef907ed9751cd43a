//! Candidates for a question: nearest vectors and best BM25 scores, side by side.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use futures::TryStreamExt;
use lance_index::scalar::FullTextSearchQuery;
use lance_index::scalar::inverted::query::{FtsQuery, MatchQuery};
use lancedb::DistanceType;
use lancedb::query::{ExecutableQuery, QueryBase, Select};

use super::schema::{self, AGENT_ID, CHUNK_ID, ORGANIZATION_ID, TERMS, VECTOR};
use super::{Generation, failed, maintain};
use crate::error::{Error, Result};
use crate::model::{AgentId, ChunkId, OrganizationId};

/// Partitions of the vector index that are looked into: those that lie nearest to the question. With
/// `maintain::partitions` a tenth of 100,000 rows.
const PROBES: usize = 32;

/// What a term that says nearly the same counts beside one of the question's own.
const NEAR: f32 = 0.3;

/// What to look for.
#[derive(Debug, Clone)]
pub struct Query {
    /// The business whose chunks may be found.
    pub organization_id: OrganizationId,
    /// The agent that asks: its own documents and those of everybody.
    pub agent_id: Option<AgentId>,
    /// Whether every row may be found, so that none has to be left out.
    pub everything: bool,
    /// Unit vector of the question.
    pub vector: Vec<f32>,
    /// Distinct terms of the question; empty: no full-text search.
    pub terms: Vec<String>,
    /// Terms that say nearly the same, which count for less.
    pub near: Vec<String>,
    /// Whether nearest vectors are looked for; otherwise the vector only measures what text found.
    pub nearest: bool,
    /// Candidates of each side.
    pub limit: usize,
}

/// A chunk that may answer.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Cosine similarity to the question.
    pub cosine: f32,
    /// BM25 score; 0 if full text did not find it.
    pub bm25: f32,
}

impl Generation {
    /// The candidates of both sides, each once, in no order.
    pub async fn candidates(&self, query: &Query) -> Result<Vec<Candidate>> {
        let _turn = self.turns.acquire().await;
        // Two searches and not one with weights: LanceDB skips what cannot be among the best only in a search
        // for words alone, which is twenty times faster among 100,000 chunks.
        let (nearest, own, near) = futures::try_join!(
            self.nearest(query),
            self.full_text(query, &query.terms),
            self.full_text(query, &query.near)
        )?;
        let near = near.into_iter().map(|candidate| Candidate { bm25: candidate.bm25 * NEAR, ..candidate });
        let mut found: HashMap<ChunkId, Candidate> = HashMap::new();
        for candidate in nearest.into_iter().chain(own).chain(near) {
            match found.get_mut(&candidate.chunk_id) {
                Some(known) => known.bm25 += candidate.bm25,
                None => {
                    found.insert(candidate.chunk_id, candidate);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    async fn nearest(&self, query: &Query) -> Result<Vec<Candidate>> {
        if !query.nearest {
            return Ok(Vec::new());
        }
        let search = self
            .table
            .query()
            .nearest_to(query.vector.as_slice())
            .map_err(|e| failed("search", e))?
            .column(VECTOR)
            .distance_type(maintain::DISTANCE)
            .nprobes(PROBES)
            .map_err(|e| failed("search", e))?
            .limit(query.limit)
            .select(Select::columns(&[CHUNK_ID, "_distance"]));
        let search = if query.everything { search } else { search.only_if(visible(query)) };
        let batches: Vec<RecordBatch> = collect(search.execute().await).await?;
        let mut found = Vec::new();
        for batch in &batches {
            let distances = floats(batch, "_distance")?;
            push(batch, &mut found, |row| (cosine_of(distances.value(row)), 0.0))?;
        }
        Ok(found)
    }

    /// Chunks that have a term at most `slips` letters off one of `terms`, at most `limit`.
    pub async fn alike(
        &self,
        query: &Query,
        terms: &[String],
        slips: u32,
        limit: usize,
    ) -> Result<Vec<ChunkId>> {
        if terms.is_empty() || !self.has_text_index().await? {
            return Ok(Vec::new());
        }
        let wanted = any(terms).with_fuzziness(Some(slips));
        let search = self
            .table
            .query()
            .full_text_search(FullTextSearchQuery::new_query(FtsQuery::Match(wanted)))
            .limit(limit)
            .select(Select::columns(&[CHUNK_ID, "_score"]));
        let search = if query.everything { search } else { search.only_if(visible(query)) };
        let batches: Vec<RecordBatch> = collect(search.execute().await).await?;
        let mut found = Vec::new();
        for batch in &batches {
            push(batch, &mut found, |_| (0.0, 0.0))?;
        }
        Ok(found.into_iter().map(|candidate| candidate.chunk_id).collect())
    }

    async fn full_text(&self, query: &Query, terms: &[String]) -> Result<Vec<Candidate>> {
        if terms.is_empty() || !self.has_text_index().await? {
            return Ok(Vec::new());
        }
        let search = self
            .table
            .query()
            .full_text_search(FullTextSearchQuery::new_query(FtsQuery::Match(any(terms))))
            .limit(query.limit)
            .select(Select::columns(&[CHUNK_ID, VECTOR, "_score"]));
        let search = if query.everything { search } else { search.only_if(visible(query)) };
        let batches: Vec<RecordBatch> = collect(search.execute().await).await?;
        let mut found = Vec::new();
        for batch in &batches {
            let scores = floats(batch, "_score")?;
            let vectors = batch
                .column_by_name(VECTOR)
                .and_then(|c| c.as_fixed_size_list_opt())
                .ok_or_else(|| Error::internal("the index returned no vectors"))?;
            push(batch, &mut found, |row| {
                let own = vectors.value(row);
                let own = own.as_primitive::<Float32Type>().values();
                let dot = own.iter().zip(&query.vector).map(|(a, b)| a * b).sum();
                (dot, scores.value(row))
            })?;
        }
        Ok(found)
    }
}

/// Whatever has one of the terms.
fn any(terms: &[String]) -> MatchQuery {
    MatchQuery::new(terms.join(" ")).with_column(Some(TERMS.to_owned()))
}

async fn collect<S>(stream: lancedb::Result<S>) -> Result<Vec<RecordBatch>>
where
    S: futures::Stream<Item = lancedb::Result<RecordBatch>>,
{
    stream.map_err(|e| failed("search", e))?.try_collect().await.map_err(|e| failed("search", e))
}

fn push(batch: &RecordBatch, found: &mut Vec<Candidate>, scores: impl Fn(usize) -> (f32, f32)) -> Result<()> {
    let ids = schema::texts(batch, CHUNK_ID)?;
    for row in 0..batch.num_rows() {
        let (cosine, bm25) = scores(row);
        found.push(Candidate { chunk_id: ids.value(row).parse()?, cosine, bm25 });
    }
    Ok(())
}

fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a arrow_array::Float32Array> {
    batch
        .column_by_name(name)
        .and_then(|c| c.as_primitive_opt::<Float32Type>())
        .ok_or_else(|| Error::internal(format!("the index returned no column {name}")))
}

/// Cosine of a distance between unit vectors.
fn cosine_of(distance: f32) -> f32 {
    match maintain::DISTANCE {
        // |a - b|² = 2 - 2·cos for unit vectors.
        DistanceType::L2 => 1.0 - distance / 2.0,
        _ => 1.0 - distance,
    }
}

/// Rows the asker may see. Ids are typed, so nothing of a user's text gets in here.
fn visible(query: &Query) -> String {
    let agents = match query.agent_id {
        Some(agent) => format!("{AGENT_ID} IN ('', '{agent}')"),
        None => format!("{AGENT_ID} = ''"),
    };
    format!("{ORGANIZATION_ID} = '{}' AND {agents}", query.organization_id)
}
