//! Asking long work to stop: a flag that is set once and looked at between steps.
//!
//! Who sets it (Ctrl-C, a signal, a worker that lost its job) and what stopping means is not decided here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks running work to stop: what is complete is kept, the rest is left for the next run.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether to stop.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
