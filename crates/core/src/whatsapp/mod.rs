//! WhatsApp's Cloud API on the wire, both ways. Nothing here knows of conversations or of the database.
//!
//! In: `signature.rs` proves that a webhook is Meta's, `envelope.rs` reads it into the values of
//! `event.rs` (with `inbound.rs`, `status.rs`, `rekey.rs` and `lenient.rs`), `identity.rs` knows when two
//! numbers are one. Out: `render.rs` and `split.rs` make messages of an answer, `outgoing.rs` makes JSON of
//! a message (`template.rs` fills templates), `client.rs` sends it, and `failure.rs` says what an error of Meta's means.

pub mod client;
pub mod envelope;
pub mod event;
pub mod failure;
pub mod identity;
mod inbound;
mod lenient;
pub mod outgoing;
mod rekey;
pub mod render;
pub mod signature;
pub mod split;
mod status;
pub mod template;
