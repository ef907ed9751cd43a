//! Documents into the store and the index:
//! source → parse → normalise → chunk → embed → index → committed.
//!
//! `source.rs` finds files, `incoming.rs` receives them, `parse/` reads them in child processes,
//! `normalise.rs` (with `hyphen.rs`) and `chunk.rs` are pure, `blobs.rs` keeps the bytes, `work.rs` decides what has to be
//! parsed, `pipeline.rs` overlaps the steps, `commit.rs` makes documents searchable all at once or not at
//! all, `tidy.rs` brings the index and the blobs in line with the store.

mod blobs;
mod chunk;
mod commit;
mod hyphen;
mod incoming;
mod marks;
mod normalise;
pub mod parse;
mod pipeline;
mod source;
mod tidy;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::model::{AgentId, DocumentId, FileType, Metadata, ParseNote};

pub use blobs::{Blobs, Hold};
pub use chunk::{ChunkSize, chunk_pages};
pub(crate) use commit::Committer;
pub use incoming::{Incoming, Received};
pub use marks::STRUCK_OUT;
pub use normalise::{PageText, clean_text, normalise};
pub use pipeline::Pipeline;
pub use source::{SourceFile, absolute, discover};
pub use tidy::{TIDY_QUEUE, Tidied, tidy, tidy_job};
pub use work::{Work, prepare_bytes, prepare_files};

pub use crate::stop::Stop;

/// What to ingest, and how.
#[derive(Debug, Clone, Default)]
pub struct IngestOptions {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// A document given as bytes, with its name: standard input.
    pub bytes: Option<(String, Vec<u8>)>,
    /// The agent that alone may use the documents.
    pub agent_id: Option<AgentId>,
    /// Pairs to keep with every document.
    pub metadata: Metadata,
    /// Remove documents below the given folders whose files are gone.
    pub prune: bool,
    /// Ingest unchanged files again.
    pub force: bool,
}

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
    /// Not readable; the version before, if there is one, goes on answering.
    Failed,
    /// Its file is gone, and so is it; or it was deleted while it was worked on.
    Removed,
}

/// The report on one document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// Absolute path, or the name given for standard input.
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
    /// What of the file was not read, and what is not sure.
    pub notes: Vec<ParseNote>,
    /// Whether the machine is at fault and not the document: the same bytes may be read later.
    #[serde(skip)]
    pub retryable: bool,
}

impl DocumentReport {
    pub(crate) fn failed(path: String, known: Option<DocumentId>, error: impl Into<String>) -> Self {
        Self {
            path,
            document_id: known,
            status: Outcome::Failed,
            version: None,
            pages: 0,
            chunks: 0,
            error: Some(error.into()),
            notes: Vec::new(),
            retryable: false,
        }
    }

    pub(crate) fn removed(path: String, id: DocumentId) -> Self {
        Self {
            path,
            document_id: Some(id),
            status: Outcome::Removed,
            version: None,
            pages: 0,
            chunks: 0,
            error: None,
            notes: Vec::new(),
            retryable: false,
        }
    }
}

/// What happens during an ingest, for a progress bar.
#[derive(Debug, Clone)]
pub enum IngestEvent {
    /// So many documents were found.
    Found(usize),
    /// A document is done, one way or another.
    Done(DocumentReport),
    /// So many more chunks have their vectors.
    Embedded(usize),
    /// Another process is ingesting into this data directory; waiting for it.
    Waiting,
    /// The index is being optimised.
    Optimising,
}

/// Receives events; called from several tasks.
pub type OnEvent = Arc<dyn Fn(IngestEvent) + Send + Sync>;

/// A page of a document as `extract` shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtractedPage {
    /// Page number, from 1.
    pub number: u32,
    /// The normalised text.
    pub text: String,
}

/// What is read from one file; nothing is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extracted {
    /// Its pages.
    pub pages: Vec<ExtractedPage>,
    /// What the file says of itself.
    pub metadata: Metadata,
    /// What of the file was not read, and what is not sure.
    pub notes: Vec<ParseNote>,
    /// Kind of file.
    pub file_type: FileType,
}
