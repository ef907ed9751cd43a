//! What the library knows of language: folding, words, stems, stop words, sentences, and which
//! language a text is in.
//!
//! Pure functions. Ingest cuts sentences with it, the index finds by its terms, and extractive
//! answers choose sentences with it, so that all three agree on what a word is.

mod fold;
mod language;
mod sentences;
mod stem;
mod stopwords;
mod term_set;
mod terms;

pub use fold::fold;
pub use language::detect;
pub use sentences::sentence_spans;
pub use term_set::TermSet;
pub use terms::{chunk_terms, query_terms, terms};
