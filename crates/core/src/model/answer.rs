//! The answer to a question, in the shape every caller gets (CLI, API, WhatsApp).

use serde::{Deserialize, Serialize};

use super::{ChunkId, DocumentId, QueryId};

/// A cited chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Document the chunk is part of.
    pub document_id: DocumentId,
    /// Its file name.
    pub document_name: String,
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Position within the document, from 0.
    pub chunk_index: u32,
    /// Page, from 1.
    pub page_number: u32,
    /// Cosine similarity to the question, -1 to 1.
    pub score: f32,
    /// Up to 200 characters of the chunk.
    pub excerpt: String,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The text; the refusal of the agent's language when nothing was found.
    pub answer: String,
    /// What the answer cites, best first; empty for a refusal.
    pub sources: Vec<Source>,
    /// Under which the question is kept.
    pub query_id: QueryId,
    /// Wall time from question to answer.
    pub processing_time_ms: u64,
    /// The chat model, `extractive`, or `none` for a refusal.
    pub model: String,
    /// Tokens the chat model charged for; 0 without one.
    pub tokens_used: u64,
}
