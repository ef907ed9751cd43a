//! What a search returns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ChunkId, DocumentId};
use crate::error::Error;

/// How to look for chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// Vector and full text, fused.
    #[default]
    Hybrid,
    /// Nearest vectors only.
    Vector,
    /// BM25 only.
    Text,
}

impl fmt::Display for SearchMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hybrid => "hybrid",
            Self::Vector => "vector",
            Self::Text => "text",
        })
    }
}

impl FromStr for SearchMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Hybrid, Self::Vector, Self::Text].into_iter().find(|m| m.to_string() == text).ok_or_else(
            || Error::invalid(format!("`{text}` is not a search mode: use hybrid, vector or text")),
        )
    }
}

/// A chunk that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Its document.
    pub document_id: DocumentId,
    /// Position within the document, from 0.
    pub chunk_index: u32,
    /// Page, from 1.
    pub page_number: u32,
    /// File name of the document.
    pub filename: String,
    /// Where the document came from.
    pub path: String,
    /// Headings the chunk stands under.
    pub heading: Option<String>,
    /// The chunk's text.
    pub content: String,
    /// Cosine similarity to the question, -1 to 1, whichever way it was found.
    pub cosine: f32,
    /// BM25 score of its words; 0 if full text did not find it. Comparable only within one list.
    pub bm25: f32,
    /// Share of the question's weight in words that the chunk has, 0 to 1 (rare words weigh more).
    pub coverage: f32,
    /// What it is ranked by: comparable only within one result list.
    pub rank_score: f32,
}
