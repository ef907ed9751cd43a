//! The disk's side of a download: a file that is being received, checked, and put in place.
//!
//! The `.part` file carries the beginning of the expected checksum in its name, so what is continued
//! there is always the same content and never another revision's. A lock keeps a second process from
//! writing into it. Nothing here knows of the network.

use std::io::{ErrorKind as IoKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::hub::Digest;
use crate::error::{Error, ErrorKind, Result};

/// Digits of the checksum in the name of a part: enough to tell revisions apart.
const DIGITS: usize = 16;

/// Whether a file is what the hub announced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is; with its SHA-256.
    Matches(String),
    /// It is not.
    Differs,
}

/// A file that is being received.
pub(super) struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
    len: u64,
}

impl Part {
    /// Opens the part of `target` with that checksum, at its end; creates it if there is none.
    pub(super) async fn open(target: &Path, digest: &Digest) -> Result<Self> {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).await.map_err(|e| Error::io("create", folder, e))?;
        }
        let path = part_of(target, digest);
        let failed = |e| Error::io("write", &path, e);
        let file = OpenOptions::new().create(true).append(true).open(&path).await.map_err(failed)?;
        let file = file.into_std().await;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let text = format!("another process is downloading {}", target.display());
                return Err(Error::new(ErrorKind::Conflict, format!("{text}: wait for it to end")));
            }
            // Some network file systems know no locks; the checksum guards what arrives.
            Err(std::fs::TryLockError::Error(e)) if e.kind() == IoKind::Unsupported => {}
            Err(std::fs::TryLockError::Error(e)) => return Err(failed(e)),
        }
        let len = file.metadata().map_err(failed)?.len();
        Ok(Self { file: File::from_std(file), path, target: target.to_owned(), len })
    }

    /// Bytes received.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Drops what was received.
    pub(super) async fn restart(&mut self) -> Result<()> {
        let emptied = async {
            self.file.flush().await?;
            self.file.set_len(0).await?;
            self.file.rewind().await
        };
        emptied.await.map_err(|e| Error::io("write", &self.path, e))?;
        self.len = 0;
        Ok(())
    }

    /// Adds bytes at the end.
    pub(super) async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await.map_err(|e| Error::io("write", &self.path, e))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Brings everything to the disk.
    pub(super) async fn settle(&mut self) -> Result<()> {
        let settled = async {
            self.file.flush().await?;
            self.file.sync_all().await
        };
        settled.await.map_err(|e| Error::io("write", &self.path, e))
    }

    /// Deletes what was received.
    pub(super) async fn discard(&self) -> Result<()> {
        fs::remove_file(&self.path).await.map_err(|e| Error::io("delete", &self.path, e))
    }

    /// Puts the file in place if it matches, deletes it if it does not.
    pub(super) async fn finish(self, digest: &Digest) -> Result<Verdict> {
        let verdict = check(&self.path, digest).await?.unwrap_or(Verdict::Differs);
        if verdict == Verdict::Differs {
            self.discard().await?;
            return Ok(verdict);
        }
        fs::rename(&self.path, &self.target).await.map_err(|e| Error::io("write", &self.target, e))?;
        drop_other_parts(&self.target).await;
        Ok(verdict)
    }
}

/// `model.onnx` → `model.onnx.53aa51172d142c89.part`
fn part_of(target: &Path, digest: &Digest) -> PathBuf {
    let digits = digest.hex().get(..DIGITS).unwrap_or_default();
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{digits}.part"));
    PathBuf::from(name)
}

/// Deletes what an earlier, unfinished download of another revision left: it may be gigabytes. If
/// that fails, the model is complete all the same.
async fn drop_other_parts(target: &Path) {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else { return };
    let Ok(mut entries) = fs::read_dir(folder).await else { return };
    let prefix = format!("{}.", name.to_string_lossy());
    while let Ok(Some(entry)) = entries.next_entry().await {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        let digits = found.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".part"));
        if digits.is_some_and(|d| d.len() == DIGITS && d.chars().all(|c| c.is_ascii_hexdigit())) {
            let _ = fs::remove_file(entry.path()).await;
        }
    }
}

/// Compares the file at `path` with a checksum; `None` if there is no file.
pub(super) async fn check(path: &Path, digest: &Digest) -> Result<Option<Verdict>> {
    let (path, digest) = (path.to_owned(), digest.clone());
    let checked = tokio::task::spawn_blocking(move || match hash(&path, &digest) {
        Ok(verdict) => Ok(Some(verdict)),
        Err(e) if e.kind() == IoKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", &path, e)),
    });
    checked.await.map_err(|e| Error::internal("a checksum was not finished").with_source(e))?
}

/// Reads the file once for its SHA-256 and whatever else the hub announced.
fn hash(path: &Path, digest: &Digest) -> std::io::Result<Verdict> {
    let mut file = std::fs::File::open(path)?;
    let mut sha256 = Sha256::new();
    let mut git = sha1::Sha1::new();
    if let Digest::GitSha1(_) = digest {
        git.update(format!("blob {}\0", file.metadata()?.len()));
    }
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        sha256.update(piece);
        if let Digest::GitSha1(_) = digest {
            git.update(piece);
        }
    }
    let sha256 = hex(&sha256.finalize());
    let matches = match digest {
        Digest::Sha256(expected) => *expected == sha256,
        Digest::GitSha1(expected) => *expected == hex(&git.finalize()),
    };
    Ok(if matches { Verdict::Matches(sha256) } else { Verdict::Differs })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
