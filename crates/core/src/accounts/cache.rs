//! What was looked up a moment ago, so that a busy caller costs no SQL.
//!
//! An entry lives for seconds: that is how long another process's change may take to be seen. Changes of
//! this process are seen at once, because whoever changes something forgets what it touches.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long an entry is believed.
const LIFE: TimeDelta = TimeDelta::seconds(5);
/// Entries at most: bounds the memory whoever calls.
const MOST: usize = 10_000;

/// A cache whose entries live for five seconds.
pub struct Cache<K, V> {
    inner: Mutex<Inner<K, V>>,
}

struct Inner<K, V> {
    entries: HashMap<K, (DateTime<Utc>, V)>,
    /// Counts what was forgotten.
    changes: u64,
}

/// A look-up that has begun; what it finds is kept only if nothing was forgotten meanwhile.
pub struct Ticket(u64);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { inner: Mutex::new(Inner { entries: HashMap::new(), changes: 0 }) }
    }
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// What is known, or leave to look it up.
    pub fn get(&self, key: &K, now: DateTime<Utc>) -> Result<V, Ticket> {
        let inner = self.lock();
        match inner.entries.get(key) {
            Some((at, value)) if is_fresh(*at, now) => Ok(value.clone()),
            _ => Err(Ticket(inner.changes)),
        }
    }

    /// Keeps what was looked up.
    pub fn put(&self, ticket: &Ticket, key: K, value: V, now: DateTime<Utc>) {
        let mut inner = self.lock();
        if inner.changes != ticket.0 {
            return;
        }
        if inner.entries.len() >= MOST {
            inner.entries.retain(|_, (at, _)| is_fresh(*at, now));
            if inner.entries.len() >= MOST {
                inner.entries.clear();
            }
        }
        inner.entries.insert(key, (now, value));
    }

    /// Forgets one entry.
    pub fn forget(&self, key: &K) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.entries.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        // A poisoned lock means a panic between two map operations: the map is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that was set back makes everything old.
fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..LIFE).contains(&(now - at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_lives_for_five_seconds() {
        let (cache, now) = (Cache::default(), DateTime::<Utc>::UNIX_EPOCH);
        let Err(ticket) = cache.get(&1, now) else { panic!("nothing was put") };
        cache.put(&ticket, 1, "one", now);
        assert_eq!(cache.get(&1, now + TimeDelta::milliseconds(4999)).ok(), Some("one"));
        assert_eq!(cache.get(&1, now + LIFE).ok(), None);
        assert_eq!(cache.get(&1, now - TimeDelta::seconds(1)).ok(), None);
    }

    #[test]
    fn what_was_looked_up_before_a_change_is_not_kept() {
        let (cache, now) = (Cache::default(), DateTime::<Utc>::UNIX_EPOCH);
        let Err(ticket) = cache.get(&1, now) else { panic!("nothing was put") };
        cache.forget(&1);
        cache.put(&ticket, 1, "stale", now);
        assert_eq!(cache.get(&1, now).ok(), None);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let (cache, now) = (Cache::default(), DateTime::<Utc>::UNIX_EPOCH);
        for key in 0..3 * MOST {
            let Err(ticket) = cache.get(&key, now) else { panic!("{key} was not put") };
            cache.put(&ticket, key, (), now);
        }
        assert!(cache.lock().entries.len() <= MOST);
    }
}
