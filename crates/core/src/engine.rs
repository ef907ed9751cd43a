//! The composition root: a deployment, open, and the verbs a Rust user calls.
//!
//! `open.rs` puts the parts together, `documents.rs` ingests and lists, `ask.rs` searches and answers,
//! `agents.rs` manages agents, `reindex.rs` rebuilds the index, `status.rs` reports. Models are loaded
//! when first needed: listing documents costs no model.

mod agents;
mod ask;
mod documents;
mod lock;
mod open;
mod reindex;
mod status;

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::clock::SharedClock;
use crate::config::Config;
use crate::embed::SharedEmbedder;
use crate::index::Index;
use crate::ingest::Blobs;
use crate::ingest::parse::Sandbox;
use crate::llm::SharedChatModel;
use crate::store::{Organization, Store};

pub use ask::{Ask, BatchAnswer};
pub use documents::{IngestReport, Totals};
pub use open::PARSE_WORKER_ARGUMENT;
pub use status::Status;

/// An open deployment. Cheap to share behind an [`Arc`].
pub struct Engine {
    config: Config,
    clock: SharedClock,
    store: Store,
    blobs: Blobs,
    index: Index,
    organization: Organization,
    embedder: OnceCell<SharedEmbedder>,
    sandbox: OnceCell<Arc<Sandbox>>,
    chat: Option<SharedChatModel>,
}

impl Engine {
    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The business this deployment serves.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The store, for callers that need more than the verbs.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Waits for everything written and closes the store.
    pub async fn close(self) -> crate::error::Result<()> {
        self.store.close().await
    }
}
