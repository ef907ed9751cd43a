//! `[jobs]`: work in the background.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[jobs]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JobsConfig {
    /// Jobs of one queue at work at the same time.
    pub workers_per_queue: usize,
    /// Silence of a worker after which its job is taken up by another, in seconds.
    pub lease_seconds: u64,
    /// Runs of a job before it is given up.
    pub max_attempts: u32,
}

impl Section for JobsConfig {
    const NAME: &'static str = "jobs";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("workers_per_queue", &self.workers_per_queue, 1..=64)?;
        Problem::unless_within("lease_seconds", &self.lease_seconds, 5..=3600)?;
        Problem::unless_within("max_attempts", &self.max_attempts, 1..=20)
    }
}
