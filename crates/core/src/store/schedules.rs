//! Schedules: when work that comes round again is next due.
//!
//! Moving the time on and recording the job are one transaction, so of two processes one does it. What
//! was missed while nothing ran is made up for once, not as often as it was missed.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use super::jobs::{self, NewJob};
use super::{Store, rows};
use crate::clock::format_timestamp;
use crate::error::Result;

/// Work that comes round again.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its name.
    pub name: &'static str,
    /// What to record when it is due.
    pub job: NewJob,
    /// When it is due after now.
    pub next_run_at: DateTime<Utc>,
}

/// A schedule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRecord {
    /// Its name.
    pub name: String,
    /// When it is due.
    pub next_run_at: DateTime<Utc>,
    /// When its job was last recorded.
    pub last_run_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Records the jobs of the schedules that are due at `now` and moves these on; one that is new is
    /// due at its next time. Returns the names of those that were due.
    pub async fn run_schedules(
        &self,
        now: DateTime<Utc>,
        schedules: Vec<Schedule>,
    ) -> Result<Vec<&'static str>> {
        let ids: Vec<_> = schedules.iter().map(|_| self.clock.new_id()).collect();
        self.write(move |c| {
            let now = format_timestamp(now);
            let mut due = Vec::new();
            for (schedule, id) in schedules.into_iter().zip(ids) {
                let next = format_timestamp(schedule.next_run_at);
                let sql = "INSERT INTO schedules (name, next_run_at) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
                c.prepare_cached(sql)?.execute(params![schedule.name, next])?;
                let sql = "UPDATE schedules SET next_run_at = ?2, last_run_at = ?3 WHERE name = ?1 AND next_run_at <= ?3";
                if c.prepare_cached(sql)?.execute(params![schedule.name, next, now])? > 0 {
                    jobs::insert(c, id, &schedule.job, &now)?;
                    due.push(schedule.name);
                }
            }
            Ok(due)
        })
        .await
    }

    /// Every schedule, by name.
    pub async fn schedules(&self) -> Result<Vec<ScheduleRecord>> {
        self.read(|c| {
            let mut statement =
                c.prepare_cached("SELECT name, next_run_at, last_run_at FROM schedules ORDER BY name")?;
            let all = statement.query_map([], |row| {
                Ok(ScheduleRecord {
                    name: row.get("name")?,
                    next_run_at: rows::parsed(row, "next_run_at")?,
                    last_run_at: rows::parsed_opt(row, "last_run_at")?,
                })
            })?;
            Ok(all.collect::<Result<_, _>>()?)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, ManualClock};

    #[tokio::test]
    async fn of_two_processes_one_runs_it_and_what_was_missed_runs_once() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-22T12:30:00Z".parse().unwrap()));
        let path = dir.path().join("agent.db");
        let one = Store::open(&path, clock.clone()).await.unwrap();
        let two = Store::open(&path, clock.clone()).await.unwrap();
        let run = async |store: &Store| {
            let now = clock.now();
            let job = NewJob::new("maintenance", &());
            let schedule = Schedule { name: "s", job, next_run_at: now + chrono::TimeDelta::hours(1) };
            store.run_schedules(now, vec![schedule]).await.unwrap().len()
        };
        assert_eq!((run(&one).await, run(&two).await), (0, 0));
        // Nothing ran for a day.
        clock.advance(Duration::from_hours(24));
        let (first, second) = tokio::join!(run(&one), run(&two));
        assert_eq!(first + second, 1);
        assert_eq!(run(&one).await, 0);
        assert_eq!(one.waiting_jobs("maintenance").await.unwrap().len(), 1);
        let kept = two.schedules().await.unwrap();
        assert_eq!(kept[0].last_run_at, Some(clock.now()));
        assert_eq!(kept[0].next_run_at, clock.now() + chrono::TimeDelta::hours(1));
    }
}
