//! What a failed run says: the error, and whether to try again.
//!
//! A handler that knows better says so; otherwise the kind of the error decides.

use std::error::Error as _;
use std::time::Duration;

use super::delay;
use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind};
use crate::store::{LeasedJob, Settlement};

/// Characters of an error that are kept.
const LONGEST: usize = 8000;

/// Longest wait that a failure may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Whether to run a failed job again. Attempts are capped either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After the usual wait.
    Yes,
    /// After this long: whoever refused said so.
    After(Duration),
    /// After this long, and the run does not count: nothing went wrong, it was too early.
    Postponed(Duration),
    /// It would fail the same way.
    Never,
}

/// Why a run failed.
#[derive(Debug)]
pub struct JobFailure {
    /// The error.
    pub error: Error,
    /// Whether to try again.
    pub retry: Retry,
}

impl JobFailure {
    /// A failure that trying again does not mend.
    pub fn never(error: Error) -> Self {
        Self { error, retry: Retry::Never }
    }

    /// No failure: the job has to wait for something.
    pub fn postponed(wait: Duration) -> Self {
        let error = Error::new(ErrorKind::Unavailable, "waits for its time");
        Self { error, retry: Retry::Postponed(wait) }
    }

    /// The message and every cause below it, a line each.
    pub fn describe(&self) -> String {
        let mut text = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(source) = cause {
            text.push_str("\ncaused by: ");
            text.push_str(&source.to_string());
            cause = source.source();
        }
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// What becomes of a job that runs `most` times at most: when it is tried again, or that it is dead.
    pub(super) fn verdict(&self, job: &LeasedJob, most: u32, clock: &SharedClock) -> Settlement {
        let (queue, job_id, attempt) = (&job.queue, job.id(), job.lease.attempt);
        let wait = match self.retry {
            Retry::Postponed(wait) => {
                return Settlement::Postponed { run_at: clock.now() + wait.min(LONGEST_WAIT) };
            }
            Retry::Yes if attempt < most => delay(attempt, clock.random()),
            Retry::After(wait) if attempt < most => wait.min(LONGEST_WAIT),
            _ => {
                tracing::error!(%queue, %job_id, attempt, error = ?self.error, "a job is given up");
                return Settlement::Dead { error: self.describe() };
            }
        };
        tracing::warn!(%queue, %job_id, attempt, error = ?self.error, "a job failed and will be tried again");
        Settlement::Retry { run_at: clock.now() + wait, error: self.describe() }
    }
}

/// Whether a run that failed with this would fail the same way again.
pub fn is_final(error: &Error) -> bool {
    let kind = error.kind();
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::Config)
}

impl From<Error> for JobFailure {
    fn from(error: Error) -> Self {
        let retry = if is_final(&error) {
            Retry::Never
        } else {
            error.retry_after().map_or(Retry::Yes, Retry::After)
        };
        Self { error, retry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_decides_whether_to_try_again() {
        let retry = |error: Error| JobFailure::from(error).retry;
        assert_eq!(retry(Error::invalid("x")), Retry::Never);
        assert_eq!(retry(Error::not_found("x")), Retry::Never);
        assert_eq!(retry(Error::config("x")), Retry::Never);
        assert_eq!(retry(Error::new(ErrorKind::Forbidden, "x")), Retry::Never);
        assert_eq!(retry(Error::unavailable("x")), Retry::Yes);
        assert_eq!(retry(Error::internal("x")), Retry::Yes);
        let minute = Duration::from_mins(1);
        assert_eq!(retry(Error::unavailable("x").with_retry_after(minute)), Retry::After(minute));
    }

    #[test]
    fn the_full_error_names_every_cause() {
        let inner = Error::unavailable("no answer").with_source(std::io::Error::other("reset"));
        let failure = JobFailure::from(Error::internal("sending failed").with_source(inner));
        assert_eq!(failure.describe(), "sending failed\ncaused by: no answer\ncaused by: reset");
    }
}
