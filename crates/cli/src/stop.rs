//! Ctrl-C: the first asks the work to stop cleanly, the second ends the program. And being told to end, for
//! what has no end of its own.

use agent_core::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::output::Printer;

/// Returns when somebody presses Ctrl-C, or the service manager says so (SIGTERM). It listens from the call
/// on: whoever was told that the program is up may end it at once.
pub fn told_to_end() -> impl Future<Output = ()> {
    let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        tokio::select! {
            () = told(interrupt) => {}
            () = told(terminate) => {}
        }
    }
}

async fn told(listening: std::io::Result<Signal>) {
    match listening {
        Ok(mut signal) => drop(signal.recv().await),
        // Without this signal there is still the other one.
        Err(_) => std::future::pending().await,
    }
}

/// A stop that Ctrl-C requests, while the returned guard lives.
pub fn on_ctrl_c(printer: &Printer) -> Stop {
    let stop = Stop::default();
    let asked = stop.clone();
    let quiet = printer.is_json();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        asked.request();
        if !quiet {
            tracing::warn!("stopping after the work in hand; press Ctrl-C again to stop at once");
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            // Nothing is half-written: every commit is atomic, and the next run tidies up.
            #[expect(
                clippy::disallowed_methods,
                reason = "the user asked twice: destructors would wait for the work"
            )]
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    });
    stop
}
