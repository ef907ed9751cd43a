//! Workers as their owner sees them: who handles what, starting, stopping, working until nothing is left.
//!
//! How a crew goes about it is in `crew.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::crew::Crew;
use super::{JobFailure, Recurring};
use crate::clock::SharedClock;
use crate::config::JobsConfig;
use crate::error::Result;
use crate::stop::Stop;
use crate::store::{LeasedJob, Store};

/// How often the queues are looked at without a reason: another process may have recorded a job.
const POLL: Duration = Duration::from_millis(500);

/// Does the jobs of a queue.
///
/// A job may run again although it ran before: a handler gives the same result then. It returns soon
/// after `stop` is requested, with an error of kind `Cancelled`, or is cut off at its next await; either
/// way the run does not count.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does one job. When it returns `Ok` the job is removed, unless the handler removed it together
    /// with its last effect.
    async fn run(&self, job: &LeasedJob, stop: Stop) -> Result<(), JobFailure>;
}

/// Who does the jobs of which queue.
pub type Handlers = BTreeMap<&'static str, Arc<dyn Handler>>;

/// How workers work.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    /// Jobs of one queue at work at the same time.
    pub per_queue: usize,
    /// Silence after which a worker has lost its job.
    pub lease: Duration,
    /// Runs of a job that says nothing about it.
    pub max_attempts: u32,
    /// Time between two looks at the queues when nothing happens.
    pub poll: Duration,
}

impl From<&JobsConfig> for WorkerSettings {
    fn from(config: &JobsConfig) -> Self {
        Self {
            per_queue: config.workers_per_queue,
            lease: Duration::from_secs(config.lease_seconds),
            max_attempts: config.max_attempts,
            poll: POLL,
        }
    }
}

/// What workers need.
pub struct WorkerParts {
    /// Where the jobs are.
    pub store: Store,
    /// The source of the times that are stored.
    pub clock: SharedClock,
    /// How they work.
    pub settings: WorkerSettings,
    /// Which queues they work, and how.
    pub handlers: Handlers,
    /// What comes round again; nothing, if somebody else sees to it.
    pub recurring: Vec<Recurring>,
}

impl WorkerParts {
    /// Works until nothing is due, nor will be within `patience`, then ends. Jobs that other processes
    /// have are left to them. With `stop`, ends after the jobs in hand.
    pub async fn until_idle(self, patience: Duration, stop: Stop) -> Result<Worked> {
        Crew::new(self).run(Ending::Idle { patience, stop }).await
    }
}

/// When to end.
pub(super) enum Ending {
    /// When told, with the time that running jobs get.
    Told(watch::Receiver<Option<Duration>>),
    /// When nothing is due, nor will be within `patience`.
    Idle { patience: Duration, stop: Stop },
}

impl Ending {
    /// The time that running jobs get, once it is over.
    pub(super) fn grace(&self) -> Option<Duration> {
        match self {
            Self::Told(orders) => *orders.borrow(),
            Self::Idle { stop, .. } => stop.requested().then_some(Duration::MAX),
        }
    }

    /// Done when there is an order.
    pub(super) async fn told(&mut self) {
        match self {
            Self::Told(orders) => {
                if orders.changed().await.is_err() {
                    // Nobody is left to give one.
                    std::future::pending::<()>().await;
                }
            }
            Self::Idle { .. } => std::future::pending().await,
        }
    }
}

/// How many runs ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Worked {
    /// Done.
    pub completed: u64,
    /// Failed, and will be tried again.
    pub failed: u64,
    /// Given up.
    pub dead: u64,
    /// Given back before their end.
    pub released: u64,
}

/// Workers in the background of a process. Dropped without [`Workers::stop`], they are cut off, and
/// their jobs are taken up again once the leases have run out.
pub struct Workers {
    orders: watch::Sender<Option<Duration>>,
    crew: JoinHandle<Result<Worked>>,
}

impl Workers {
    /// Starts working. Needs a tokio runtime.
    pub fn start(parts: WorkerParts) -> Self {
        let (orders, told) = watch::channel(None);
        Self { orders, crew: tokio::spawn(Crew::new(parts).run(Ending::Told(told))) }
    }

    /// Whether they work, for reports on health.
    pub fn are_working(&self) -> bool {
        !self.crew.is_finished()
    }

    /// Claims nothing more, asks running jobs to stop and waits `grace` for them; what is not done then
    /// is given back for another worker, its attempt not counted.
    pub async fn stop(mut self, grace: Duration) -> Worked {
        self.orders.send_replace(Some(grace));
        match (&mut self.crew).await {
            Ok(Ok(worked)) => worked,
            Ok(Err(error)) => {
                tracing::error!(error = ?error, "the workers ended with an error");
                Worked::default()
            }
            Err(error) => {
                tracing::error!(error = ?error, "the workers were cut off");
                Worked::default()
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.crew.abort();
    }
}

#[cfg(test)]
mod tests;
