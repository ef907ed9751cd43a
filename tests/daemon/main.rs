//! The daemon over real sockets, on the real store, index and model.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod accounts;
mod app;
mod crash;
mod documents;
mod hostile;
mod openapi;
mod process;
mod questions;
mod running;
mod walk;
