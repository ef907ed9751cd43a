//! The answer to a question, in the shape every caller gets (CLI, API, WhatsApp).

use serde::{Deserialize, Serialize};

use super::{ChunkId, DocumentId, QueryId};

/// The way a question came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The command line, or a program that uses the library.
    #[default]
    Cli,
    /// The REST API.
    Api,
    /// A WhatsApp conversation.
    Whatsapp,
}

impl Channel {
    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Api => "api",
            Self::Whatsapp => "whatsapp",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Cli, Self::Api, Self::Whatsapp].into_iter().find(|c| c.as_str() == text)
    }
}

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

/// What became of what somebody wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A question that the documents answer.
    Answered,
    /// A question that they do not answer.
    Refused,
    /// A greeting, thanks or a goodbye, answered in kind: nothing was asked.
    Courtesy,
    /// Somebody wants something done. The answer is what the documents say of it, if anything, and the offer of
    /// a person.
    Request,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Answered, Self::Refused, Self::Courtesy, Self::Request];

    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Courtesy => "courtesy",
            Self::Request => "request",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The text; the refusal of the agent's language when nothing was found.
    pub answer: String,
    /// What became of the question.
    pub outcome: Outcome,
    /// What the answer cites, best first; empty if it is from no document.
    pub sources: Vec<Source>,
    /// Under which the question is kept.
    pub query_id: QueryId,
    /// Wall time from question to answer.
    pub processing_time_ms: u64,
    /// The chat model, `extractive`, or `none` for what neither wrote: refusals, courtesies.
    pub model: String,
    /// Tokens the chat model charged for; 0 without one.
    pub tokens_used: u64,
    /// Whether the documents are quoted because the chat model gave no answer. Not kept.
    #[serde(default)]
    pub fallback: bool,
    /// Whether it was answered from the cache. Not part of what clients read.
    #[serde(skip)]
    pub cached: bool,
}

/// A question and its answer, earlier in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// A cited chunk as it can be looked up after the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DetailedSource {
    /// What the answer cited.
    #[serde(flatten)]
    pub source: Source,
    /// Whether the chunk is still part of its document. If not, the fields below are absent: the text
    /// it had is gone.
    pub current: bool,
    /// The chunk's whole text.
    pub content: Option<String>,
    /// Headings it stands under.
    pub heading: Option<String>,
    /// First character within the page's normalised text.
    pub char_start: Option<u32>,
    /// First character after it.
    pub char_end: Option<u32>,
}

/// The sources of an answer given earlier.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuerySources {
    /// The question.
    pub query_id: QueryId,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// What the answer cites, best first.
    pub sources: Vec<DetailedSource>,
}

/// What somebody thinks of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Feedback {
    /// 1: helpful, -1: not.
    pub rating: i8,
    /// Why, at most 2000 characters.
    #[serde(default)]
    pub comment: Option<String>,
}

/// What was said of an answer, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackRecord {
    /// The answered question.
    pub query_id: QueryId,
    /// 1: helpful, -1: not.
    pub rating: i8,
    /// Why.
    pub comment: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
}
