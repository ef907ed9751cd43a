//! How it is: alive, ready, part by part, in numbers.

pub mod live;
pub mod metrics;
pub mod ready;
pub mod show;
