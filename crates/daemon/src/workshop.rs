//! Threads for what takes long: answering, and jobs.
//!
//! They are apart from those that talk to clients, and stand behind them: on a machine of two cores an answer
//! takes both, and whoever posts a webhook or asks whether the daemon is alive must not wait for its end.
//! Threads that a model or the index start from here stand behind, too: Linux hands priorities on.

use std::future::Future;
use std::panic::resume_unwind;

use agent_core::{Error, Result};
use anyhow::Context;
use tokio::runtime::{Builder, EnterGuard, Runtime};
use tracing::Instrument;

/// How much its threads give way, as `nice` counts: enough to be put off for whoever has just woken up, too
/// little to starve.
const NICE: i32 = 5;

/// A runtime of its own for long work. Dropped, what is still running is left behind.
pub struct Workshop(Option<Runtime>);

impl Workshop {
    /// Starts its threads.
    pub fn open() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("workshop")
            .on_thread_start(give_way)
            .enable_all()
            .build()
            .context("the threads that answer could not be started")?;
        Ok(Self(Some(runtime)))
    }

    /// While the guard lives, tasks that are spawned run here.
    pub fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }

    /// Runs work here to its end, even if nobody waits for it any more. A panic goes on to who does.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
    {
        let stopping = || Error::unavailable("the daemon is stopping: ask again in a moment");
        let runtime = self.0.as_ref().ok_or_else(stopping)?;
        match runtime.spawn(work.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(cut_off) if cut_off.is_panic() => resume_unwind(cut_off.into_panic()),
            Err(_) => Err(stopping()),
        }
    }

    /// Starts work here that nobody waits for.
    pub fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(work.in_current_span());
        }
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
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
    #[should_panic(expected = "as it was")]
    async fn a_panic_reaches_who_waits() {
        let workshop = Workshop::open().unwrap();
        let work = async { if true { panic!("as it was") } else { Ok(()) } };
        let _ = workshop.run(work).await;
    }
}
