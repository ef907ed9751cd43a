//! Runs the parsers in child processes, so that a hostile document can only fail by itself.
//!
//! A few workers stay alive and read one document at a time each. A document that takes too long,
//! grows too large or crashes its worker fails alone; the next one gets a fresh worker. Dropping the
//! future of a call kills the worker that was busy with it. What the worker may do is limited by the
//! worker itself (`worker`); here it gets an empty environment, a process group of its own, and a
//! parent that outlives it.

mod process;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::timeout;

use process::{Answer, Spawner, Worker};

use super::protocol::{self, Request};
use super::{FailureKind, Limits, ParseFailure, check_size};
use crate::model::{FileType, Parsed};

/// Bodies above this are decoded off the async threads.
const LARGE_BODY: usize = 1 << 20;

/// A document for the sandbox.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file the worker opens and reads itself.
    Path(PathBuf),
    /// Bytes that are sent to the worker.
    Bytes(Vec<u8>),
}

/// How a [`Sandbox`] runs its workers.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Program and arguments that end up in [`super::worker_main`].
    pub command: Vec<OsString>,
    /// Documents parsed at the same time, at least 1.
    pub workers: usize,
    /// Limits for every document.
    pub limits: Limits,
}

/// A pool of parser processes; cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    config: SandboxConfig,
    slots: Semaphore,
    idle: Mutex<Vec<Worker>>,
    spawner: Spawner,
}

impl Sandbox {
    /// A sandbox; its workers start when they are needed.
    pub fn new(config: SandboxConfig) -> Self {
        let slots = Semaphore::new(config.workers.max(1));
        Self { inner: Arc::new(Inner { config, slots, idle: Mutex::default(), spawner: Spawner::default() }) }
    }

    /// Parses one document, waiting for a free worker. Needs a Tokio runtime with I/O and time.
    ///
    /// # Errors
    /// A [`ParseFailure`], which says nothing of the document's content. `MissingTool` concerns the
    /// installation and not the document.
    pub async fn parse(&self, input: Input, file_type: FileType) -> Result<Parsed, ParseFailure> {
        let limits = &self.inner.config.limits;
        if let Input::Bytes(bytes) = &input {
            check_size(bytes.len() as u64, limits)?;
        }
        // The semaphore is never closed; were it, running without a slot would only be slower.
        let _slot = self.inner.slots.acquire().await.ok();
        let mut worker = match self.idle_worker() {
            Some(worker) => worker,
            None => self.start().await?,
        };
        let (is_path, body) = match &input {
            Input::Path(path) => (true, protocol::path_bytes(path)),
            Input::Bytes(bytes) => (false, bytes.as_slice()),
        };
        let request = Request { file_type, is_path };
        let exchange = worker.exchange(&request, body, limits.memory_bytes);
        match timeout(limits.timeout, exchange).await {
            Ok(Ok(answer)) => {
                drop(input);
                if !answer.response.retires {
                    self.idle().push(worker);
                }
                decode(answer).await
            }
            Ok(Err(_)) => Err(worker.post_mortem(&self.inner.config).await),
            Err(_) => {
                worker.kill().await;
                Err(ParseFailure::new(
                    FailureKind::Timeout,
                    format!(
                        "reading the document took longer than {} seconds; split it or raise the time limit",
                        limits.timeout.as_secs_f32()
                    ),
                ))
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker that is free and still alive; the most recent one, for its caches are warm.
    fn idle_worker(&self) -> Option<Worker> {
        let mut idle = self.idle();
        while let Some(mut worker) = idle.pop() {
            if worker.is_alive() {
                return Some(worker);
            }
        }
        None
    }

    async fn start(&self) -> Result<Worker, ParseFailure> {
        let config = &self.inner.config;
        let started: io::Result<Worker> = async {
            let mut worker = self.inner.spawner.spawn(&config.command).await?;
            worker.greet(&config.limits).await?;
            Ok(worker)
        }
        .await;
        started.map_err(|error| {
            let program =
                config.command.first().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
            ParseFailure::new(
                FailureKind::MissingTool,
                format!("the parser process \"{program}\" cannot be started: {error}"),
            )
        })
    }
}

async fn decode(answer: Answer) -> Result<Parsed, ParseFailure> {
    if let Some(failure) = answer.response.failure {
        return Err(failure);
    }
    let body = answer.body;
    let parsed = if body.len() > LARGE_BODY {
        // The task cannot be cancelled and does not panic.
        tokio::task::spawn_blocking(move || serde_json::from_slice(&body).ok()).await.ok().flatten()
    } else {
        serde_json::from_slice(&body).ok()
    };
    parsed.ok_or_else(|| {
        ParseFailure::new(FailureKind::Crashed, "the parser answered with something unreadable")
    })
}

#[cfg(test)]
mod tests;
