//! The bytes of documents, by their hash, in an object store: a local folder by default.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use crate::error::{Error, ErrorKind, Result};

/// Bytes read at once; larger files are never whole in memory.
const PIECE: usize = 1024 * 1024;

/// Blobs of a deployment. Cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

impl Blobs {
    /// Blobs in a local folder, made if needed.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::io("create the folder of documents", folder, e))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|e| failed("open", e))?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_path_buf() })
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

    /// Stores bytes under their hash.
    pub async fn put_bytes(&self, bytes: Vec<u8>, hash: &str) -> Result<()> {
        let payload = PutPayload::from(bytes);
        self.store.put(&Self::key(hash), payload).await.map_err(|e| failed("store", e))?;
        Ok(())
    }

    /// Removes a blob; that it is gone already is no error.
    pub async fn remove(&self, hash: &str) -> Result<()> {
        match self.store.delete(&Self::key(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed("remove", e)),
        }
    }
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
