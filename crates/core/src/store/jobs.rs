//! Jobs: work that is recorded in the transaction that makes it necessary.
//!
//! What this holds so far is what ingest needs: recording a job and taking the waiting ones. The
//! worker with leases and retries comes with the daemon.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::{Store, rows};
use crate::error::Result;
use crate::model::JobId;

/// A job to record.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Kind of work.
    pub queue: &'static str,
    /// What the work is about, as JSON.
    pub payload: String,
    /// If a job with this key is waiting already, that one will do.
    pub dedupe_key: Option<String>,
}

/// A waiting job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What the work is about, as JSON.
    pub payload: String,
}

/// Attempts before a job is given up.
const MAX_ATTEMPTS: u32 = 3;

pub(super) fn insert(c: &Connection, id: Uuid, job: &NewJob, now: &str) -> Result<()> {
    let sql = "INSERT INTO jobs (id, queue, payload, status, dedupe_key, max_attempts, run_at, created_at, updated_at)
               VALUES (?1, ?2, ?3, 'available', ?4, ?5, ?6, ?6, ?6)
               ON CONFLICT DO NOTHING";
    c.prepare_cached(sql)?.execute(params![
        id.to_string(),
        job.queue,
        job.payload,
        job.dedupe_key,
        MAX_ATTEMPTS,
        now
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job { id: rows::parsed(row, "id")?, payload: row.get("payload")? })
}

impl Store {
    /// The waiting jobs of a queue, oldest first.
    pub async fn waiting_jobs(&self, queue: &'static str) -> Result<Vec<Job>> {
        self.read(move |c| {
            let sql =
                "SELECT id, payload FROM jobs WHERE queue = ?1 AND status = 'available' ORDER BY run_at, id";
            let mut statement = c.prepare_cached(sql)?;
            let jobs = statement.query_map([queue], read)?;
            Ok(jobs.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes jobs that are done.
    pub async fn finish_jobs(&self, ids: Vec<JobId>) -> Result<()> {
        self.write(move |c| {
            let mut statement = c.prepare_cached("DELETE FROM jobs WHERE id = ?1")?;
            for id in ids {
                statement.execute([id.to_string()])?;
            }
            Ok(())
        })
        .await
    }
}
