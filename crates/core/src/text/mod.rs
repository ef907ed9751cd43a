//! What the library knows of language: folding, words, stems, stop words, sentences, and which
//! language a text is in.
//!
//! Pure functions. Ingest cuts sentences with it, the index finds by its terms, and extractive
//! answers choose sentences with it, so that all three agree on what a word is. `query.rs` reads questions:
//! `courtesy.rs` what is said around them, `concepts.rs` what else people say for the same, `spelling.rs` what
//! they may have meant.

mod concepts;
mod courtesy;
mod fold;
mod language;
mod query;
mod sentences;
mod spelling;
mod stem;
mod stopwords;
pub mod table;
mod term_set;
mod terms;

pub use concepts::Sign;
pub use courtesy::without_courtesy;
pub use fold::fold;
pub use language::{decided, detect};
pub use query::{QueryTerm, has_term, passage_terms, query_terms, shows};
pub use sentences::sentence_spans;
pub use spelling::{may_be_misspelled, nearest, slips, swapped};
pub use term_set::TermSet;
pub use terms::{chunk_terms, terms};
