//! A queue that is worked: who does its jobs, how many at a time, and a single job's task.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Handler, JobFailure};
use crate::error::{Error, ErrorKind, Result};
use crate::stop::Stop;
use crate::store::LeasedJob;

/// Jobs shorter than this are claimed ahead: about what a commit takes.
const SHORT: Duration = Duration::from_millis(5);
/// How many are claimed ahead for each that runs. Not more: they are out of reach for other processes.
const AHEAD: usize = 4;

/// How long a job ran, and its outcome.
pub(super) type Ran = (Duration, Result<(), JobFailure>);

pub(super) struct Lane {
    handler: Arc<dyn Handler>,
    /// Jobs at the same time.
    width: usize,
    /// One for each that may run; taken in the order of the claims.
    places: Arc<Semaphore>,
    /// How long its jobs took of late.
    usual: Option<Duration>,
}

impl Lane {
    pub fn new(handler: Arc<dyn Handler>, width: usize) -> Self {
        Self { handler, width, places: Arc::new(Semaphore::new(width)), usual: None }
    }

    /// How many jobs it takes on beside the `held` ones.
    pub fn vacant(&self, held: usize) -> usize {
        let ahead = if self.usual.is_some_and(|usual| usual < SHORT) { AHEAD } else { 0 };
        (self.width * (1 + ahead)).saturating_sub(held)
    }

    /// Takes note of how long a job took.
    pub fn learn(&mut self, took: Duration) {
        self.usual = Some(self.usual.map_or(took, |usual| (usual * 7 + took) / 8));
    }

    /// A job's task: waits for a place, then runs.
    pub fn task(&self, job: Arc<LeasedJob>, stop: Stop) -> impl Future<Output = Ran> + Send + use<> {
        let (handler, places) = (Arc::clone(&self.handler), Arc::clone(&self.places));
        async move {
            // The places are never closed.
            let _place = places.acquire().await;
            if stop.requested() {
                let stopped = Error::new(ErrorKind::Cancelled, "stopped before it began");
                return (Duration::ZERO, Err(stopped.into()));
            }
            let (begun, attempt) = (Instant::now(), job.lease.attempt);
            let span = tracing::info_span!("job", queue = %job.queue, job_id = %job.id(), attempt);
            let outcome = handler.run(&job, stop).instrument(span).await;
            (begun.elapsed(), outcome)
        }
    }
}

/// What a panic means for the job.
pub(super) fn panicked(error: JoinError) -> JobFailure {
    let panic = error.into_panic();
    let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let said =
        said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into());
    Error::internal("the job's handler panicked").with_source(said).into()
}
