//! Keeping to a service's limit of requests per minute.
//!
//! A sliding window: in no 60 seconds are there more than the allowed number, so a service that
//! counts differently cannot be surprised. Tokens per minute are not counted here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

const WINDOW: Duration = Duration::from_mins(1);

/// At most so many requests in any minute. Clones share the allowance.
#[derive(Debug, Clone)]
pub struct RateLimit {
    allowed: usize,
    /// When the latest requests start, oldest first; never more than `allowed` of them.
    starts: Arc<Mutex<VecDeque<Instant>>>,
}

impl RateLimit {
    /// `requests` in any 60 seconds; 0 stands for no limit.
    pub fn per_minute(requests: u32) -> Self {
        let allowed = usize::try_from(requests).unwrap_or(usize::MAX);
        Self { allowed, starts: Arc::default() }
    }

    /// Waits until a request may start. Callers are served in the order in which they ask; one that
    /// stops waiting leaves its turn unused.
    pub async fn acquire(&self) {
        if self.allowed > 0 {
            sleep_until(self.reserve()).await;
        }
    }

    /// Takes the next free start. Only the reservation holds the lock, never the wait.
    fn reserve(&self) -> Instant {
        // A poisoned lock still holds a valid list: every change to it is one push.
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut start = Instant::now();
        if starts.len() >= self.allowed
            && let Some(oldest) = starts.pop_front()
        {
            start = start.max(oldest + WINDOW);
        }
        starts.push_back(start);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_than_allowed_even_across_clones() {
        let limit = RateLimit::per_minute(3);
        let begin = Instant::now();
        let mut starts = Vec::new();
        for n in 0..7 {
            let clone = limit.clone();
            let which = if n % 2 == 0 { &clone } else { &limit };
            which.acquire().await;
            starts.push(begin.elapsed().as_secs());
        }
        assert_eq!(starts, [0, 0, 0, 60, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_is_no_limit() {
        let limit = RateLimit::per_minute(0);
        let begin = Instant::now();
        for _ in 0..1000 {
            limit.acquire().await;
        }
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
