//! `agentctl` as its users and their scripts see it: the real program, the real model, the real store
//! and index, on the fixtures.
//!
//! One binary for the whole suite: linking it takes longer than running it. `answers.rs` retrieval and
//! grounding, `ingest.rs` documents in and out, `pruning.rs` what must not be removed, `sources.rs` which document a
//! file is, `data_directory.rs` whose the data is, `bad_input.rs` what goes wrong, `manners.rs` output,
//! exit codes and configuration, `embedding.rs` the model's vectors, `providers.rs` chat and embedding
//! services, `uploads.rs` the library's way in for documents that come over a network, `jobs.rs` background
//! work, `operator.rs` names, users, questions, usage and the audit log, `chat.rs`, `conversations.rs`, `webhooks.rs` and `simulate.rs` WhatsApp, `billing.rs` Stripe.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod answers;
mod bad_input;
mod billing;
mod chat;
mod conversations;
mod courtesy;
mod data_directory;
mod deployment;
mod embedding;
mod ingest;
mod jobs;
mod manners;
mod operator;
mod providers;
mod pruning;
mod shop;
mod simulate;
mod sources;
mod uploads;
mod webhooks;
