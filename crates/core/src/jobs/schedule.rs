//! Work that comes round again, and when. Times are UTC.
//!
//! `store/schedules.rs` keeps when each is next due.

use chrono::{DateTime, Utc};

use super::payload::{MaintenanceTask, maintenance};
use crate::store::NewJob;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// At every full hour.
    Hourly,
    /// Once a day at this hour.
    Daily {
        /// 0 to 23.
        hour: u32,
    },
}

impl Cadence {
    /// The first time after `time`.
    pub fn next_after(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let (period, begin) = match self {
            Self::Hourly => (HOUR, 0),
            Self::Daily { hour } => (DAY, i64::from(hour) * HOUR),
        };
        let seconds = time.timestamp();
        let next = seconds - (seconds - begin).rem_euclid(period) + period;
        DateTime::from_timestamp(next, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Work that comes round again.
#[derive(Debug, Clone)]
pub struct Recurring {
    /// Its name in the store.
    pub name: &'static str,
    /// How often.
    pub cadence: Cadence,
    /// What to record when it is due.
    pub job: NewJob,
}

/// Everything that comes round again in a deployment.
pub fn recurring() -> Vec<Recurring> {
    let one =
        |cadence, task: MaintenanceTask| Recurring { name: task.as_str(), cadence, job: maintenance(task) };
    vec![
        one(Cadence::Hourly, MaintenanceTask::Cleanup),
        one(Cadence::Daily { hour: 3 }, MaintenanceTask::Retention),
        one(Cadence::Daily { hour: 3 }, MaintenanceTask::Purge),
        one(Cadence::Daily { hour: 4 }, MaintenanceTask::StripeSync),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_is_always_later() {
        let next = |cadence: Cadence, time: &str| {
            cadence.next_after(time.parse().unwrap()).format("%d %H:%M:%S").to_string()
        };
        assert_eq!(next(Cadence::Hourly, "2026-11-22T12:00:00Z"), "22 13:00:00");
        assert_eq!(next(Cadence::Hourly, "2026-11-22T12:59:59.999Z"), "22 13:00:00");
        let nightly = Cadence::Daily { hour: 3 };
        assert_eq!(next(nightly, "2026-11-22T02:59:59Z"), "22 03:00:00");
        assert_eq!(next(nightly, "2026-11-22T03:00:00Z"), "23 03:00:00");
        assert_eq!(next(nightly, "2026-11-30T23:00:00Z"), "01 03:00:00");
    }
}
