//! Who may change the index: one process at a time, and within it either one alone or several together.
//!
//! Documents of the queue are processed side by side: each adds rows of its own. What looks at the index
//! as a whole (an ingest of the command line, tidying, a rebuild) does so alone. Waiting holds no thread
//! and ends when the caller is asked to stop. Reading needs no lock.

use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::sync::{Mutex, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::ingest::Stop;

/// How often somebody who waits looks again.
const LOOK: Duration = Duration::from_millis(50);

/// The lock of a deployment's index.
pub(super) struct IndexLock {
    path: PathBuf,
    gate: Arc<RwLock<()>>,
    /// The file lock, shared by those of this process who work together.
    file: Mutex<Weak<File>>,
}

/// Held while the index is changed; released when dropped, or when the process dies.
pub(super) struct Held {
    // In this order: the file is unlocked before the next one of this process comes in.
    _file: Arc<File>,
    _turn: Turn,
}

#[expect(dead_code, reason = "held, not read")]
enum Turn {
    Alone(OwnedRwLockWriteGuard<()>),
    Together(OwnedRwLockReadGuard<()>),
}

impl IndexLock {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join("index.lock"), gate: Arc::default(), file: Mutex::default() }
    }

    /// Waits until nobody else changes the index. `on_wait` is told if it has to.
    pub(super) async fn alone(&self, stop: &Stop, on_wait: impl FnOnce()) -> Result<Held> {
        let mut on_wait = Some(on_wait);
        let turn = if let Ok(turn) = Arc::clone(&self.gate).try_write_owned() {
            turn
        } else {
            tell(&mut on_wait);
            unless_stopped(stop, Arc::clone(&self.gate).write_owned()).await?
        };
        let file = self.lock_file(stop, &mut on_wait).await?;
        Ok(Held { _file: file, _turn: Turn::Alone(turn) })
    }

    /// Waits until nobody changes the index alone.
    pub(super) async fn together(&self, stop: &Stop) -> Result<Held> {
        let turn = unless_stopped(stop, Arc::clone(&self.gate).read_owned()).await?;
        let file = self.lock_file(stop, &mut None::<fn()>).await?;
        Ok(Held { _file: file, _turn: Turn::Together(turn) })
    }

    /// The lock if nobody in any process has it.
    pub(super) fn if_free(&self) -> Result<Option<Held>> {
        let Ok(turn) = Arc::clone(&self.gate).try_write_owned() else { return Ok(None) };
        let file = open(&self.path)?;
        if !try_lock(&file, &self.path)? {
            return Ok(None);
        }
        Ok(Some(Held { _file: Arc::new(file), _turn: Turn::Alone(turn) }))
    }

    /// The file lock: the one that those working together have already, or a new one.
    async fn lock_file(&self, stop: &Stop, on_wait: &mut Option<impl FnOnce()>) -> Result<Arc<File>> {
        let mut shared = unless_stopped(stop, self.file.lock()).await?;
        if let Some(file) = shared.upgrade() {
            return Ok(file);
        }
        let file = Arc::new(open(&self.path)?);
        while !try_lock(&file, &self.path)? {
            tell(on_wait);
            tokio::time::sleep(LOOK).await;
            check(stop)?;
        }
        *shared = Arc::downgrade(&file);
        Ok(file)
    }
}

fn tell(on_wait: &mut Option<impl FnOnce()>) {
    if let Some(on_wait) = on_wait.take() {
        on_wait();
    }
}

fn check(stop: &Stop) -> Result<()> {
    if stop.requested() {
        return Err(Error::new(ErrorKind::Cancelled, "stopped while waiting for the index"));
    }
    Ok(())
}

async fn unless_stopped<T>(stop: &Stop, waiting: impl Future<Output = T>) -> Result<T> {
    let mut waiting = pin!(waiting);
    loop {
        match tokio::time::timeout(LOOK, &mut waiting).await {
            Ok(got) => return Ok(got),
            Err(_) => check(stop)?,
        }
    }
}

fn open(path: &Path) -> Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.map_err(|e| Error::io("open", path, e))
}

fn try_lock(file: &File, path: &Path) -> Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(e) if e == rustix::io::Errno::WOULDBLOCK => Ok(false),
        Err(e) => Err(Error::io("lock", path, e.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn several_work_together_and_one_works_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, elsewhere) = (IndexLock::new(dir.path()), IndexLock::new(dir.path()));
        let go = Stop::default();
        let (first, second) = (lock.together(&go).await.unwrap(), lock.together(&go).await.unwrap());
        assert!(lock.if_free().unwrap().is_none());
        drop(first);
        assert!(elsewhere.if_free().unwrap().is_none(), "the second still works");
        drop(second);
        let alone = elsewhere.alone(&go, || panic!("nobody is there")).await.unwrap();
        let waited = std::cell::Cell::new(false);
        let stop = Stop::default();
        let waiting = lock.alone(&stop, || {
            waited.set(true);
            stop.request();
        });
        let outcome = waiting.await;
        assert_eq!(outcome.err().map(|e| e.kind()), Some(ErrorKind::Cancelled));
        assert!(waited.get());
        drop(alone);
        assert!(lock.if_free().unwrap().is_some());
    }
}
