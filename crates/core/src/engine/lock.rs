//! One process at a time changes the index; a second one waits. Reading needs no lock.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, Result};

/// Held while the index is changed; released when dropped, or when the process dies.
pub(super) struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Takes the lock, waiting for another holder. `on_wait` is told if it has to.
    pub async fn take(data_dir: &Path, on_wait: impl FnOnce()) -> Result<Self> {
        let path = data_dir.join("index.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| Error::io("open", &path, e))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Self { _file: file }),
            Err(e) if e == rustix::io::Errno::WOULDBLOCK => on_wait(),
            Err(e) => return Err(Error::io("lock", &path, e.into())),
        }
        let waiting =
            tokio::task::spawn_blocking(move || flock(&file, FlockOperation::LockExclusive).map(|()| file));
        let locked = waiting
            .await
            .map_err(|e| Error::internal("waiting for the index lock was cut off").with_source(e))?;
        let file = locked.map_err(|e| Error::io("lock", &path, e.into()))?;
        Ok(Self { _file: file })
    }
}
