//! Claiming, keeping, finishing and giving up jobs: what workers write, all of it in one transaction a
//! turn.
//!
//! A lease guards a running job, not an open transaction. It names the worker and the attempt: a worker
//! that was too slow cannot finish the run of the one who took over. When to retry is the worker's
//! decision (`jobs::backoff`); here it is only written down.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, ToSql, params};
use serde::de::DeserializeOwned;

use super::{Store, rows};
use crate::clock::format_timestamp;
use crate::error::{Error, Result};
use crate::model::{JobId, OrganizationId};

/// A worker's hold on a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Who runs it.
    pub worker: Arc<str>,
    /// Which run this is, from 1.
    pub attempt: u32,
}

/// A job that a worker holds.
#[derive(Debug, Clone)]
pub struct LeasedJob {
    /// The hold on it.
    pub lease: Lease,
    /// Kind of work.
    pub queue: String,
    /// What the work is about, as JSON.
    pub payload: String,
    /// Higher first.
    pub priority: i32,
    /// RFC 3339, UTC: when it was due.
    pub run_at: String,
    /// Runs before it is given up; 0: what is configured.
    pub max_attempts: u32,
    /// The business on whose behalf it runs.
    pub organization_id: Option<OrganizationId>,
}

impl LeasedJob {
    /// Its id.
    pub fn id(&self) -> JobId {
        self.lease.job
    }

    /// Reads the payload. One that cannot be read is `InvalidInput`: trying again would not help.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.payload).map_err(|e| {
            let queue = &self.queue;
            Error::invalid(format!("the payload of a job in `{queue}` cannot be read")).with_source(e)
        })
    }
}

/// What becomes of a job that a worker ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is done and goes.
    Done,
    /// It failed and waits for another run.
    Retry {
        /// Not before.
        run_at: DateTime<Utc>,
        /// The full error.
        error: String,
    },
    /// It failed for good and stays for people to look at.
    Dead {
        /// The full error.
        error: String,
    },
    /// It has to wait; the attempt does not count.
    Postponed {
        /// Not before.
        run_at: DateTime<Utc>,
    },
    /// It did not get to run to its end; the attempt does not count.
    Released,
}

/// What a worker has to write, and asks for, in one go.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Who.
    pub worker: Arc<str>,
    /// How long leases are to last from now.
    pub lease: Duration,
    /// Runs of a job that says nothing about it.
    pub max_attempts: u32,
    /// Jobs that ended.
    pub settled: Vec<(Lease, Settlement)>,
    /// Jobs that go on.
    pub beating: Vec<Lease>,
    /// Queues, and how many of their jobs to claim at most.
    pub claims: Vec<(&'static str, usize)>,
}

/// What a turn did.
#[derive(Debug, Default)]
pub struct Turned {
    /// For each settled job whether the worker still held it, so that it counts.
    pub held: Vec<bool>,
    /// Jobs that go on although somebody else has them now.
    pub lost: Vec<Lease>,
    /// Jobs to run, in their order.
    pub claimed: Vec<LeasedJob>,
    /// Jobs whose worker vanished once too often: dead now.
    pub buried: Vec<LeasedJob>,
    /// When the next job of the claimed queues is due, where nothing more was due.
    pub next_run_at: Option<DateTime<Utc>>,
}

/// Who may change a running job: `?1` id, `?2` worker, `?3` attempt.
const HELD: &str = "id = ?1 AND status = 'running' AND leased_by = ?2 AND attempts = ?3";

fn read(row: &Row<'_>) -> rusqlite::Result<LeasedJob> {
    Ok(LeasedJob {
        lease: Lease {
            job: rows::parsed(row, "id")?,
            worker: row.get::<_, String>("leased_by")?.into(),
            attempt: row.get("attempts")?,
        },
        queue: row.get("queue")?,
        payload: row.get("payload")?,
        priority: row.get("priority")?,
        run_at: row.get("run_at")?,
        max_attempts: row.get("max_attempts")?,
        organization_id: rows::parsed_opt(row, "organization_id")?,
    })
}

/// Removes a job that is done, in the transaction of its last effect; whether it was still held. If not,
/// that transaction is to be rolled back: somebody else does the work.
pub(super) fn finish(c: &Connection, lease: &Lease) -> Result<bool> {
    update(c, &format!("DELETE FROM jobs WHERE {HELD}"), lease, &[])
}

/// Runs a statement on a job, whose further parameters begin with `?4`, if the lease still holds.
fn update(c: &Connection, sql: &str, lease: &Lease, further: &[&dyn ToSql]) -> Result<bool> {
    let id = lease.job.to_string();
    let mut values: Vec<&dyn ToSql> = vec![&id, &lease.worker, &lease.attempt];
    values.extend(further);
    Ok(c.prepare_cached(sql)?.execute(values.as_slice())? > 0)
}

fn settle(c: &Connection, lease: &Lease, how: &Settlement, now: &str) -> Result<bool> {
    match how {
        // A job that is gone was finished together with its last effect.
        Settlement::Done => Ok(finish(c, lease)? || !exists(c, lease.job)?),
        Settlement::Retry { run_at, error } => {
            put_back(c, lease, Some(&format_timestamp(*run_at)), Some(error), 0, now)
        }
        Settlement::Dead { error } => bury(c, lease, error, now),
        Settlement::Postponed { run_at } => {
            put_back(c, lease, Some(&format_timestamp(*run_at)), None, 1, now)
        }
        Settlement::Released => put_back(c, lease, None, None, 1, now),
    }
}

/// Makes a running job available again, minus `refund` attempts.
fn put_back(
    c: &Connection,
    lease: &Lease,
    run_at: Option<&str>,
    error: Option<&str>,
    refund: u32,
    now: &str,
) -> Result<bool> {
    // If one with its dedupe key was recorded meanwhile, that one will do.
    let superseded = format!(
        "DELETE FROM jobs WHERE {HELD} AND EXISTS
           (SELECT 1 FROM jobs waiting WHERE waiting.dedupe_key = jobs.dedupe_key AND waiting.status = 'available')"
    );
    if update(c, &superseded, lease, &[])? {
        return Ok(true);
    }
    let sql = format!(
        "UPDATE jobs SET status = 'available', run_at = COALESCE(?4, run_at), last_error = COALESCE(?5, last_error),
                attempts = attempts - ?6, leased_by = NULL, leased_until = NULL, updated_at = ?7 WHERE {HELD}"
    );
    update(c, &sql, lease, &[&run_at, &error, &refund, &now])
}

fn bury(c: &Connection, lease: &Lease, error: &str, now: &str) -> Result<bool> {
    let sql = format!(
        "UPDATE jobs SET status = 'dead', last_error = ?4, leased_by = NULL, leased_until = NULL, updated_at = ?5
         WHERE {HELD}"
    );
    update(c, &sql, lease, &[&error, &now])
}

fn exists(c: &Connection, id: JobId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?1)";
    Ok(c.prepare_cached(sql)?.query_row([id.to_string()], |row| row.get(0))?)
}

/// Jobs whose lease ran out are available again, or dead; returns the dead ones.
fn reap(c: &Connection, max_attempts: u32, now: &str) -> Result<Vec<LeasedJob>> {
    let sql =
        "SELECT id, leased_by, attempts, queue, payload, priority, run_at, max_attempts, organization_id
               FROM jobs WHERE status = 'running' AND leased_until <= ?1";
    let mut statement = c.prepare_cached(sql)?;
    let vanished = statement.query_map([now], read)?.collect::<Result<Vec<_>, _>>()?;
    let mut buried = Vec::new();
    for job in vanished {
        let (attempt, most) = (job.lease.attempt, attempts_of(&job, max_attempts));
        let error = format!("the worker vanished: attempt {attempt} of {most} did not end");
        if attempt < most {
            put_back(c, &job.lease, None, Some(&error), 0, now)?;
        } else if bury(c, &job.lease, &error, now)? {
            buried.push(job);
        }
    }
    Ok(buried)
}

/// Runs of a job at most: its own number, or what is configured.
pub(crate) fn attempts_of(job: &LeasedJob, configured: u32) -> u32 {
    if job.max_attempts == 0 { configured } else { job.max_attempts }
}

/// Claims what is due: by priority, then by time. Of the jobs with one order key only the oldest, and
/// none while one of them runs.
fn claim(
    c: &Connection,
    turn: &Turn,
    queue: &str,
    most: usize,
    until: &str,
    now: &str,
) -> Result<Vec<LeasedJob>> {
    let sql = "UPDATE jobs SET status = 'running', attempts = attempts + 1, leased_by = ?4, leased_until = ?5,
                      updated_at = ?2
               WHERE id IN (
                 SELECT due.id FROM jobs due
                 WHERE due.queue = ?1 AND due.status = 'available' AND due.run_at <= ?2
                   AND (due.order_key IS NULL OR NOT EXISTS (
                     SELECT 1 FROM jobs other
                     WHERE other.order_key = due.order_key
                       AND (other.status = 'running'
                         OR (other.status = 'available' AND (other.created_at, other.id) < (due.created_at, due.id)))))
                 ORDER BY due.priority DESC, due.run_at, due.id LIMIT ?3)
               RETURNING id, leased_by, attempts, queue, payload, priority, run_at, max_attempts, organization_id";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut statement = c.prepare_cached(sql)?;
    let claimed = statement.query_map(params![queue, now, most, turn.worker, until], read)?;
    let mut claimed = claimed.collect::<Result<Vec<_>, _>>()?;
    // RETURNING promises no order.
    claimed.sort_by(|a, b| {
        let place = |job: &LeasedJob| (-i64::from(job.priority), job.run_at.clone(), job.lease.job);
        place(a).cmp(&place(b))
    });
    Ok(claimed)
}

/// When a queue's next job is due that is not due yet.
fn next_run_at(c: &Connection, queue: &str, now: &str) -> Result<Option<DateTime<Utc>>> {
    let sql =
        "SELECT MIN(run_at) AS next FROM jobs WHERE queue = ?1 AND status = 'available' AND run_at > ?2";
    Ok(c.prepare_cached(sql)?.query_row([queue, now], |row| rows::parsed_opt(row, "next"))?)
}

fn take(c: &Connection, turn: &Turn, now: DateTime<Utc>) -> Result<Turned> {
    let until = format_timestamp(now + turn.lease);
    let now = format_timestamp(now);
    let mut turned = Turned::default();
    for (lease, how) in &turn.settled {
        turned.held.push(settle(c, lease, how, &now)?);
    }
    // Before the reaper: a lease that is over is still ours as long as nobody took it.
    let beat = format!("UPDATE jobs SET leased_until = ?4 WHERE {HELD}");
    for lease in &turn.beating {
        if !update(c, &beat, lease, &[&until])? {
            turned.lost.push(lease.clone());
        }
    }
    turned.buried = reap(c, turn.max_attempts, &now)?;
    for &(queue, most) in &turn.claims {
        let claimed = claim(c, turn, queue, most, &until, &now)?;
        // Looked up only when the queue is drained: with many waiting it would cost a scan.
        if claimed.len() < most {
            let next = next_run_at(c, queue, &now)?;
            turned.next_run_at = [turned.next_run_at, next].into_iter().flatten().min();
        }
        turned.claimed.extend(claimed);
    }
    Ok(turned)
}

impl Store {
    /// Everything a worker writes and asks for, in one transaction: jobs that ended, leases that go on,
    /// leases that ran out (anybody's), and the next jobs.
    pub async fn take_turn(&self, turn: Turn) -> Result<Turned> {
        let clock = self.clock.clone();
        // The time inside: a lease begins when it is written, however long the writer had to wait.
        self.write(move |c| take(c, &turn, clock.now())).await
    }

    /// Removes a job that is done; whether the lease still held.
    pub async fn finish_job(&self, lease: Lease) -> Result<bool> {
        self.write(move |c| finish(c, &lease)).await
    }
}

#[cfg(test)]
mod tests;
