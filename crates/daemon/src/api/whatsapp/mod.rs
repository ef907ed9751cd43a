//! Conversations on WhatsApp: the door for Meta's webhooks, and the desk at which people of the business
//! read, write, and take conversations over.
//!
//! What goes over the wire is in `conversation.rs`, `message.rs`, `note.rs` and `sent.rs`; each of the
//! other files is a verb.

pub mod add_note;
pub mod channels;
pub mod conversation;
pub mod events;
pub mod export;
pub mod handshake;
pub mod list;
pub mod mark_read;
mod message;
pub mod messages;
mod note;
pub mod notes;
pub mod receive;
pub mod release;
pub mod search;
pub mod send;
mod sent;
pub mod set_status;
pub mod show;
pub mod takeover;
pub mod write;
