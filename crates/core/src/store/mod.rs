//! All SQL. Callers are async and never see rusqlite; a PostgreSQL store may come behind the same
//! functions.
//!
//! One writer thread takes closures, runs each in a savepoint and commits many at once
//! (`writer.rs`); readers come from a small pool (`readers.rs`). One file per table.
//! To add a table: a migration `V<n>__….sql` (never edit a merged one), a file here, `impl Store`.

mod agents;
mod chunks;
mod documents;
mod generations;
mod jobs;
mod organizations;
mod queries;
mod readers;
mod rows;
mod schema;
mod writer;

use std::path::Path;

use rusqlite::Connection;

use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind, Result};

pub use chunks::{ChunkRow, FoundChunk};
pub use documents::{Committed, DocumentFilter, KnownFile, NewVersion};
pub use generations::Generation;
pub use jobs::{Job, NewJob};
pub use organizations::Organization;
pub use queries::QueryRecord;

/// The database of a deployment. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: writer::Writer,
    readers: readers::Readers,
    clock: SharedClock,
}

impl Store {
    /// Opens the database, making it and bringing its schema up to date as needed.
    ///
    /// Fails with [`ErrorKind::Incompatible`] if a newer version of the program made it.
    pub async fn open(path: &Path, clock: SharedClock) -> Result<Self> {
        let path = path.to_path_buf();
        let opened = tokio::task::spawn_blocking(move || -> Result<_> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|e| Error::io("create the data directory", folder, e))?;
            }
            let mut connection = schema::connect(&path)?;
            schema::migrate(&mut connection, &path)?;
            Ok((writer::Writer::start(connection)?, readers::Readers::new(&path)))
        });
        let (writer, readers) = opened
            .await
            .map_err(|e| Error::internal("opening the database was cut off").with_source(e))??;
        Ok(Self { writer, readers, clock })
    }

    /// Runs `work` on the writer thread, in a savepoint; returns when it is committed and synced.
    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Runs `work` on a reader connection.
    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Waits for everything written so far and closes the database.
    pub async fn close(self) -> Result<()> {
        self.writer.close().await
    }
}

impl From<rusqlite::Error> for Error {
    /// The database's error in the user's terms.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let (kind, message) = match error.sqlite_error_code() {
            Some(Code::DiskFull) => {
                (ErrorKind::Storage, "the disk is full: nothing was stored; free some space and run it again")
            }
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => (
                ErrorKind::Conflict,
                "the database is busy: another process is writing; try again in a moment",
            ),
            Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => (
                ErrorKind::Storage,
                "the database cannot be written: check the permissions of the data directory",
            ),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
                (ErrorKind::Incompatible, "the database file is damaged: restore it from a backup")
            }
            Some(Code::SystemIoFailure) => {
                (ErrorKind::Storage, "the database could not be read or written: check the disk")
            }
            _ => (ErrorKind::Internal, "the database refused a statement"),
        };
        Self::new(kind, message).with_source(error)
    }
}
