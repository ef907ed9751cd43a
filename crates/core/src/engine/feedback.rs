//! Looking an answer up again: what was asked, what it was drawn from, and what people thought of it.

use std::collections::HashMap;

use super::Engine;
use crate::error::{Error, Result};
use crate::model::{DetailedSource, Feedback, FeedbackRecord, QueryId, QuerySources, Source};
use crate::net::{Acquaintance, BreakerState};
use crate::store::{FoundChunk, QueryFilter, QueryRecord};

/// Characters of a comment at most.
const LONGEST_COMMENT: usize = 2000;

impl Engine {
    /// A page of answered questions, newest first, and how many there are. Pages count from 1.
    pub async fn query_records(
        &self,
        filter: QueryFilter,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<QueryRecord>, u64)> {
        self.parts.store.queries(self.organization.id, filter, page.max(1), limit.clamp(1, 1000)).await
    }

    /// A question with its answer.
    pub async fn query_record(&self, id: QueryId) -> Result<QueryRecord> {
        let found = self.parts.store.query(self.organization.id, id).await?;
        found.ok_or_else(|| Error::not_found(format!("there is no query {id}")))
    }

    /// The sources of an answer, with the chunks' text as far as they are still current.
    pub async fn query_sources(&self, id: QueryId) -> Result<QuerySources> {
        let record = self.query_record(id).await?;
        let sources = record.answer.sources;
        let chunks = sources.iter().map(|source| source.chunk_id).collect();
        let mut found: HashMap<_, FoundChunk> = self
            .parts
            .store
            .found_chunks(self.organization.id, chunks)
            .await?
            .into_iter()
            .map(|found| (found.chunk.id, found))
            .collect();
        let sources = sources.into_iter().map(|source| {
            let found = found.remove(&source.chunk_id);
            detailed(source, found)
        });
        Ok(QuerySources {
            query_id: id,
            question: record.question,
            answer: record.answer.answer,
            created_at: record.created_at,
            sources: sources.collect(),
        })
    }

    /// Keeps what somebody thinks of an answer, in place of what was said of it before.
    ///
    /// Fails with `InvalidInput` (`validation_failed`) for a rating other than 1 and -1 or a comment that is
    /// too long, and with `NotFound`.
    pub async fn give_feedback(&self, id: QueryId, feedback: Feedback) -> Result<FeedbackRecord> {
        let refused = |field, problem: String| {
            Error::invalid(format!("the {field} {problem}"))
                .with_code("validation_failed")
                .with_field(field, problem)
        };
        if !matches!(feedback.rating, 1 | -1) {
            let problem = format!("is {}: 1 (helpful) and -1 (not helpful) are accepted", feedback.rating);
            return Err(refused("rating", problem));
        }
        let comment = feedback.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty());
        if comment.is_some_and(|comment| comment.chars().count() > LONGEST_COMMENT) {
            return Err(refused("comment", format!("is longer than {LONGEST_COMMENT} characters")));
        }
        let feedback = Feedback { rating: feedback.rating, comment: comment.map(str::to_owned) };
        let kept = self.parts.store.give_feedback(self.organization.id, id, feedback).await?;
        kept.ok_or_else(|| Error::not_found(format!("there is no query {id}")))
    }

    /// What was said of an answer; `None` if nothing was. `NotFound` if there is no such answer.
    pub async fn feedback(&self, id: QueryId) -> Result<Option<FeedbackRecord>> {
        let feedback = self.parts.store.feedback(self.organization.id, id).await?;
        if feedback.is_none() {
            self.query_record(id).await?;
        }
        Ok(feedback)
    }

    /// What this process knows of a service on the internet.
    pub(super) fn acquaintance(&self, service: &str) -> Acquaintance {
        let breaker = self.parts.breakers.iter().find(|breaker| breaker.name() == service);
        breaker.map_or(Acquaintance::None, |breaker| breaker.acquaintance())
    }

    /// How the services on the internet do that are configured, by name (`llm`, `embedding`): for health
    /// reports. None of them is asked.
    pub fn breakers(&self) -> Vec<(&'static str, BreakerState)> {
        self.parts.breakers.iter().map(|breaker| (breaker.name(), breaker.state())).collect()
    }
}

fn detailed(source: Source, found: Option<FoundChunk>) -> DetailedSource {
    let current = found.is_some();
    let chunk = found.map(|found| found.chunk);
    DetailedSource {
        source,
        current,
        heading: chunk.as_ref().and_then(|chunk| chunk.heading.clone()),
        char_start: chunk.as_ref().map(|chunk| chunk.char_start),
        char_end: chunk.as_ref().map(|chunk| chunk.char_end),
        content: chunk.map(|chunk| chunk.content),
    }
}
