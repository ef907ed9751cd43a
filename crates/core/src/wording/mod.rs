//! Texts of ours that customers read, by language. The one place where they are.
//!
//! `answers.rs` goes with answers wherever they are given, `whatsapp.rs` with conversations there.

pub mod answers;
pub mod whatsapp;
