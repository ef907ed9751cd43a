//! The daemon over real sockets, on the real store, index and model.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod accounts;
mod app;
mod billing;
mod collector;
mod crash;
mod desk;
mod documents;
mod hostile;
mod openapi;
mod outage;
mod people;
mod process;
mod questions;
mod running;
mod scenario;
mod traces;
mod walk;
mod whatsapp;
