//! What the library knows of language: folding, words, stems, stop words, sentences, and which
//! language a text is in.
//!
//! Pure functions. Ingest cuts sentences with it, the index finds by its terms, and extractive
//! answers choose sentences with it, so that all three agree on what a word is. `query.rs` reads questions:
//! `courtesy.rs` what is said around them, `request.rs` whether something is to be done, `days.rs` which days are
//! meant, `concepts.rs` what else people say for the same, `spelling.rs` what
//! they may have meant.

mod asking;
mod concepts;
mod courtesy;
mod days;
mod fold;
mod lang;
mod language;
mod query;
mod request;
mod sentences;
mod signs;
mod spelling;
mod stem;
mod stopwords;
pub mod table;
mod term_set;
mod terms;
mod week;

pub use asking::{days_asked, days_meant};
pub use concepts::Sign;
pub use courtesy::{begins_with_greeting, courtesy, without_courtesy};
pub use days::days_in;
pub use fold::fold;
pub use language::{decided, detect};
pub use query::{QueryTerm, has_term, names_a_subject, passage_terms, query_terms, query_terms_on};
pub use request::asks_for_a_deed;
pub use sentences::sentence_spans;
pub use signs::shows;
pub use spelling::{may_be_misspelled, nearest, slips, swapped};
pub use term_set::TermSet;
pub use terms::{chunk_terms, terms};
pub use week::Days;
