//! Asking long work to stop: a flag that is set once and looked at between steps.
//!
//! Who sets it (Ctrl-C, a signal, a worker that lost its job) and what stopping means is not decided here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Asks running work to stop: what is complete is kept, the rest is left for the next run.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    requested: AtomicBool,
    told: Notify,
}

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Whether to stop.
    pub fn requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Returns when it is time to stop.
    pub async fn wait(&self) {
        // Made before the flag is looked at: a request in between is not missed.
        let told = self.0.told.notified();
        if !self.requested() {
            told.await;
        }
    }
}
