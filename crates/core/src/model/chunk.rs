//! A chunk: the unit that is embedded, found and cited.

use serde::Serialize;

use super::{ChunkId, DocumentId};

/// A chunk before it has an id: what the chunker returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkText {
    /// Page it lies on, from 1. A chunk never crosses a page.
    pub page_number: u32,
    /// First character of the page's normalised text that belongs to it (Unicode scalar values).
    pub char_start: u32,
    /// First character after it.
    pub char_end: u32,
    /// The page's characters `char_start..char_end`. If they begin inside a table, its caption and the names of
    /// its columns stand before them, a line each.
    pub content: String,
    /// Headings it stands under, outermost first, joined by ` › `; not part of the content.
    pub heading: Option<String>,
    /// Tokens of the content by the embedding model's tokenizer, without special tokens.
    pub token_count: u32,
}

/// A chunk as the store keeps it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunk {
    /// New with each version of the document.
    pub id: ChunkId,
    /// The document it is part of.
    pub document_id: DocumentId,
    /// Position within the document, from 0.
    pub chunk_index: u32,
    /// Page it lies on, from 1.
    pub page_number: u32,
    /// First character within the page's normalised text.
    pub char_start: u32,
    /// First character after it.
    pub char_end: u32,
    /// Tokens of the content.
    pub token_count: u32,
    /// Headings it stands under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The text.
    pub content: String,
}

impl Chunk {
    /// The chunk without its place in the store.
    pub fn into_text(self) -> ChunkText {
        ChunkText {
            page_number: self.page_number,
            char_start: self.char_start,
            char_end: self.char_end,
            content: self.content,
            heading: self.heading,
            token_count: self.token_count,
        }
    }
}
