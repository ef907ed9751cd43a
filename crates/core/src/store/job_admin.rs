//! What people see of jobs and do with them: listing, trying again, discarding, counting.
//!
//! Jobs carry the business they run for. Whoever acts for one business passes it and sees no other's;
//! `None` is the operator of the deployment, who also sees the jobs that belong to nobody.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Store, jobs, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{JobId, OrganizationId};

/// Where a job is. One that is done is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Waits for a worker, or for its time.
    Available,
    /// A worker has it.
    Running,
    /// Given up: it failed too often, or in a way that trying again does not mend.
    Dead,
}

impl JobStatus {
    const ALL: [Self; 3] = [Self::Available, Self::Running, Self::Dead];

    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Running => "running",
            Self::Dead => "dead",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown =
            || Error::invalid(format!("`{text}` is not a status: available, running or dead is accepted"));
        Self::from_stored(text).ok_or_else(unknown)
    }
}

/// A job as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// Kind of work.
    pub queue: String,
    /// Where it is.
    pub status: JobStatus,
    /// Higher first.
    pub priority: i32,
    /// Runs begun.
    pub attempts: u32,
    /// Runs before it is given up; 0: what is configured.
    pub max_attempts: u32,
    /// RFC 3339, UTC: not before.
    pub run_at: String,
    /// RFC 3339, UTC: until when its worker has it.
    pub leased_until: Option<String>,
    /// Why it failed last, with every cause.
    pub last_error: Option<String>,
    /// What the work is about.
    pub payload: serde_json::Value,
    /// The business on whose behalf it runs.
    pub organization_id: Option<OrganizationId>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only those in this state.
    pub status: Option<JobStatus>,
    /// Only those of this queue.
    pub queue: Option<String>,
    /// Only those of this business; every job of the deployment if absent.
    pub organization: Option<OrganizationId>,
    /// Which page, from 1.
    pub page: u64,
    /// Jobs of a page; all of them if absent.
    pub limit: Option<u64>,
}

/// How many jobs of a queue are in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueDepth {
    /// The queue.
    pub queue: String,
    /// The state.
    pub status: JobStatus,
    /// Number of jobs.
    pub count: u64,
}

const COLUMNS: &str = "id, queue, status, priority, attempts, max_attempts, run_at, leased_until, last_error, payload, \
                       organization_id, created_at, updated_at";

/// One job, if it belongs to whoever asks.
const ONE: &str = "id = ?1 AND (?2 IS NULL OR organization_id = ?2)";

fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let payload: String = row.get("payload")?;
    Ok(JobRecord {
        id: rows::parsed(row, "id")?,
        queue: row.get("queue")?,
        status: rows::word(row, "status", JobStatus::from_stored)?,
        priority: row.get("priority")?,
        attempts: row.get("attempts")?,
        max_attempts: row.get("max_attempts")?,
        run_at: row.get("run_at")?,
        leased_until: row.get("leased_until")?,
        last_error: row.get("last_error")?,
        // A payload that is not JSON is a reason to look at the job, not to hide it.
        payload: serde_json::from_str(&payload).unwrap_or(serde_json::Value::String(payload)),
        organization_id: rows::parsed_opt(row, "organization_id")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn by_id(c: &Connection, id: JobId, whose: Option<OrganizationId>) -> Result<Option<JobRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE {ONE}");
    let values = params![id.to_string(), whose.map(|o| o.to_string())];
    Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
}

/// A job that no worker has; `None` if there is no such job.
fn idle(c: &Connection, id: JobId, whose: Option<OrganizationId>) -> Result<Option<JobRecord>> {
    let job = by_id(c, id, whose)?;
    if job.as_ref().is_some_and(|job| job.status == JobStatus::Running) {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("the job {id} is running: wait until it ends, or until its worker's lease does"),
        )
        .with_code("job_running"));
    }
    Ok(job)
}

impl Store {
    /// Jobs that pass the filter, newest first, and how many pass it in all.
    pub async fn jobs(&self, filter: JobFilter) -> Result<(Vec<JobRecord>, u64)> {
        self.read(move |c| {
            let condition = "(?1 IS NULL OR status = ?1) AND (?2 IS NULL OR queue = ?2)
                             AND (?3 IS NULL OR organization_id = ?3)";
            let status = filter.status.map(JobStatus::as_str);
            let whose = filter.organization.map(|o| o.to_string());
            let count = format!("SELECT COUNT(*) FROM jobs WHERE {condition}");
            let total: i64 =
                c.prepare_cached(&count)?.query_row(params![status, filter.queue, whose], |r| r.get(0))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM jobs WHERE {condition} ORDER BY created_at DESC, id DESC LIMIT ?4 OFFSET ?5"
            );
            let limit = filter.limit.and_then(|l| i64::try_from(l).ok()).unwrap_or(-1);
            let skipped = filter.page.saturating_sub(1).saturating_mul(filter.limit.unwrap_or_default());
            let offset = i64::try_from(skipped).unwrap_or(i64::MAX);
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(params![status, filter.queue, whose, limit, offset], read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }

    /// A job by id, if it is not done.
    pub async fn job(&self, id: JobId, whose: Option<OrganizationId>) -> Result<Option<JobRecord>> {
        self.read(move |c| by_id(c, id, whose)).await
    }

    /// Lets a dead or waiting job run now, with all its attempts before it; `None` if there is no such
    /// job. Fails with `Conflict` while it runs, or if one with its dedupe key is waiting already.
    pub async fn retry_job(&self, id: JobId, whose: Option<OrganizationId>) -> Result<Option<JobRecord>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            if idle(c, id, whose)?.is_none() {
                return Ok(None);
            }
            let sql = format!(
                "UPDATE jobs SET status = 'available', attempts = 0, run_at = ?3, updated_at = ?3 WHERE {ONE}
                 RETURNING {COLUMNS}"
            );
            let values = params![id.to_string(), whose.map(|o| o.to_string()), now];
            let again =
                c.prepare_cached(&sql)?.query_row(values, read).map_err(|e| match e.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::ConstraintViolation) => Error::new(
                        ErrorKind::Conflict,
                        format!("a job for the same work is waiting already: discard the job {id} instead"),
                    )
                    .with_code("job_superseded")
                    .with_source(e),
                    _ => e.into(),
                })?;
            jobs::wake_after_commit();
            Ok(Some(again))
        })
        .await
    }

    /// Removes a dead or waiting job undone; `None` if there is no such job. `Conflict` while it runs.
    pub async fn discard_job(&self, id: JobId, whose: Option<OrganizationId>) -> Result<Option<JobRecord>> {
        self.write(move |c| {
            let job = idle(c, id, whose)?;
            let sql = format!("DELETE FROM jobs WHERE {ONE}");
            c.prepare_cached(&sql)?.execute(params![id.to_string(), whose.map(|o| o.to_string())])?;
            Ok(job)
        })
        .await
    }

    /// How many jobs are where, by queue and state; what is empty is left out.
    pub async fn queue_depths(&self) -> Result<Vec<QueueDepth>> {
        self.read(|c| {
            let sql = "SELECT queue, status, COUNT(*) AS jobs FROM jobs GROUP BY queue, status ORDER BY queue, status";
            let mut statement = c.prepare_cached(sql)?;
            let depths = statement.query_map([], |row| {
                Ok(QueueDepth {
                    queue: row.get("queue")?,
                    status: rows::word(row, "status", JobStatus::from_stored)?,
                    count: row.get::<_, i64>("jobs")?.unsigned_abs(),
                })
            })?;
            Ok(depths.collect::<Result<_, _>>()?)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;
    use crate::store::NewJob;
    use crate::store::{Settlement, Turn};

    async fn store() -> (Store, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
        (Store::open(&dir.path().join("agent.db"), clock).await.unwrap(), dir)
    }

    fn turn(settled: Vec<(crate::store::Lease, Settlement)>, claim: usize) -> Turn {
        Turn {
            worker: "w".into(),
            lease: Duration::from_secs(30),
            max_attempts: 3,
            settled,
            beating: vec![],
            claims: vec![("q", claim)],
        }
    }

    async fn dead(store: &Store, job: NewJob) -> JobId {
        let id = store.enqueue(job).await.unwrap();
        let claimed = store.take_turn(turn(vec![], 1)).await.unwrap().claimed;
        let how = Settlement::Dead { error: "no\ncaused by: nothing".into() };
        store.take_turn(turn(vec![(claimed[0].lease.clone(), how)], 0)).await.unwrap();
        id
    }

    #[tokio::test]
    async fn a_dead_job_keeps_its_error_and_gets_all_attempts_again() {
        let (store, _dir) = store().await;
        let id = dead(&store, NewJob::new("q", &7)).await;
        let shown = store.job(id, None).await.unwrap().unwrap();
        assert_eq!((shown.status, shown.attempts), (JobStatus::Dead, 1));
        assert_eq!(shown.last_error.as_deref(), Some("no\ncaused by: nothing"));
        assert_eq!(shown.payload, 7);
        assert!(store.take_turn(turn(vec![], 1)).await.unwrap().claimed.is_empty());
        let again = store.retry_job(id, None).await.unwrap().unwrap();
        assert_eq!((again.status, again.attempts), (JobStatus::Available, 0));
        assert_eq!(store.take_turn(turn(vec![], 1)).await.unwrap().claimed[0].id(), id);
    }

    #[tokio::test]
    async fn a_running_job_is_neither_retried_nor_discarded() {
        let (store, _dir) = store().await;
        let id = store.enqueue(NewJob::new("q", &())).await.unwrap();
        let claimed = store.take_turn(turn(vec![], 1)).await.unwrap().claimed;
        for outcome in [store.retry_job(id, None).await, store.discard_job(id, None).await] {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
        }
        let released = vec![(claimed[0].lease.clone(), Settlement::Released)];
        store.take_turn(turn(released, 0)).await.unwrap();
        assert_eq!(store.discard_job(id, None).await.unwrap().unwrap().id, id);
        assert!(store.job(id, None).await.unwrap().is_none());
        assert!(store.discard_job(id, None).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_dead_job_is_not_retried_beside_a_waiting_one_for_the_same_work() {
        let (store, _dir) = store().await;
        let id = dead(&store, NewJob::new("q", &()).dedupe("same")).await;
        store.enqueue(NewJob::new("q", &()).dedupe("same")).await.unwrap();
        assert_eq!(store.retry_job(id, None).await.unwrap_err().code(), Some("job_superseded"));
    }

    #[tokio::test]
    async fn a_business_sees_and_touches_its_own_jobs_only() {
        let (store, _dir) = store().await;
        let (own, _) = store.ensure_organization("Padaria").await.unwrap();
        let other = Some(OrganizationId(uuid::Uuid::nil()));
        let id = dead(&store, NewJob::new("q", &()).for_organization(own.id)).await;
        dead(&store, NewJob::new("q", &())).await;
        let filter = |organization| JobFilter { organization, ..JobFilter::default() };
        assert_eq!(store.jobs(filter(None)).await.unwrap().1, 2);
        assert_eq!(store.jobs(filter(Some(own.id))).await.unwrap().1, 1);
        assert_eq!(store.jobs(filter(other)).await.unwrap().1, 0);
        assert!(store.job(id, other).await.unwrap().is_none());
        assert!(store.retry_job(id, other).await.unwrap().is_none());
        assert!(store.discard_job(id, other).await.unwrap().is_none());
        assert!(store.retry_job(id, Some(own.id)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn jobs_are_listed_by_page_and_counted_by_state() {
        let (store, _dir) = store().await;
        dead(&store, NewJob::new("q", &0)).await;
        for n in 1..4 {
            store.enqueue(NewJob::new("q", &n)).await.unwrap();
        }
        let page = |page| JobFilter { page, limit: Some(3), queue: Some("q".into()), ..JobFilter::default() };
        let (first, total) = store.jobs(page(1)).await.unwrap();
        let (second, _) = store.jobs(page(2)).await.unwrap();
        assert_eq!((first.len(), second.len(), total), (3, 1, 4));
        assert_eq!((&first[0].payload, &second[0].payload), (&3.into(), &0.into()));
        let depths = store.queue_depths().await.unwrap();
        let depths: Vec<_> = depths.iter().map(|d| (d.queue.as_str(), d.status, d.count)).collect();
        assert_eq!(depths, [("q", JobStatus::Available, 3), ("q", JobStatus::Dead, 1)]);
    }
}
