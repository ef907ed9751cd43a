//! The bytes of documents, by their hash, in an object store: a local folder by default.
//!
//! Documents with the same bytes share a blob, across organizations. A blob may go when the store knows
//! no document that has its bytes; whoever checks that holds the blobs' lock alone, and whoever adds a
//! blob before its row holds it together with others, so that no blob goes in between. Runs that hold
//! the index lock need not hold this one: only they remove.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::incoming::{Incoming, Received, blocking, clear_leftovers};
use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;

/// Bytes read at once; larger files are never whole in memory.
const PIECE: usize = 1024 * 1024;
/// Parts of a file on their way to the disk at once.
const PARTS: usize = 2;
/// Folder of the files that are coming in, within that of the blobs: on the same file system.
const INCOMING: &str = "incoming";

/// Blobs of a deployment. Cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

/// Held while a blob lies there that no row names yet, or while blobs are removed.
pub struct Hold(#[expect(dead_code, reason = "holds the lock while it is open")] File);

impl Blobs {
    /// Blobs in a local folder, made if needed. What a crash left of files that were coming in goes.
    pub fn open(folder: &Path) -> Result<Self> {
        let incoming = folder.join(INCOMING);
        std::fs::create_dir_all(&incoming)
            .and_then(|()| clear_leftovers(&incoming))
            .map_err(|e| Error::io("create the folder of documents", folder, e))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|e| failed("open", e))?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_path_buf() })
    }

    /// Whether the folder is there and can be written, for health reports.
    pub async fn check(&self) -> Result<()> {
        let folder = self.folder.join(INCOMING);
        let looked = tokio::fs::metadata(&folder).await;
        let there = looked.map_err(|e| Error::io("find the folder of documents", &folder, e))?;
        if there.permissions().readonly() {
            let message = format!("the folder of documents {} cannot be written", folder.display());
            return Err(Error::new(ErrorKind::Storage, message));
        }
        Ok(())
    }

    fn key(hash: &str) -> Key {
        Key::from(format!("{}/{hash}", hash.get(..2).unwrap_or("xx")))
    }

    /// Where a blob lies in the local folder, for a parser process to read.
    pub fn local_path(&self, hash: &str) -> PathBuf {
        self.folder.join(Self::key(hash).as_ref())
    }

    /// Stores the file at `path`, whose hash is known, unless it is there already. Fails if the file
    /// is no longer the one that was hashed.
    pub async fn put_file(&self, path: &Path, hash: &str) -> Result<()> {
        let key = Self::key(hash);
        if self.store.head(&key).await.is_ok() {
            return Ok(());
        }
        let mut file = tokio::fs::File::open(path).await.map_err(|e| Error::io("read", path, e))?;
        let upload = self.store.put_multipart(&key).await.map_err(|e| failed("store", e))?;
        let mut writer = WriteMultipart::new(upload);
        let mut hasher = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).await.map_err(|e| Error::io("read", path, e))?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
            // Without waiting, a disk slower than the source would gather the file in memory.
            writer.wait_for_capacity(PARTS).await.map_err(|e| failed("store", e))?;
            writer.write(&piece[..read]);
        }
        if format!("{:x}", hasher.finalize()) != hash {
            writer.abort().await.map_err(|e| failed("store", e))?;
            return Err(Error::new(
                ErrorKind::Conflict,
                "the file changed while it was read: ingest it again",
            ));
        }
        writer.finish().await.map_err(|e| failed("store", e))?;
        Ok(())
    }

    /// How many of the blobs are not there.
    pub async fn missing(&self, hashes: impl IntoIterator<Item = String> + Send + 'static) -> Result<usize> {
        let blobs = self.clone();
        blocking(move || hashes.into_iter().filter(|hash| !blobs.local_path(hash).exists()).count()).await
    }

    /// Stores bytes under their hash.
    pub async fn put_bytes(&self, bytes: Vec<u8>, hash: &str) -> Result<()> {
        let payload = PutPayload::from(bytes);
        self.store.put(&Self::key(hash), payload).await.map_err(|e| failed("store", e))?;
        Ok(())
    }

    /// Begins to receive a file whose hash is not known yet. `name` is unique among those coming in.
    pub async fn receive(&self, name: &str) -> Result<Incoming> {
        Incoming::open(&self.folder.join(INCOMING), name).await
    }

    /// Puts a received file among the blobs. It stays there while the hold is kept, also without a row.
    pub async fn keep(&self, received: Received) -> Result<Hold> {
        let hold = self.hold(FlockOperation::LockShared).await?;
        let target = self.local_path(&received.hash);
        received.move_to(target).await?;
        Ok(hold)
    }

    async fn hold(&self, how: FlockOperation) -> Result<Hold> {
        let path = self.folder.with_extension("lock");
        let locked = blocking(move || {
            let file = File::options().create(true).truncate(false).write(true).open(&path);
            let file = file.map_err(|e| Error::io("open", &path, e))?;
            flock(&file, how).map_err(|e| Error::io("lock", &path, e.into()))?;
            Ok(Hold(file))
        });
        locked.await?
    }

    /// Removes those of the blobs that no document has. The caller holds the index lock. How many went.
    pub async fn release(&self, store: &Store, hashes: impl IntoIterator<Item = String>) -> Result<usize> {
        let mut hashes = hashes.into_iter().peekable();
        if hashes.peek().is_none() {
            return Ok(0);
        }
        let _hold = self.hold(FlockOperation::LockExclusive).await?;
        let mut gone = 0;
        for hash in hashes {
            if !store.content_is_used(&hash).await? {
                self.remove(&hash).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// Removes every blob that no document has: what deletions and crashes left. The caller holds the
    /// index lock. How many went.
    pub async fn sweep(&self, store: &Store) -> Result<usize> {
        let used = store.contents_in_use().await?;
        let orphans: HashSet<String> = self
            .store
            .list(None)
            .map_err(|e| failed("list", e))
            .try_filter_map(|object| {
                let hash = hash_of(&object.location).filter(|hash| !used.contains(*hash));
                futures::future::ready(Ok(hash.map(str::to_owned)))
            })
            .try_collect()
            .await?;
        // What looked unused may have come into use since: each is looked at again.
        self.release(store, orphans).await
    }

    async fn remove(&self, hash: &str) -> Result<()> {
        match self.store.delete(&Self::key(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed("remove", e)),
        }
    }
}

/// The hash a blob is named by; files that are coming in are no blobs.
fn hash_of(key: &Key) -> Option<&str> {
    let name = key.filename()?;
    (name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())).then_some(name)
}

fn failed(what: &str, error: object_store::Error) -> Error {
    let full = error.to_string().contains("No space left");
    let message = if full {
        format!("could not {what} a document: the disk is full; free some space and run it again")
    } else {
        format!("could not {what} a document in the data directory: check its permissions")
    };
    Error::new(ErrorKind::Storage, message).with_source(error)
}

/// SHA-256 of a file, hexadecimal, and its size; never whole in memory.
pub(super) fn hash_file(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let size = std::io::copy(&mut file, &mut hasher)?;
    Ok((format!("{:x}", hasher.finalize()), size))
}

/// SHA-256 of bytes, hexadecimal.
pub(super) fn hash_bytes(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
