//! Time and randomness, injected.
//!
//! `clippy.toml` bans the direct calls everywhere else, so a test can set the hour and make ids
//! predictable. Nothing here knows what the time is used for.

#![allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use uuid::Uuid;

/// Source of the current time and of new ids.
pub trait Clock: Send + Sync {
    /// The current time in UTC.
    fn now(&self) -> DateTime<Utc>;
    /// Ten random bytes, the part of a UUID v7 that is not time.
    fn random(&self) -> [u8; 10];

    /// A new UUID v7: ids sort by creation.
    fn new_id(&self) -> Uuid {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid()
    }

    /// The current time as the store writes it.
    fn timestamp(&self) -> String {
        format_timestamp(self.now())
    }
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// A time as text in UTC with milliseconds, e.g. `2026-01-31T09:05:00.000Z`; sorts as text.
pub fn format_timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The clock of the machine and the randomness of the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        // The system's generator fails only where there is none; ids must not repeat then either,
        // so time and a counter stand in.
        if getrandom::fill(&mut bytes).is_err() {
            static FALLBACK: AtomicU64 = AtomicU64::new(0);
            let nanos = self.now().timestamp_nanos_opt().unwrap_or_default().to_le_bytes();
            let count = FALLBACK.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            bytes[..6].copy_from_slice(&nanos[..6]);
            bytes[6..].copy_from_slice(&count[..4]);
        }
        bytes
    }
}

/// A clock for tests: stands still until it is advanced, and counts instead of rolling dice.
#[derive(Debug)]
pub struct ManualClock {
    millis: AtomicI64,
    counter: AtomicU64,
}

impl ManualClock {
    /// A clock that stands at `time`.
    pub fn at(time: DateTime<Utc>) -> Self {
        Self { millis: AtomicI64::new(time.timestamp_millis()), counter: AtomicU64::new(0) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: std::time::Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        let millis = self.millis.load(Ordering::SeqCst);
        Utc.timestamp_millis_opt(millis).single().unwrap_or_default()
    }

    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let count = self.counter.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes[2..].copy_from_slice(&count);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation_and_differ_within_a_millisecond() {
        let clock = ManualClock::at(Utc.with_ymd_and_hms(2026, 1, 31, 9, 5, 0).unwrap());
        let first = clock.new_id();
        let second = clock.new_id();
        clock.advance(std::time::Duration::from_millis(1));
        let third = clock.new_id();
        assert!(first < second && second < third);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(clock.timestamp(), "2026-01-31T09:05:00.001Z");
    }

    #[test]
    fn the_system_clock_makes_distinct_ids() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| SystemClock.new_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
