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

use std::path::Path;
use std::time::Duration;

use lancedb::{Connection, Table};

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
    ann_min_rows: usize,
}

/// One generation, open for reading and writing.
#[derive(Clone)]
pub struct Generation {
    table: Table,
    dimension: usize,
    ann_min_rows: usize,
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
        Ok(Self { connection, ann_min_rows: config.ann_min_rows })
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
        match self.connection.open_table(table_name(id)).execute().await {
            Ok(table) => Ok(Some(self.generation(table, dimension))),
            Err(lancedb::Error::TableNotFound { .. }) => Ok(None),
            Err(e) => Err(failed("open", e)),
        }
    }

    /// Removes a generation's table, if it is there.
    pub async fn drop_generation(&self, id: GenerationId) -> Result<()> {
        match self.connection.drop_table(table_name(id), &[]).await {
            Ok(()) | Err(lancedb::Error::TableNotFound { .. }) => Ok(()),
            Err(e) => Err(failed("drop a generation of", e)),
        }
    }

    fn generation(&self, table: Table, dimension: usize) -> Generation {
        Generation { table, dimension, ann_min_rows: self.ann_min_rows }
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
