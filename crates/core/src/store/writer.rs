//! The one writer: closures from a channel, each in a savepoint, many in one commit.
//!
//! A commit waits for the disk; closures that arrive meanwhile share the next one. An acknowledged
//! write is synced; a closure that fails takes back only its own changes.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::checkpoint::Checkpoints;
use super::{jobs, messages};
use crate::error::{Error, ErrorKind, Result};

/// Most closures in one commit: bounds how long the first of them waits.
const GROUP: usize = 256;

/// Pages that the writer's connection keeps in memory, in KiB: what many webhooks touch is read once.
const CACHE_KIB: i32 = 64 * 1024;

/// Runs a closure and returns what to do once the commit's outcome is known.
type Task = Box<dyn FnOnce(&Connection) -> Finish + Send>;
type Finish = Box<dyn FnOnce(&Result<(), (ErrorKind, String)>) + Send>;

enum Message {
    Run(Task),
    Close(oneshot::Sender<()>),
}

/// Handle of the writer thread. The thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    channel: Sender<Message>,
}

impl Writer {
    /// `wake` is told after a commit that made jobs available.
    pub(super) fn start(connection: Connection, path: &Path, wake: Arc<watch::Sender<()>>) -> Result<Self> {
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        let checkpoints = Checkpoints::start(&connection, path)?;
        let (channel, messages) = self::channel();
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(&connection, &messages, checkpoints, &wake))
            .map_err(|e| Error::internal("the store's writer thread could not be started").with_source(e))?;
        Ok(Self { channel })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |connection| {
            let outcome = in_savepoint(connection, work);
            Box::new(move |commit| {
                let outcome = match commit {
                    Ok(()) => outcome,
                    // The closure went well, the commit did not: nothing was stored.
                    Err((kind, message)) => outcome.and(Err(Error::new(*kind, message.clone()))),
                };
                // The caller may have gone away; the write stands.
                let _ = reply.send(outcome);
            })
        });
        let gone = || Error::internal("the store is closed");
        self.channel.send(Message::Run(task)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub(super) async fn close(&self) -> Result<()> {
        let (reply, done) = oneshot::channel();
        if self.channel.send(Message::Close(reply)).is_ok() {
            let _ = done.await;
        }
        Ok(())
    }
}

fn serve(
    connection: &Connection,
    messages: &Receiver<Message>,
    checkpoints: Checkpoints,
    wake: &watch::Sender<()>,
) {
    while let Ok(first) = messages.recv() {
        let mut group = Vec::new();
        let mut closing = None;
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Run(task) => group.push(task),
                Message::Close(reply) => {
                    closing = Some(reply);
                    break;
                }
            }
            if group.len() < GROUP {
                next = messages.try_recv().ok();
            }
        }
        commit_group(connection, group);
        checkpoints.tell();
        // Also when nothing came of it: looking once in vain is cheap.
        if jobs::take_recorded() {
            wake.send_replace(());
        }
        if let Some(reply) = closing {
            checkpoints.stop();
            // Leaves one file behind instead of three; failing to is no loss.
            let _ = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
            let _ = reply.send(());
            return;
        }
    }
}

fn commit_group(connection: &Connection, group: Vec<Task>) {
    if group.is_empty() {
        return;
    }
    let told = |error: rusqlite::Error| {
        let error = Error::from(error);
        tracing::error!(error = ?error, "the store could not commit");
        (error.kind(), error.to_string())
    };
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let failed = Err(told(error));
        for task in group {
            refuse(task, connection, &failed);
        }
        return;
    }
    let finishes: Vec<Finish> = group.into_iter().map(|task| task(connection)).collect();
    let commit = messages::index_new(connection).and_then(|()| connection.execute_batch("COMMIT"));
    let commit = commit.map_err(told);
    if commit.is_err() {
        // After a failed commit the transaction may still be open.
        let _ = connection.execute_batch("ROLLBACK");
    }
    for finish in finishes {
        finish(&commit);
    }
}

/// No transaction could be begun: the task is run in none of its own and rolled back, so that its
/// caller gets an answer of the right type.
fn refuse(task: Task, connection: &Connection, failed: &Result<(), (ErrorKind, String)>) {
    let finish = task(connection);
    finish(failed);
}

fn in_savepoint<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    if connection.is_autocommit() {
        // Outside a transaction nothing may be written: see `refuse`.
        return Err(Error::new(
            ErrorKind::Conflict,
            "the database is busy: another process is writing; try again in a moment",
        )
        .with_code(super::DATABASE_BUSY));
    }
    run(connection, "SAVEPOINT task")?;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(connection)))
        .unwrap_or_else(|_| Err(Error::internal("a database task failed unexpectedly")));
    match outcome {
        Ok(value) => {
            run(connection, "RELEASE task")?;
            Ok(value)
        }
        Err(error) => {
            // Some errors (a full disk) have ended the whole transaction already.
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK TO task; RELEASE task")?;
            }
            Err(error)
        }
    }
}

/// A statement that every task needs: it is parsed once.
fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
