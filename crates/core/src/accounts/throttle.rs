//! Wrong passwords for addresses that have no account.
//!
//! Real accounts count their failures in the store. Here the same is done for the others, so that being
//! locked out does not tell who has an account. It is forgotten with the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::opaque::digest_bytes;

/// Addresses at most: bounds the memory whoever tries.
const MOST: usize = 10_000;

/// Counts failures by address.
pub struct Throttle {
    most: u32,
    lockout: TimeDelta,
    // By digest: the addresses people mistype are nobody's business.
    tries: Mutex<HashMap<[u8; 32], Tries>>,
}

#[derive(Clone, Copy, Default)]
struct Tries {
    failed: u32,
    locked_until: Option<DateTime<Utc>>,
}

impl Throttle {
    /// Locks for `minutes` after `most` failures in a row.
    pub fn new(most: u32, minutes: u32) -> Self {
        Self { most, lockout: TimeDelta::minutes(minutes.into()), tries: Mutex::default() }
    }

    /// Until when the address is locked, if it is.
    pub fn locked_until(&self, email: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.get(&digest_bytes(email)).and_then(|t| t.locked_until).filter(|until| *until > now)
    }

    /// Counts a failure.
    pub fn failed(&self, email: &str, now: DateTime<Utc>) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MOST {
            tries.retain(|_, t| t.locked_until.is_some_and(|until| until > now));
            if tries.len() >= MOST {
                tries.clear();
            }
        }
        let entry = tries.entry(digest_bytes(email)).or_default();
        entry.failed += 1;
        if entry.failed >= self.most {
            *entry = Tries { failed: 0, locked_until: Some(now + self.lockout) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_locks_after_failures_in_a_row_and_opens_again() {
        let (throttle, now) = (Throttle::new(2, 15), DateTime::<Utc>::UNIX_EPOCH);
        throttle.failed("a@b.c", now);
        assert_eq!(throttle.locked_until("a@b.c", now), None);
        throttle.failed("a@b.c", now);
        let until = throttle.locked_until("a@b.c", now).unwrap();
        assert_eq!(until, now + TimeDelta::minutes(15));
        assert_eq!(throttle.locked_until("a@b.c", until), None);
        assert_eq!(throttle.locked_until("other@b.c", now), None);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let (throttle, now) = (Throttle::new(1, 15), DateTime::<Utc>::UNIX_EPOCH);
        for n in 0..2 * MOST {
            throttle.failed(&n.to_string(), now);
        }
        assert!(throttle.tries.lock().unwrap().len() <= MOST);
    }
}
