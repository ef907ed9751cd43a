//! Work in the background: recorded in the database, run by workers, tried again, given up in the end.
//!
//! `queue.rs` names the queues, `payload.rs` says what a job of each is about, `worker.rs`, `crew.rs` and
//! `lane.rs` run them, `failure.rs` and `backoff.rs` decide what a failure means, `schedule.rs` is work
//! that comes round again. What a job does is not known here: see `engine/handlers`. The SQL is in
//! `store/job_leases.rs`.

mod backoff;
mod crew;
mod failure;
mod lane;
pub mod payload;
pub mod queue;
mod schedule;
mod worker;

pub use backoff::delay;
pub use failure::{JobFailure, Retry, is_final};
pub use schedule::{Cadence, Recurring, recurring};
pub use worker::{Handler, Handlers, Worked, WorkerParts, WorkerSettings, Workers};
