//! Moving what was committed from the write-ahead log into the database file, beside the writer.
//!
//! By itself SQLite does that in the commit that makes the log long, and whoever waits for that commit waits
//! for it, too. Here a thread does it a moment after commits, in turns that hold nobody up.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::schema::connect;
use crate::error::{Error, Result};

/// Between a commit and the turn that moves it: pages that change again meanwhile are moved once.
const PAUSE: Duration = Duration::from_millis(100);

/// Pages of the log from which a commit moves them itself, as the last resort: under writes without a pause
/// the log is never moved to its end, and it begins anew only then.
const LAST_RESORT: u32 = 16 * 1024;

/// Handle of the thread, which ends with it.
pub(super) struct Checkpoints {
    told: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread for the database at `path`, and takes its work from `writer`.
    pub fn start(writer: &Connection, path: &Path) -> Result<Self> {
        writer.pragma_update(None, "wal_autocheckpoint", LAST_RESORT)?;
        let path = path.to_path_buf();
        let (told, commits) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || serve(&path, &commits))
            .map_err(|e| {
                Error::internal("the store's checkpoint thread could not be started").with_source(e)
            })?;
        Ok(Self { told, thread })
    }

    /// Something was committed.
    pub fn tell(&self) {
        // One that waits already will see this commit, too.
        let _ = self.told.try_send(());
    }

    /// Ends the thread, so that its connection is closed.
    pub fn stop(self) {
        drop(self.told);
        // It only fails by a panic, and there is nothing left for it to do.
        let _ = self.thread.join();
    }
}

fn serve(path: &Path, commits: &Receiver<()>) {
    // Opened when first needed: most commands write nothing.
    let mut connection = None;
    while commits.recv().is_ok() {
        if !pause(commits) {
            return;
        }
        let moved = match &connection {
            Some(connection) => checkpoint(connection),
            None => connect(path).and_then(|opened| checkpoint(connection.insert(opened))),
        };
        if let Err(error) = moved {
            tracing::debug!(%error, "the write-ahead log was not moved");
        }
    }
}

/// Waits, whatever else is committed; `false` if there is nobody left to tell of commits.
fn pause(commits: &Receiver<()>) -> bool {
    let end = Instant::now() + PAUSE;
    loop {
        match commits.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn checkpoint(connection: &Connection) -> Result<()> {
    // Passive: it waits for nobody. What it leaves, the next turn moves.
    Ok(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
}
