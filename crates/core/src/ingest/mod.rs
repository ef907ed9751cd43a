//! Documents into the store and the index:
//! source → parse → normalise → chunk → embed → index → committed.
//!
//! `source.rs` finds files, `name.rs` writes their names down, `known.rs` tells which documents they are, `prune.rs`
//! which documents have none any more; `incoming.rs` receives files, `parse/` reads them in child processes,
//! `normalise.rs` (with `hyphen.rs`) and `chunk.rs` are pure, `blobs.rs` keeps the bytes, `work.rs` decides what has to be
//! parsed, `pipeline.rs` overlaps the steps, `commit.rs` makes documents searchable all at once or not at
//! all, `tidy.rs` brings the index and the blobs in line with the store.

mod blobs;
mod chunk;
mod commit;
mod hyphen;
mod incoming;
mod known;
mod marks;
mod name;
mod normalise;
pub mod parse;
mod pipeline;
mod prune;
mod report;
mod source;
mod tidy;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::model::{AgentId, FileType, Metadata, ParseNote};

pub use blobs::{Blobs, Hold};
pub use chunk::{ChunkSize, chunk_pages};
pub(crate) use commit::Committer;
pub use incoming::{Incoming, Received};
pub(crate) use known::Naming;
pub use marks::STRUCK_OUT;
pub use normalise::{PageText, clean_text, normalise};
pub use pipeline::Pipeline;
pub(crate) use prune::{Vanished, vanished};
pub use report::{DocumentReport, Outcome};
pub use source::absolute;
pub(crate) use source::{Leaving, discover};
pub use tidy::{TIDY_QUEUE, Tidied, tidy, tidy_job};
pub use work::Work;
pub(crate) use work::{Plan, plan_files, prepare_bytes};

pub use crate::stop::Stop;

/// What to ingest, and how.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct IngestOptions {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// A document given as bytes, with its name: standard input.
    pub bytes: Option<(String, Vec<u8>)>,
    /// The agent that alone may use the documents.
    pub agent_id: Option<AgentId>,
    /// Pairs to keep with every document.
    pub metadata: Metadata,
    /// Name of the source that the files belong to: its documents are told by their paths below `root`, wherever
    /// that lies. Without one they are told by their absolute paths.
    pub source: Option<String>,
    /// What the paths of a source are relative to; the folder, if only one is given.
    pub root: Option<PathBuf>,
    /// Remove documents below the given folders whose files are gone, or are left out by now.
    pub prune: bool,
    /// Asked before `prune` removes most of the documents; without it, they stay.
    pub confirm: Option<Confirm>,
    /// Leave out what `.gitignore` files say, also if the configuration does not.
    pub gitignore: bool,
    /// Ingest unchanged files again.
    pub force: bool,
    /// Change nothing, and tell what would be done.
    pub dry_run: bool,
}

/// Most of the documents are about to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Documents that go.
    pub documents: usize,
    /// Documents that came from the folders in question.
    pub of: usize,
}

/// Decides about a [`Removal`].
#[derive(Clone)]
pub struct Confirm(Arc<dyn Fn(Removal) -> bool + Send + Sync>);

impl Confirm {
    /// By a function that asks somebody, or knows.
    pub fn by(decide: impl Fn(Removal) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    pub(crate) fn allows(&self, removal: Removal) -> bool {
        (self.0)(removal)
    }
}

impl std::fmt::Debug for Confirm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confirm")
    }
}

/// What happens during an ingest, for a progress bar.
#[derive(Debug, Clone)]
pub enum IngestEvent {
    /// So many documents were found.
    Found(usize),
    /// A document is being read.
    Reading(String),
    /// A document was read.
    Read {
        /// What reports call it.
        path: String,
        /// Pages of it.
        pages: u32,
        /// Chunks that have to be embedded.
        chunks: usize,
    },
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
