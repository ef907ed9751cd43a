//! What an ingest tells of each document.

use serde::Serialize;

use crate::model::{DocumentId, ParseNote};

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// New.
    Ingested,
    /// A new version of a known one.
    Updated,
    /// The same bytes as before.
    Unchanged,
    /// The same bytes as before, told by another name.
    Moved,
    /// The same bytes as another one: it is no document of its own.
    Duplicate,
    /// No document: of a type that is not read, empty, no file at all.
    Skipped,
    /// Not readable; the version before, if there is one, goes on answering.
    Failed,
    /// Its file is gone, and so is it; or it was deleted while it was worked on.
    Removed,
}

/// The report on one document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// Absolute path, path after the name of its source, or the name given for standard input.
    pub path: String,
    /// The document; absent if it failed and was not known before.
    pub document_id: Option<DocumentId>,
    /// What became of it.
    pub status: Outcome,
    /// Current version; absent if it failed.
    pub version: Option<u32>,
    /// Pages of it.
    pub pages: u32,
    /// Chunks of it.
    pub chunks: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// Why it was skipped, where it was before it was moved, or what it is a duplicate of.
    pub reason: Option<String>,
    /// What of the file was not read, and what is not sure.
    pub notes: Vec<ParseNote>,
    /// Whether the machine is at fault and not the document: the same bytes may be read later.
    #[serde(skip)]
    pub retryable: bool,
}

impl DocumentReport {
    /// One that tells no more than what became of it.
    pub(crate) fn new(path: String, document_id: Option<DocumentId>, status: Outcome) -> Self {
        Self {
            path,
            document_id,
            status,
            version: None,
            pages: 0,
            chunks: 0,
            error: None,
            reason: None,
            notes: Vec::new(),
            retryable: false,
        }
    }

    pub(crate) fn because(self, reason: String) -> Self {
        Self { reason: Some(reason), ..self }
    }

    pub(crate) fn failed(path: String, known: Option<DocumentId>, error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::new(path, known, Outcome::Failed) }
    }

    pub(crate) fn skipped(path: String, reason: impl Into<String>) -> Self {
        Self::new(path, None, Outcome::Skipped).because(reason.into())
    }

    pub(crate) fn removed(path: String, id: DocumentId) -> Self {
        Self::new(path, Some(id), Outcome::Removed)
    }
}
