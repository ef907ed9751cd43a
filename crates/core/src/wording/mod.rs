//! Texts of ours that customers read, by language. The one place where they are.
//!
//! `answers.rs` goes with answers wherever they are given, `courtesy.rs` with what asks nothing and with requests,
//! `whatsapp.rs` with conversations there. `moment.rs` has days and hours.

use crate::model::Locale;

pub mod answers;
pub mod courtesy;
pub mod moment;
pub mod whatsapp;

/// Chooses by language: Portuguese, English, Spanish.
fn by(
    locale: Locale,
    portuguese: &'static str,
    english: &'static str,
    spanish: &'static str,
) -> &'static str {
    match locale {
        Locale::Portuguese => portuguese,
        Locale::English => english,
        Locale::Spanish => spanish,
    }
}
