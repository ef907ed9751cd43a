//! Ctrl-C: the first asks the work to stop cleanly, the second ends the program.

use agent_core::Stop;

use crate::exit::Exit;
use crate::output::Printer;

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
