//! A file that is coming in: written to the disk piece by piece, hashed on the way, and put among the
//! blobs once its hash is known.
//!
//! Dropped before that, it is gone. While it is open its temporary file is locked, so that what a crash
//! left can be told from what another process is receiving.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock, fstat};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWriteExt, BufWriter};

use crate::error::{Error, ErrorKind, Result};

/// Bytes gathered before they go to the disk.
const BUFFER: usize = 256 * 1024;

/// A file that is coming in.
pub struct Incoming {
    writer: BufWriter<tokio::fs::File>,
    hasher: Sha256,
    size: u64,
    path: Temporary,
}

/// Removes the file it names, unless it was moved away.
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What cannot be removed now is removed when the folder is opened again.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Temporary {
    fn move_to(&mut self, target: &Path) -> std::io::Result<()> {
        if let Some(path) = &self.0 {
            move_durably(path, target)?;
            self.0 = None;
        }
        Ok(())
    }
}

/// What came in, complete and on the disk.
pub struct Received {
    /// SHA-256 of the bytes, hexadecimal.
    pub hash: String,
    /// Their number.
    pub size: u64,
    // Holds the lock until the file is where it belongs.
    _file: tokio::fs::File,
    path: Temporary,
}

impl Incoming {
    /// Opens a temporary file of this name in `folder`.
    pub(super) async fn open(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(name);
        let opened = blocking(move || create_locked(&path).map(|file| (file, path))).await?;
        let (file, path) = opened.map_err(not_stored)?;
        Ok(Self {
            writer: BufWriter::with_capacity(BUFFER, tokio::fs::File::from_std(file)),
            hasher: Sha256::new(),
            size: 0,
            path: Temporary(Some(path)),
        })
    }

    /// Adds bytes at the end.
    pub async fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.hasher.update(piece);
        self.size += piece.len() as u64;
        self.writer.write_all(piece).await.map_err(not_stored)
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Waits until every byte is on the disk.
    pub async fn complete(mut self) -> Result<Received> {
        self.writer.flush().await.map_err(not_stored)?;
        let file = self.writer.into_inner();
        file.sync_all().await.map_err(not_stored)?;
        let hash = format!("{:x}", self.hasher.finalize());
        Ok(Received { hash, size: self.size, _file: file, path: self.path })
    }
}

impl Received {
    /// Moves the file to `target`, over what is there: the same bytes. Lasting when it returns.
    pub(super) async fn move_to(self, target: PathBuf) -> Result<()> {
        let moved = blocking(move || {
            // All of it: the lock goes once the file is where it belongs.
            let mut received = self;
            received.path.move_to(&target)
        });
        moved.await?.map_err(not_stored)
    }
}

fn create_locked(path: &Path) -> std::io::Result<File> {
    loop {
        let file = File::options().create_new(true).write(true).open(path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        // Between the two calls somebody who clears away leftovers may have taken it for one.
        if fstat(&file)?.st_nlink > 0 {
            return Ok(file);
        }
    }
}

fn move_durably(path: &Path, target: &Path) -> std::io::Result<()> {
    let Some(folder) = target.parent() else { return Err(std::io::ErrorKind::InvalidInput.into()) };
    let new_folder = !folder.exists();
    std::fs::create_dir_all(folder)?;
    std::fs::rename(path, target)?;
    // A name is lasting once its folder is synced; a new folder is a name in the one above it.
    File::open(folder)?.sync_all()?;
    if let Some(above) = folder.parent().filter(|_| new_folder) {
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// Removes temporary files in `folder` that no process holds.
pub(super) fn clear_leftovers(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        // Another process that clears away may be faster: whatever fails is not ours to remove.
        let Ok(file) = File::open(entry.path()) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let task = tokio::task::spawn_blocking(work);
    task.await.map_err(|e| Error::internal("writing a document was cut off").with_source(e))
}

/// Names no path: those who upload need not know where the data lies.
pub(super) fn not_stored(error: std::io::Error) -> Error {
    let message = match error.kind() {
        std::io::ErrorKind::StorageFull => {
            "the document could not be stored: the disk is full; free some space and send it again"
        }
        _ => "the document could not be stored: check the permissions of the data directory",
    };
    Error::new(ErrorKind::Storage, message).with_source(error)
}
