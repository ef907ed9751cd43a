//! The loop of a process's workers: one write a turn for everything that ended, goes on and is claimed.
//!
//! One task does the bookkeeping for all queues, so that the completions of a moment and the next
//! claims share a commit. The jobs themselves run as tasks of their own: a panic stays in its task.
//! Where jobs take no longer than a commit does, a few are claimed ahead, so that no commit is waited for.
//! Times that are stored come from the clock; waiting is tokio's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use super::lane::{Lane, Ran, panicked};
use super::worker::{Ending, Worked, WorkerParts};
use crate::error::{ErrorKind, Result};
use crate::stop::Stop;
use crate::store::{Lease, LeasedJob, Schedule, Settlement, Turn, attempts_of};

/// Pause after the store refused a turn.
const TROUBLE: Duration = Duration::from_secs(1);
/// How long jobs that were cut off may take to notice.
const CUT_OFF: Duration = Duration::from_secs(1);

/// The end of a job's task.
type Joined = std::result::Result<(task::Id, Ran), JoinError>;

pub(super) struct Crew {
    parts: WorkerParts,
    name: Arc<str>,
    lanes: BTreeMap<&'static str, Lane>,
    tasks: JoinSet<Ran>,
    running: HashMap<task::Id, Running>,
    /// Ended, and not written yet.
    ended: Vec<Ended>,
    /// When the next recurring work may be due; `None`: not looked yet.
    recurs_at: Option<DateTime<Utc>>,
    worked: Worked,
}

/// A job that is held: it runs, or waits for a place.
struct Running {
    job: Arc<LeasedJob>,
    stop: Stop,
    begun: Instant,
    /// When the lease is to be renewed.
    beat_at: DateTime<Utc>,
}

struct Ended {
    job: Arc<LeasedJob>,
    how: Settlement,
    took: Duration,
}

impl Crew {
    pub fn new(mut parts: WorkerParts) -> Self {
        // One name a crew, not a process: a lease says whose loop holds it.
        let name = parts.clock.new_id().to_string().into();
        let width = parts.settings.per_queue;
        let handlers = std::mem::take(&mut parts.handlers).into_iter();
        let lanes = handlers.map(|(queue, handler)| (queue, Lane::new(handler, width))).collect();
        Self {
            parts,
            name,
            lanes,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            ended: Vec::new(),
            recurs_at: None,
            worked: Worked::default(),
        }
    }

    pub async fn run(mut self, mut ending: Ending) -> Result<Worked> {
        let mut enqueued = self.parts.store.enqueued();
        loop {
            if let Some(grace) = ending.grace() {
                self.drain(grace).await;
                return Ok(self.worked);
            }
            // Whatever is recorded from here on wakes the loop again.
            enqueued.mark_unchanged();
            match (self.turn(true).await, &ending) {
                (Ok(next), Ending::Idle { patience, .. }) if self.is_idle(next, *patience) => {
                    return Ok(self.worked);
                }
                (Ok(next), _) => self.wait(self.pause(next), &mut enqueued, &mut ending).await,
                (Err(error), Ending::Idle { .. }) => return Err(error),
                (Err(error), Ending::Told(_)) => {
                    tracing::error!(error = ?error, "the job queue cannot be reached");
                    tokio::time::sleep(TROUBLE).await;
                }
            }
        }
    }

    /// Writes what ended and what goes on, and starts what is claimed. Returns when the next job is due
    /// if no more is now.
    async fn turn(&mut self, claiming: bool) -> Result<Option<DateTime<Utc>>> {
        let now = self.parts.clock.now();
        let lease = self.parts.settings.lease;
        if claiming {
            self.record_recurring(now).await?;
        }
        let beating: Vec<task::Id> =
            self.running.iter().filter(|(_, r)| r.beat_at <= now).map(|(id, _)| *id).collect();
        let turn = Turn {
            worker: Arc::clone(&self.name),
            lease,
            max_attempts: self.parts.settings.max_attempts,
            settled: self.ended.iter().map(|e| (e.job.lease.clone(), e.how.clone())).collect(),
            beating: beating.iter().map(|id| self.running[id].job.lease.clone()).collect(),
            claims: if claiming { self.vacancies() } else { Vec::new() },
        };
        // If this fails nothing is written, and all of it is said again in the next turn.
        let turned = self.parts.store.take_turn(turn).await?;
        for (ended, held) in std::mem::take(&mut self.ended).into_iter().zip(turned.held) {
            self.count(&ended, held);
        }
        for id in beating {
            if let Some(running) = self.running.get_mut(&id) {
                running.beat_at = now + lease / 3;
            }
        }
        for lost in turned.lost {
            self.give_up(&lost);
        }
        for job in turned.buried {
            tracing::error!(queue = %job.queue, job_id = %job.id(), "a job is given up: its workers vanished");
            self.worked.dead += 1;
            metrics::counter!("jobs_total", "queue" => job.queue, "status" => "dead").increment(1);
        }
        for job in turned.claimed {
            self.start(job, now + lease / 3);
        }
        Ok(turned.next_run_at)
    }

    /// Records the recurring jobs that are due.
    async fn record_recurring(&mut self, now: DateTime<Utc>) -> Result<()> {
        if self.parts.recurring.is_empty() || self.recurs_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let schedules: Vec<Schedule> = self
            .parts
            .recurring
            .iter()
            .map(|r| Schedule { name: r.name, job: r.job.clone(), next_run_at: r.cadence.next_after(now) })
            .collect();
        let next = schedules.iter().map(|s| s.next_run_at).min();
        for name in self.parts.store.run_schedules(now, schedules).await? {
            tracing::info!(name, "recurring work is due");
        }
        self.recurs_at = next;
        Ok(())
    }

    /// Queues that can take more jobs, and how many.
    fn vacancies(&self) -> Vec<(&'static str, usize)> {
        let vacant = self.lanes.iter().map(|(queue, lane)| {
            let held = self.running.values().filter(|r| r.job.queue == *queue).count();
            (*queue, lane.vacant(held))
        });
        vacant.filter(|(_, vacant)| *vacant > 0).collect()
    }

    fn start(&mut self, job: LeasedJob, beat_at: DateTime<Utc>) {
        let job = Arc::new(job);
        let Some(lane) = self.lanes.get(job.queue.as_str()) else {
            // Only queues with a handler are claimed.
            self.ended.push(Ended { job, how: Settlement::Released, took: Duration::ZERO });
            return;
        };
        let (stop, begun) = (Stop::default(), Instant::now());
        let task = self.tasks.spawn(lane.task(Arc::clone(&job), stop.clone()));
        self.running.insert(task.id(), Running { job, stop, begun, beat_at });
    }

    /// A job that somebody else has now: its run here is pointless.
    fn give_up(&mut self, lost: &Lease) {
        for running in self.running.values().filter(|r| r.job.lease == *lost) {
            tracing::warn!(queue = %running.job.queue, job_id = %lost.job, "another worker has taken the job up");
            running.stop.request();
        }
    }

    /// Takes note of a task that ended.
    fn collect(&mut self, joined: Joined) {
        let (id, took, outcome) = match joined {
            Ok((id, (took, outcome))) => (id, Some(took), Some(outcome)),
            Err(error) if error.is_panic() => (error.id(), None, Some(Err(panicked(error)))),
            Err(error) => (error.id(), None, None),
        };
        let Some(running) = self.running.remove(&id) else { return };
        let took = took.unwrap_or_else(|| running.begun.elapsed());
        if let Some(lane) = self.lanes.get_mut(running.job.queue.as_str()) {
            lane.learn(took);
        }
        let how = match outcome {
            Some(Ok(())) => Settlement::Done,
            Some(Err(failure))
                if failure.error.kind() == ErrorKind::Cancelled && running.stop.requested() =>
            {
                Settlement::Released
            }
            Some(Err(failure)) => {
                let most = attempts_of(&running.job, self.parts.settings.max_attempts);
                failure.verdict(&running.job, most, &self.parts.clock)
            }
            None => Settlement::Released,
        };
        self.ended.push(Ended { job: running.job, how, took });
    }

    /// Counts a run once its end is written.
    fn count(&mut self, ended: &Ended, held: bool) {
        let queue = ended.job.queue.clone();
        if !held {
            tracing::warn!(%queue, job_id = %ended.job.id(), "the job was another worker's when it ended here");
            return;
        }
        let (sum, status) = match ended.how {
            Settlement::Done => (&mut self.worked.completed, "completed"),
            Settlement::Retry { .. } => (&mut self.worked.failed, "failed"),
            Settlement::Dead { .. } => (&mut self.worked.dead, "dead"),
            Settlement::Released | Settlement::Postponed { .. } => {
                self.worked.released += 1;
                return;
            }
        };
        *sum += 1;
        metrics::counter!("jobs_total", "queue" => queue.clone(), "status" => status).increment(1);
        metrics::histogram!("job_duration_seconds", "queue" => queue).record(ended.took.as_secs_f64());
    }

    fn is_idle(&self, next: Option<DateTime<Utc>>, patience: Duration) -> bool {
        let soon = self.parts.clock.now() + patience;
        self.tasks.is_empty() && self.ended.is_empty() && next.is_none_or(|next| next > soon)
    }

    /// How long to wait for something to happen.
    fn pause(&self, next: Option<DateTime<Utc>>) -> Duration {
        let until = next.map(|next| (next - self.parts.clock.now()).to_std().unwrap_or_default());
        let poll = self.parts.settings.poll;
        // Never nothing: clocks are read in milliseconds.
        until.map_or(poll, |until| until.clamp(Duration::from_millis(1), poll.max(Duration::from_millis(1))))
    }

    async fn wait(&mut self, pause: Duration, enqueued: &mut watch::Receiver<()>, ending: &mut Ending) {
        let vacant = !self.vacancies().is_empty();
        tokio::select! {
            Some(joined) = self.tasks.join_next_with_id() => self.collect_all(joined).await,
            _ = enqueued.changed(), if vacant => {}
            () = ending.told() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Takes note of a task that ended and of those that end at the same moment: one write for all.
    async fn collect_all(&mut self, first: Joined) {
        self.collect(first);
        tokio::task::yield_now().await;
        while let Some(joined) = self.tasks.try_join_next_with_id() {
            self.collect(joined);
        }
    }

    /// Ends: waits for running jobs, then gives back what is left.
    async fn drain(&mut self, grace: Duration) {
        for running in self.running.values() {
            running.stop.request();
        }
        let begun = Instant::now();
        while !self.tasks.is_empty() {
            let left = grace.saturating_sub(begun.elapsed());
            if left.is_zero() {
                break;
            }
            tokio::select! {
                Some(joined) = self.tasks.join_next_with_id() => self.collect_all(joined).await,
                () = tokio::time::sleep(left.min(self.parts.settings.poll)) => {}
            }
            self.last_turn().await;
        }
        self.tasks.abort_all();
        let cut_off = Instant::now() + CUT_OFF;
        // What does not notice in time may still be at work: its lease is left to run out.
        while let Ok(Some(joined)) = tokio::time::timeout_at(cut_off, self.tasks.join_next_with_id()).await {
            self.collect(joined);
        }
        self.last_turn().await;
    }

    /// A turn that claims nothing. What cannot be written is left to the leases' end.
    async fn last_turn(&mut self) {
        if let Err(error) = self.turn(false).await {
            tracing::error!(error = ?error, "the end of jobs could not be recorded");
        }
    }
}
