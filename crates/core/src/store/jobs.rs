//! Jobs: work that is recorded in the transaction that makes it necessary.
//!
//! This file holds recording. Claiming, finishing and giving up are in `job_leases.rs`, what people see
//! and do with jobs in `job_admin.rs`. Which queues there are, and who works them, is not known here.

use std::cell::Cell;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use uuid::Uuid;

use super::{Store, rows};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{JobId, OrganizationId};

/// A job that is due within this time wakes the workers; twice as long as they ever sleep unasked.
const SOON: TimeDelta = TimeDelta::seconds(1);

/// A job to record.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Kind of work.
    pub queue: &'static str,
    /// What the work is about, as JSON: ids, not contents.
    pub payload: String,
    /// If a job with this key is waiting already, that one will do. One name space for all queues.
    pub dedupe_key: Option<String>,
    /// Jobs with one key run one after the other, in the order they were recorded, whatever their queue.
    pub order_key: Option<String>,
    /// Higher first; 0 unless said otherwise.
    pub priority: i32,
    /// Not before; at once if absent.
    pub run_at: Option<DateTime<Utc>>,
    /// The business on whose behalf it runs.
    pub organization_id: Option<OrganizationId>,
    /// Runs before it is given up; what is configured if absent.
    pub max_attempts: Option<u32>,
}

impl NewJob {
    /// A job that is due at once.
    pub fn new(queue: &'static str, payload: &impl Serialize) -> Self {
        Self {
            queue,
            // Payloads are plain structs: they cannot fail to serialise.
            payload: serde_json::to_string(payload).unwrap_or_else(|_| "null".to_owned()),
            dedupe_key: None,
            order_key: None,
            priority: 0,
            run_at: None,
            organization_id: None,
            max_attempts: None,
        }
    }

    /// Not needed if a job with this key is waiting already.
    #[must_use]
    pub fn dedupe(mut self, key: impl Into<String>) -> Self {
        self.dedupe_key = Some(key.into());
        self
    }

    /// Runs after earlier jobs with this key.
    #[must_use]
    pub fn order(mut self, key: impl Into<String>) -> Self {
        self.order_key = Some(key.into());
        self
    }

    /// Runs before jobs of its queue with a lower priority.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Not before `time`.
    #[must_use]
    pub fn run_at(mut self, time: DateTime<Utc>) -> Self {
        self.run_at = Some(time);
        self
    }

    /// Runs on behalf of a business, and goes with it.
    #[must_use]
    pub fn for_organization(mut self, id: OrganizationId) -> Self {
        self.organization_id = Some(id);
        self
    }

    /// Runs at most that often.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts.max(1));
        self
    }
}

/// A waiting job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What the work is about, as JSON.
    pub payload: String,
}

thread_local! {
    /// Whether a job became available in the commit that is being prepared: set by whoever does it on
    /// the writer's thread, taken by the writer, who then wakes the workers.
    static RECORDED: Cell<bool> = const { Cell::new(false) };
}

/// Says that workers have something to look at once this is committed.
pub(super) fn wake_after_commit() {
    RECORDED.set(true);
}

/// Whether workers are to be woken; for the writer, after a commit.
pub(super) fn take_recorded() -> bool {
    RECORDED.replace(false)
}

/// Records a job in the transaction of whoever calls. Returns its id, or that of the waiting job with
/// the same dedupe key.
pub(super) fn insert(c: &Connection, id: Uuid, job: &NewJob, now: &str) -> Result<JobId> {
    let created = match &job.order_key {
        Some(key) => created_after_others(c, key, now)?,
        None => now.to_owned(),
    };
    let run_at = job.run_at.map_or_else(|| now.to_owned(), format_timestamp);
    let sql =
        "INSERT INTO jobs (id, queue, payload, status, priority, order_key, dedupe_key, max_attempts, run_at,
                                 organization_id, created_at, updated_at)
               VALUES (?1, ?2, ?3, 'available', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT DO NOTHING RETURNING id";
    let values = params![
        id.to_string(),
        job.queue,
        job.payload,
        job.priority,
        job.order_key,
        job.dedupe_key,
        // None: whatever is configured when it matters.
        job.max_attempts.unwrap_or_default(),
        run_at,
        job.organization_id.map(|o| o.to_string()),
        created,
        now,
    ];
    let made = c.prepare_cached(sql)?.query_row(values, |row| rows::parsed(row, "id")).optional()?;
    if let Some(made) = made {
        // Workers look at the queues by themselves often enough for what is due later.
        let soon = now.parse::<DateTime<Utc>>().map_or(DateTime::<Utc>::MAX_UTC, |now| now + SOON);
        if job.run_at.is_none_or(|run_at| run_at <= soon) {
            wake_after_commit();
        }
        return Ok(made);
    }
    let sql = "SELECT id FROM jobs WHERE dedupe_key = ?1 AND status = 'available'";
    Ok(c.prepare_cached(sql)?.query_row([&job.dedupe_key], |row| rows::parsed(row, "id"))?)
}

/// The same, but a job that waits under the dedupe key is due no later than this one would be.
pub(super) fn insert_or_advance(c: &Connection, id: Uuid, job: &NewJob, now: &str) -> Result<JobId> {
    if let (Some(key), Some(run_at)) = (&job.dedupe_key, job.run_at) {
        let sql = "UPDATE jobs SET run_at = ?2, updated_at = ?3
                   WHERE dedupe_key = ?1 AND status = 'available' AND run_at > ?2";
        c.prepare_cached(sql)?.execute(params![key, format_timestamp(run_at), now])?;
    }
    insert(c, id, job, now)
}

/// A time later than that of every job with this key: their order is that of their commits, also for
/// two within a millisecond or by processes whose clocks differ.
fn created_after_others(c: &Connection, key: &str, now: &str) -> Result<String> {
    let sql = "SELECT MAX(created_at) AS latest FROM jobs WHERE order_key = ?1";
    let latest: Option<DateTime<Utc>> =
        c.prepare_cached(sql)?.query_row([key], |row| rows::parsed_opt(row, "latest"))?;
    let later = latest.map(|latest| format_timestamp(latest + TimeDelta::milliseconds(1)));
    Ok(later.filter(|later| later.as_str() > now).unwrap_or_else(|| now.to_owned()))
}

impl Store {
    /// Records a job; returns its id, or that of the waiting one with the same dedupe key.
    pub async fn enqueue(&self, job: NewJob) -> Result<JobId> {
        let (id, clock) = (self.clock.new_id(), self.clock.clone());
        self.write(move |c| insert(c, id, &job, &clock.timestamp())).await
    }

    /// Told of every commit of this process that made a job available.
    pub fn enqueued(&self) -> tokio::sync::watch::Receiver<()> {
        self.wake.subscribe()
    }

    /// The waiting jobs of a queue, oldest first.
    pub async fn waiting_jobs(&self, queue: &'static str) -> Result<Vec<Job>> {
        self.read(move |c| {
            let sql =
                "SELECT id, payload FROM jobs WHERE queue = ?1 AND status = 'available' ORDER BY run_at, id";
            let mut statement = c.prepare_cached(sql)?;
            let jobs = statement.query_map([queue], |row| {
                Ok(Job { id: rows::parsed(row, "id")?, payload: row.get("payload")? })
            })?;
            Ok(jobs.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes waiting jobs whose work is done. One that a worker took up meanwhile is the worker's.
    pub async fn finish_jobs(&self, ids: Vec<JobId>) -> Result<()> {
        self.write(move |c| {
            let mut statement =
                c.prepare_cached("DELETE FROM jobs WHERE id = ?1 AND status = 'available'")?;
            for id in ids {
                statement.execute([id.to_string()])?;
            }
            Ok(())
        })
        .await
    }
}
