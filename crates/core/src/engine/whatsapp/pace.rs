//! How fast is sent: so many messages a second from one number, and few in a row to one customer.
//!
//! Meta counts both and refuses what is too much (130429, 131056); staying below is cheaper than being
//! refused. Kept in memory: what a restart forgets, Meta's own refusal makes up for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Messages that one customer may get at once, and the time after which there is room for one more:
/// Meta sustains one in six seconds, and lends some.
const PAIR: Allowance = Allowance { burst: 10.0, refill: Duration::from_secs(6) };

/// Customers that are remembered; whoever is not has all the room there is.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Allowance {
    burst: f64,
    refill: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    since: Instant,
}

impl Bucket {
    fn full(allowance: Allowance, now: Instant) -> Self {
        Self { left: allowance.burst, since: now }
    }

    fn refill(&mut self, allowance: Allowance, now: Instant) {
        let gained = (now - self.since).as_secs_f64() / allowance.refill.as_secs_f64();
        *self = Self { left: (self.left + gained).min(allowance.burst), since: now };
    }

    /// How long until there is room for one.
    fn wait(&self, allowance: Allowance) -> Duration {
        if self.left >= 1.0 { Duration::ZERO } else { allowance.refill.mul_f64(1.0 - self.left) }
    }
}

/// The allowances in use.
#[derive(Default)]
pub(super) struct Pace {
    pairs: Mutex<HashMap<(String, String), Bucket>>,
    numbers: Mutex<HashMap<String, Bucket>>,
}

impl Pace {
    /// Takes a customer's place for one message now, or says how long to wait before asking again.
    pub fn pair(&self, number: &str, customer: &str) -> Result<(), Duration> {
        let now = Instant::now();
        // A poisoned lock still holds valid buckets: each change is one assignment.
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.len() >= REMEMBERED {
            pairs.retain(|_, bucket| {
                bucket.refill(PAIR, now);
                bucket.left < PAIR.burst
            });
        }
        let key = (number.to_owned(), customer.to_owned());
        let bucket = pairs.entry(key).or_insert_with(|| Bucket::full(PAIR, now));
        bucket.refill(PAIR, now);
        match bucket.wait(PAIR) {
            Duration::ZERO => {
                bucket.left -= 1.0;
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Takes a place for one message of a number; returns how long to wait before sending it.
    pub fn number(&self, number: &str, per_second: u32) -> Duration {
        let rate = f64::from(per_second.max(1));
        let allowance = Allowance { burst: rate, refill: Duration::from_secs_f64(1.0 / rate) };
        let now = Instant::now();
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = numbers.entry(number.to_owned()).or_insert_with(|| Bucket::full(allowance, now));
        bucket.refill(allowance, now);
        let wait = bucket.wait(allowance);
        // Below nothing is a debt that those who come later wait for.
        bucket.left -= 1.0;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_customer_waits_and_the_others_do_not() {
        let pace = Pace::default();
        for _ in 0..10 {
            pace.pair("1", "ana").unwrap();
        }
        let wait = pace.pair("1", "ana").unwrap_err();
        assert!(wait <= Duration::from_secs(6) && wait > Duration::from_secs(5), "{wait:?}");
        pace.pair("1", "bia").unwrap();
        pace.pair("2", "ana").unwrap();
        tokio::time::advance(wait).await;
        pace.pair("1", "ana").unwrap();
        assert!(pace.pair("1", "ana").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_number_sends_so_many_a_second() {
        let pace = Pace::default();
        let waits: Vec<Duration> = (0..30).map(|_| pace.number("1", 10)).collect();
        assert_eq!(waits[..10], [Duration::ZERO; 10]);
        let last = waits[29].as_secs_f64();
        assert!((1.9..=2.1).contains(&last), "{last}");
    }
}
