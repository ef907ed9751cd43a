//! The reader pool: connections that are opened when first needed and kept.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema::connect;
use crate::error::{Error, Result};

/// Connections at most: reads are short, and each connection holds a cache of its own.
const POOL: usize = 4;

#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), idle: Arc::default(), permits: Arc::new(Semaphore::new(POOL)) }
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let closed = |_| Error::internal("the store is closed");
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        let pool = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // A poisoned lock means a panic between two Vec operations: the Vec is whole.
            let idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = if let Some(connection) = idle {
                connection
            } else {
                let connection = connect(&pool.path)?;
                connection.pragma_update(None, "query_only", true)?;
                connection
            };
            let outcome = work(&connection);
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            outcome
        });
        task.await.map_err(|e| Error::internal("a database read was cut off").with_source(e))?
    }
}
