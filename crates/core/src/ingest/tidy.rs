//! Brings the index in line with the store: rows that are no longer current go, indices take the new
//! rows in. Idempotent; runs after every change and picks up what an interrupted run left. The same for
//! the blobs is `Blobs::sweep`.

use std::collections::HashSet;

use crate::error::Result;
use crate::index::Generation;
use crate::store::{NewJob, Store};

/// Queue of the job that asks for it.
pub const TIDY_QUEUE: &str = "index.tidy";

/// The job to record in the transaction that makes tidying necessary.
pub fn tidy_job() -> NewJob {
    NewJob::new(TIDY_QUEUE, &serde_json::json!({})).dedupe(TIDY_QUEUE)
}

/// What tidying found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tidied {
    /// Rows of the index that were not current and are gone.
    pub removed: usize,
    /// Current chunks the index does not have: only a reindex brings them back.
    pub missing: usize,
}

/// Tidies a generation and finishes the waiting jobs that asked for it.
pub async fn tidy(store: &Store, generation: &Generation) -> Result<Tidied> {
    let mut tidied = Tidied { removed: 0, missing: 0 };
    loop {
        let jobs = store.waiting_jobs(TIDY_QUEUE).await?;
        let current = current_ids(store).await?;
        let mut indexed = generation.chunk_ids().await?;
        let stale: Vec<String> = indexed.difference(&current).cloned().collect();
        tidied.removed += stale.len();
        tidied.missing = current.difference(&indexed).count();
        generation.remove(&stale).await?;
        generation.optimize().await?;
        store.finish_jobs(jobs.into_iter().map(|j| j.id).collect()).await?;
        // Documents are deleted without waiting for us, and a deletion that found a job waiting recorded
        // none of its own: if that was one of those just finished, nobody else will look.
        let current = current_ids(store).await?;
        indexed.retain(|id| !current.contains(id));
        if indexed.len() == stale.len() {
            return Ok(tidied);
        }
    }
}

async fn current_ids(store: &Store) -> Result<HashSet<String>> {
    Ok(store.chunk_ids().await?.into_iter().map(|id| id.to_string()).collect())
}
