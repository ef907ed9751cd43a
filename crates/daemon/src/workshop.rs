//! Threads for what takes long: answering, and jobs.
//!
//! They are apart from those that talk to clients, and stand behind them: on a machine of two cores an answer
//! takes both, and whoever posts a webhook or asks whether the daemon is alive must not wait for its end.
//! Threads that a model or the index start from here stand behind, too: Linux hands priorities on.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use agent_core::{Error, Result};
use anyhow::Context;
use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};
use tracing::Instrument;

/// How much its threads give way, as `nice` counts: enough to be put off for whoever has just woken up, too
/// little to starve.
const NICE: i32 = 5;

/// A runtime of its own for long work. Dropped without being closed, what is still running is left behind.
pub struct Workshop {
    threads: Handle,
    /// Until it is closed.
    runtime: Mutex<Option<Runtime>>,
}

impl Workshop {
    /// Starts its threads.
    pub fn open() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("workshop")
            .on_thread_start(give_way)
            .enable_all()
            .build()
            .context("the threads that answer could not be started")?;
        Ok(Self { threads: runtime.handle().clone(), runtime: Mutex::new(Some(runtime)) })
    }

    /// While the guard lives, tasks that are spawned run here.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.threads.enter()
    }

    /// Runs work here to its end, even if nobody waits for it any more. A panic goes on to who does.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
    {
        let stopping = || Error::unavailable("the daemon is stopping: ask again in a moment");
        match self.threads.spawn(work.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(cut_off) if cut_off.is_panic() => resume_unwind(cut_off.into_panic()),
            Err(_) => Err(stopping()),
        }
    }

    /// Starts work here that nobody waits for.
    pub fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.threads.spawn(work.in_current_span());
    }

    /// Ends it: no step is begun any more, and those that have begun end, if they take no longer than `limit`.
    ///
    /// A process must not end before: it would take the model's library away from a thread that loads a model
    /// or embeds, which then crashes.
    pub async fn close(&self, limit: Duration) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            // Fails only if this runtime ends as well, and then nobody waits for it.
            let _ = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(limit)).await;
        }
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtime.take() {
            // Waiting is not possible where async code drops it, and what had to end was stopped before.
            runtime.shutdown_background();
        }
    }
}

fn give_way() {
    // On Linux this is about the calling thread alone. Without it everything works, only less evenly.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn its_threads_give_way_and_the_callers_do_not() {
        let workshop = Workshop::open().unwrap();
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let own = nice();
        let theirs = workshop.run(async move { Ok(nice()) }).await.ok();
        // A process that is nice already stays so.
        assert_eq!(theirs, Some(NICE.max(own)));
        assert_eq!(nice(), own);
    }

    #[tokio::test]
    async fn what_has_begun_is_over_when_it_is_closed_and_nothing_begins_afterwards() {
        let workshop = Workshop::open().unwrap();
        let (begun, wait) = tokio::sync::oneshot::channel();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&over);
        workshop.start(async move {
            let step = tokio::task::spawn_blocking(move || {
                let _ = begun.send(());
                // Let on once the workshop is being closed, as far as a test can see that.
                let _ = gone.recv();
                flag.store(true, Ordering::SeqCst);
            });
            let _ = step.await;
        });
        wait.await.unwrap();
        let closing = workshop.close(Duration::from_mins(1));
        let ((), ()) = tokio::join!(closing, async { go.send(()).unwrap() });
        assert!(over.load(Ordering::SeqCst));
        assert!(workshop.run(async { Ok(()) }).await.is_err());
    }

    #[tokio::test]
    #[should_panic(expected = "as it was")]
    async fn a_panic_reaches_who_waits() {
        let workshop = Workshop::open().unwrap();
        let work = async { if true { panic!("as it was") } else { Ok(()) } };
        let _ = workshop.run(work).await;
    }
}
