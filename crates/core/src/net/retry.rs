//! What is tried again, how often, and after how long.
//!
//! Exponential backoff with full jitter, so that clients which failed together do not come back
//! together; a service that says when to come back (`Retry-After`) is believed, up to a minute.
//! What an error means to the user is not decided here, only whether another try may help.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::error::{Error, Result};

/// The longest wait that a service may ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(1);

/// How patiently a failed request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Requests in all, the first included; at least 1.
    pub attempts: u32,
    /// Upper bound of the first wait; it doubles with every failure.
    pub first: Duration,
    /// Upper bound of any wait that the service did not ask for.
    pub max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, first: Duration::from_millis(500), max: Duration::from_secs(20) }
    }
}

impl Retry {
    /// One attempt, for callers that repeat the whole themselves.
    pub const NEVER: Self = Self { attempts: 1, first: Duration::ZERO, max: Duration::ZERO };

    /// Begins a request; `clock` rolls the dice for the waits.
    pub(crate) fn start(self, clock: &dyn Clock) -> Attempts<'_> {
        Attempts { retry: self, clock, failed: 0 }
    }

    /// The wait before the next try: anything up to a bound that doubles with every failure.
    fn backoff(self, failed: u32, clock: &dyn Clock) -> Duration {
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        let bound = self.first.saturating_mul(doubled).min(self.max);
        bound.mul_f64(fraction(clock))
    }
}

/// A number from 0 to below 1.
fn fraction(clock: &dyn Clock) -> f64 {
    let [_, _, a, b, c, d, ..] = clock.random();
    f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
}

/// Whether and when a failed request is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Another try would fail the same way.
    No,
    /// After a backoff.
    Backoff,
    /// After the time that the service asked for.
    After(Duration),
}

/// A failed attempt: what to tell the user if it was the last, and whether it need be.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) again: Again,
    /// Whether it speaks for a service that is down, not for a request or an account that is wrong.
    pub(crate) outage: bool,
}

impl Failure {
    /// Nothing to be gained by trying again.
    pub(crate) fn last(error: Error) -> Self {
        Self { error, again: Again::No, outage: false }
    }

    /// It may have passed after a moment.
    pub(crate) fn passing(error: Error) -> Self {
        Self { error, again: Again::Backoff, outage: true }
    }
}

/// The attempts of one request.
pub(crate) struct Attempts<'a> {
    retry: Retry,
    clock: &'a dyn Clock,
    failed: u32,
}

impl Attempts<'_> {
    /// Waits until the request may be repeated, or gives the error back if it may not.
    pub(crate) async fn pause(&mut self, failure: Failure) -> Result<()> {
        self.pause_before(failure, None).await
    }

    /// The same, where the error is given back at once if the wait would last until `end`.
    pub(crate) async fn pause_before(&mut self, failure: Failure, end: Option<Instant>) -> Result<()> {
        self.failed += 1;
        if self.failed >= self.retry.attempts {
            return Err(failure.error);
        }
        let wait = match failure.again {
            Again::No => return Err(failure.error),
            Again::Backoff => self.retry.backoff(self.failed, self.clock),
            Again::After(asked) => asked,
        };
        if end.is_some_and(|end| Instant::now() + wait >= end) {
            return Err(failure.error);
        }
        tracing::debug!(failed = self.failed, ?wait, reason = %failure.error, "trying again");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// The request got further than before: earlier failures no longer count.
    pub(crate) fn progressed(&mut self) {
        self.failed = 0;
    }
}

/// Whether a status may be another one a moment later. 409 is a lock that another request holds;
/// other refusals of the request itself stay what they are.
pub(crate) fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error()
}

/// When to come back, for a status that may pass: as the headers ask, or after a backoff.
pub(crate) fn again_after(headers: &HeaderMap, now: DateTime<Utc>) -> Again {
    match asked_wait(headers, now) {
        Some(wait) => Again::After(wait.min(LONGEST_ASKED)),
        None => Again::Backoff,
    }
}

/// `Retry-After` in either of its forms, seconds or an HTTP date (RFC 9110, 10.2.3).
pub(crate) fn asked_wait(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    // A date that has passed means now.
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, SystemClock};
    use chrono::TimeZone;

    /// A clock whose dice always show the same.
    struct Loaded(u8);

    impl Clock for Loaded {
        fn now(&self) -> DateTime<Utc> {
            noon()
        }
        fn random(&self) -> [u8; 10] {
            [self.0; 10]
        }
    }

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 31, 12, 0, 0).unwrap()
    }

    fn asked(value: &str) -> Again {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        again_after(&headers, noon())
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_capped() {
        assert_eq!(asked("7"), Again::After(Duration::from_secs(7)));
        assert_eq!(asked("Sat, 31 Jan 2026 12:00:09 GMT"), Again::After(Duration::from_secs(9)));
        assert_eq!(asked("Sat, 31 Jan 2026 11:00:00 GMT"), Again::After(Duration::ZERO));
        assert_eq!(asked("3600"), Again::After(Duration::from_mins(1)));
        assert_eq!(asked("soon"), Again::Backoff);
        assert_eq!(again_after(&HeaderMap::new(), noon()), Again::Backoff);
    }

    #[test]
    fn waits_double_up_to_the_bound_and_are_spread_over_all_of_it() {
        let retry = Retry::default();
        let longest: Vec<_> =
            (1..9).map(|failed| retry.backoff(failed, &Loaded(255)).as_secs_f64().round()).collect();
        assert_eq!(longest, [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]);
        assert_eq!(retry.backoff(3, &Loaded(0)), Duration::ZERO);
        for _ in 0..1000 {
            assert!(retry.backoff(u32::MAX, &SystemClock) < retry.max);
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 409, 429, 500, 502, 503, 504] {
            assert!(may_pass(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in [301, 400, 401, 403, 404, 413, 422] {
            assert!(!may_pass(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_outlasts_the_time_there_is_does_not_begin() {
        let clock = ManualClock::at(noon());
        let mut attempts = Retry::default().start(&clock);
        let begin = Instant::now();
        let asked = |seconds| Failure {
            again: Again::After(Duration::from_secs(seconds)),
            ..Failure::passing(Error::unavailable("busy"))
        };
        let end = Some(begin + Duration::from_secs(10));
        attempts.pause_before(asked(6), end).await.unwrap();
        assert!(attempts.pause_before(asked(6), end).await.is_err());
        assert_eq!(begin.elapsed(), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_failure_is_the_answer() {
        let clock = ManualClock::at(noon());
        let mut attempts = Retry { attempts: 3, ..Retry::default() }.start(&clock);
        let begin = Instant::now();
        let fail = |n: u64| Failure {
            error: Error::unavailable(format!("failure {n}")),
            again: Again::After(Duration::from_secs(n)),
            outage: true,
        };
        attempts.pause(fail(5)).await.unwrap();
        attempts.pause(fail(6)).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::from_secs(11));
        assert_eq!(attempts.pause(fail(7)).await.unwrap_err().to_string(), "failure 7");
        attempts.progressed();
        attempts.pause(fail(1)).await.unwrap();
        let hopeless = Failure::last(Error::unavailable("hopeless"));
        assert!(attempts.pause(hopeless).await.is_err());
    }
}
