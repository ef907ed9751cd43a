//! The search index: LanceDB lives only here.
//!
//! One table a generation; SQLite says which is in force, and SQLite is the truth: everything here
//! can be dropped and rebuilt. `schema.rs` shape, `write.rs` rows in and out, `search.rs` candidates,
//! `fuse.rs` their order, `maintain.rs` indices and compaction.

mod fuse;
mod maintain;
mod schema;
mod search;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lancedb::{Connection, Table};
use tokio::sync::Semaphore;

use crate::config::IndexConfig;
use crate::error::{Error, Result};
use crate::model::GenerationId;

pub use fuse::{Weights, fuse};
pub use maintain::TableStats;
pub use schema::Entry;
pub use search::{Candidate, Query};

/// The folder of generations.
pub struct Index {
    connection: Connection,
    folder: PathBuf,
    ann_min_rows: usize,
    /// Tables that were opened: opening one for every question would cost more than searching it.
    open: Mutex<HashMap<GenerationId, Generation>>,
    turns: Arc<Semaphore>,
}

/// One generation, open for reading and writing.
#[derive(Clone)]
pub struct Generation {
    table: Table,
    dimension: usize,
    ann_min_rows: usize,
    /// Whether the text index was seen.
    text_index: Arc<AtomicBool>,
    /// Searches take turns in the order in which they came, as many at once as there are processors: side
    /// by side all of them would end late, and some much later than others.
    turns: Arc<Semaphore>,
}

impl Index {
    /// Opens the folder, making it if needed.
    pub async fn open(folder: &Path, config: &IndexConfig) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io("create the index folder", folder, e))?;
        let connection = lancedb::connect(&folder.to_string_lossy())
            // Another process may have written: every read looks for the latest version.
            .read_consistency_interval(Duration::ZERO)
            .execute()
            .await
            .map_err(|e| failed("open", e))?;
        let open = Mutex::default();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = Arc::new(Semaphore::new(processors));
        Ok(Self { connection, folder: folder.to_path_buf(), ann_min_rows: config.ann_min_rows, open, turns })
    }

    /// Makes the empty table of a new generation.
    pub async fn create(&self, id: GenerationId, dimension: usize) -> Result<Generation> {
        let table = self
            .connection
            .create_empty_table(table_name(id), schema::schema(dimension))
            .execute()
            .await
            .map_err(|e| failed("create", e))?;
        Ok(self.generation(table, dimension))
    }

    /// Opens a generation; `None` if its table is not there.
    pub async fn generation_if_present(
        &self,
        id: GenerationId,
        dimension: usize,
    ) -> Result<Option<Generation>> {
        // Its folder may have gone since: then opening says so.
        let there = self.folder.join(format!("{}.lance", table_name(id))).is_dir();
        if let Some(open) = self.opened().get(&id).filter(|_| there) {
            return Ok(Some(open.clone()));
        }
        match self.connection.open_table(table_name(id)).execute().await {
            Ok(table) => {
                let generation = self.generation(table, dimension);
                self.opened().insert(id, generation.clone());
                Ok(Some(generation))
            }
            Err(lancedb::Error::TableNotFound { .. }) => Ok(None),
            Err(e) => Err(failed("open", e)),
        }
    }

    /// Removes a generation's table, if it is there.
    pub async fn drop_generation(&self, id: GenerationId) -> Result<()> {
        self.opened().remove(&id);
        match self.connection.drop_table(table_name(id), &[]).await {
            Ok(()) | Err(lancedb::Error::TableNotFound { .. }) => Ok(()),
            Err(e) => Err(failed("drop a generation of", e)),
        }
    }

    fn generation(&self, table: Table, dimension: usize) -> Generation {
        let (ann_min_rows, turns) = (self.ann_min_rows, Arc::clone(&self.turns));
        Generation { table, dimension, ann_min_rows, text_index: Arc::default(), turns }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<GenerationId, Generation>> {
        // A poisoned lock still holds a valid map: every change to it is one call.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn table_name(id: GenerationId) -> String {
    format!("chunks_{}", id.0.simple())
}

/// LanceDB's error in the user's terms; its own text goes to the log.
fn failed(what: &str, error: lancedb::Error) -> Error {
    let text = error.to_string();
    let full = text.contains("No space left") || text.contains("StorageFull");
    let message = if full {
        "the disk is full: the index was not changed; free some space and run it again".to_owned()
    } else {
        format!(
            "could not {what} the search index: run `agentctl reindex`; if that does not help, see the log (-v)"
        )
    };
    let kind = if full { crate::error::ErrorKind::Storage } else { crate::error::ErrorKind::Internal };
    Error::new(kind, message).with_source(error)
}
