//! A circuit breaker: a service that is down is left alone for a while, and callers are told at once.
//!
//! It opens after some failures in a row, lets one request probe after a pause, and closes when a
//! request succeeds. What counts as a failure is the caller's word (`Failure::outage`): a service that
//! refuses a bad request is up. Repeating requests is not done here (see `retry.rs`).

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::retry::Failure;
use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind};

/// Code of the error that an open breaker gives.
pub const CIRCUIT_OPEN: &str = "circuit_open";

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it stays open before it probes.
const PAUSE: Duration = Duration::from_secs(30);
/// When to come back while a probe is under way: it is soon known.
const WHILE_PROBING: Duration = Duration::from_secs(5);

/// How a service does, as far as its breaker knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Requests go through.
    Closed,
    /// Requests are refused.
    Open,
    /// One request may find out whether the service is back.
    HalfOpen,
}

impl BreakerState {
    /// The name health reports and metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What a process knows of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquaintance {
    /// It was never asked.
    None,
    /// It was asked, and never answered.
    Tried,
    /// It answered.
    Reached,
}

/// The breaker of one service. Share it between all who ask that service.
pub struct Breaker {
    name: &'static str,
    clock: SharedClock,
    circuit: Mutex<Circuit>,
    /// An [`Acquaintance`].
    acquaintance: AtomicU8,
}

#[derive(Debug, Clone, Copy)]
enum Circuit {
    Closed { failures: u32 },
    Open { since: DateTime<Utc> },
    Probing,
}

/// Leave to send one request; says how it went. Dropped without a word, it counts as neither.
#[must_use]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
    told: bool,
}

impl Breaker {
    /// A closed breaker of the service that health reports call `name`.
    pub fn new(name: &'static str, clock: SharedClock) -> Self {
        Self {
            name,
            clock,
            circuit: Mutex::new(Circuit::Closed { failures: 0 }),
            acquaintance: AtomicU8::new(0),
        }
    }

    /// The service's name in health reports.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What this process knows of the service: before it was reached, a closed breaker says nothing.
    pub fn acquaintance(&self) -> Acquaintance {
        match self.acquaintance.load(Ordering::Relaxed) {
            0 => Acquaintance::None,
            1 => Acquaintance::Tried,
            _ => Acquaintance::Reached,
        }
    }

    /// How the service does.
    pub fn state(&self) -> BreakerState {
        match *self.circuit() {
            Circuit::Closed { .. } => BreakerState::Closed,
            Circuit::Open { since } if self.left(since).is_some() => BreakerState::Open,
            Circuit::Open { .. } | Circuit::Probing => BreakerState::HalfOpen,
        }
    }

    /// Lets a request through.
    ///
    /// # Errors
    /// `Unavailable` with the code [`CIRCUIT_OPEN`] and the time after which to try again.
    pub fn admit(&self) -> Result<Pass<'_>, Error> {
        let mut circuit = self.circuit();
        let probe = match *circuit {
            Circuit::Closed { .. } => false,
            Circuit::Open { since } => {
                if let Some(left) = self.left(since) {
                    return Err(self.refusal(left));
                }
                *circuit = Circuit::Probing;
                true
            }
            // It ends with its pass, whatever becomes of it.
            Circuit::Probing => return Err(self.refusal(WHILE_PROBING)),
        };
        Ok(Pass { breaker: self, probe, told: false })
    }

    /// Runs one attempt if the breaker lets it through; its outcome is what the breaker learns.
    pub(crate) async fn watch<T>(
        &self,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let pass = self.admit().map_err(Failure::last)?;
        let outcome = attempt.await;
        match &outcome {
            Err(failure) if failure.outage => pass.failed(),
            Ok(_) | Err(_) => pass.succeeded(),
        }
        outcome
    }

    fn refusal(&self, left: Duration) -> Error {
        // Whole seconds, rounded up: nobody should come back too early.
        let left = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
        let text = format!(
            "the {} service failed several times in a row and is left alone for a moment: try again in {} s",
            self.name,
            left.as_secs()
        );
        Error::new(ErrorKind::Unavailable, text).with_code(CIRCUIT_OPEN).with_retry_after(left)
    }

    /// What is left of the pause that began at `since`.
    fn left(&self, since: DateTime<Utc>) -> Option<Duration> {
        // A clock that was set back must not keep the breaker open.
        let passed = (self.clock.now() - since).to_std().unwrap_or(PAUSE);
        PAUSE.checked_sub(passed).filter(|left| !left.is_zero())
    }

    fn circuit(&self) -> std::sync::MutexGuard<'_, Circuit> {
        // A poisoned lock still holds a valid state: every change is one assignment.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// The service answered.
    pub fn succeeded(mut self) {
        self.told = true;
        self.breaker.acquaintance.store(2, Ordering::Relaxed);
        let mut circuit = self.breaker.circuit();
        // A request from before the breaker opened says nothing about now.
        if self.probe || matches!(*circuit, Circuit::Closed { .. }) {
            if self.probe {
                tracing::info!(service = self.breaker.name, "the service is back");
            }
            *circuit = Circuit::Closed { failures: 0 };
        }
    }

    /// The service did not answer, or had a problem of its own.
    pub fn failed(mut self) {
        self.told = true;
        self.breaker.acquaintance.fetch_max(1, Ordering::Relaxed);
        let now = self.breaker.clock.now();
        let mut circuit = self.breaker.circuit();
        match *circuit {
            Circuit::Closed { failures } if failures + 1 < FAILURES => {
                *circuit = Circuit::Closed { failures: failures + 1 };
            }
            Circuit::Closed { .. } => {
                tracing::warn!(service = self.breaker.name, "the service failed too often; pausing");
                *circuit = Circuit::Open { since: now };
            }
            Circuit::Probing if self.probe => *circuit = Circuit::Open { since: now },
            // Sent before it opened: known already.
            Circuit::Open { .. } | Circuit::Probing => {}
        }
    }
}

impl Drop for Pass<'_> {
    /// A probe whose caller went away leaves its place to the next one.
    fn drop(&mut self) {
        if self.probe && !self.told {
            let since = self.breaker.clock.now() - PAUSE;
            *self.breaker.circuit() = Circuit::Open { since };
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name)
            .field("circuit", &*self.circuit())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::ManualClock;

    fn breaker() -> (Arc<ManualClock>, Breaker) {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        (Arc::clone(&clock), Breaker::new("llm", clock))
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit().unwrap().failed();
        }
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_says_when_to_come_back() {
        let (clock, breaker) = breaker();
        fail(&breaker, 4);
        breaker.admit().unwrap().succeeded();
        fail(&breaker, 4);
        assert_eq!(breaker.state(), BreakerState::Closed);
        fail(&breaker, 1);
        assert_eq!(breaker.state(), BreakerState::Open);
        clock.advance(Duration::from_millis(10_500));
        let error = breaker.admit().err().unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some(CIRCUIT_OPEN)));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(20)));
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let (clock, breaker) = breaker();
        fail(&breaker, 5);
        clock.advance(PAUSE);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err(), "a second probe");
        probe.failed();
        assert_eq!(breaker.state(), BreakerState::Open);
        clock.advance(PAUSE);
        breaker.admit().unwrap().succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
        fail(&breaker, 4);
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn a_probe_that_was_given_up_leaves_its_place() {
        let (clock, breaker) = breaker();
        fail(&breaker, 5);
        clock.advance(PAUSE);
        drop(breaker.admit().unwrap());
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn what_was_sent_before_it_opened_changes_nothing() {
        let (clock, breaker) = breaker();
        let (early, late) = (breaker.admit().unwrap(), breaker.admit().unwrap());
        fail(&breaker, 5);
        clock.advance(Duration::from_secs(20));
        early.succeeded();
        late.failed();
        assert_eq!(breaker.state(), BreakerState::Open);
        clock.advance(Duration::from_secs(10));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }

    #[tokio::test]
    async fn only_outages_count() {
        let (_, breaker) = breaker();
        for _ in 0..10 {
            let refused = async { Err::<(), _>(Failure::last(Error::config("a wrong key"))) };
            assert!(breaker.watch(refused).await.is_err());
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        for _ in 0..5 {
            let down = async { Err::<(), _>(Failure::passing(Error::unavailable("down"))) };
            assert!(breaker.watch(down).await.is_err());
        }
        let mut sent = false;
        let attempt = async {
            sent = true;
            Ok::<(), Failure>(())
        };
        let failure = breaker.watch(attempt).await.unwrap_err();
        assert_eq!(failure.error.code(), Some(CIRCUIT_OPEN));
        assert!(!sent, "a service that is down is left alone");
    }
}
