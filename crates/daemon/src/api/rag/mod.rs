//! Questions and answers.

pub mod feedback;
pub mod query;
pub mod sources;
pub mod stream;

use agent_core::model::{Answer, Outcome, Source};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An answer with what it rests on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerBody {
    /// The text; a refusal in the agent's language when the documents do not tell.
    answer: String,
    /// What became of the question.
    outcome: OutcomeBody,
    /// What it cites, best first; empty if it is from no document.
    sources: Vec<SourceBody>,
    /// Under which the question is kept.
    query_id: Uuid,
    /// Wall time.
    processing_time_ms: u64,
    /// The chat model, `extractive`, or `none` for what neither wrote: refusals, courtesies.
    model: String,
    /// Tokens the chat model charged for.
    tokens_used: u64,
    /// Whether the documents are quoted because the chat service gave no answer; `model` is `extractive` then.
    fallback: bool,
}

/// What became of a question: `answered`; `refused`, for the documents do not tell; `courtesy`, for nothing was
/// asked; `request`, for somebody wants something done, and a person is offered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeBody {
    /// The documents answer it.
    Answered,
    /// They do not.
    Refused,
    /// A greeting, thanks, a goodbye.
    Courtesy,
    /// Something is to be done.
    Request,
}

impl From<Outcome> for OutcomeBody {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered => Self::Answered,
            Outcome::Refused => Self::Refused,
            Outcome::Courtesy => Self::Courtesy,
            Outcome::Request => Self::Request,
        }
    }
}

/// A cited chunk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceBody {
    /// Document it is part of.
    document_id: Uuid,
    /// Its file name.
    document_name: String,
    /// The chunk.
    chunk_id: Uuid,
    /// Position within the document, from 0.
    chunk_index: u32,
    /// Page, from 1.
    page_number: u32,
    /// Cosine similarity to the question.
    score: f32,
    /// Its beginning.
    excerpt: String,
}

impl From<Source> for SourceBody {
    fn from(source: Source) -> Self {
        Self {
            document_id: source.document_id.0,
            document_name: source.document_name,
            chunk_id: source.chunk_id.0,
            chunk_index: source.chunk_index,
            page_number: source.page_number,
            score: source.score,
            excerpt: source.excerpt,
        }
    }
}

impl From<Answer> for AnswerBody {
    fn from(answer: Answer) -> Self {
        Self {
            answer: answer.answer,
            outcome: answer.outcome.into(),
            sources: answer.sources.into_iter().map(SourceBody::from).collect(),
            query_id: answer.query_id.0,
            processing_time_ms: answer.processing_time_ms,
            model: answer.model,
            tokens_used: answer.tokens_used,
            fallback: answer.fallback,
        }
    }
}
