//! Birth and death of the process: a socket from the service manager or our own, word to it when we are
//! ready, and when to stop: SIGTERM or Ctrl-C once to finish what is in hand, twice to end at once.

use std::future::Future;

use anyhow::Context;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a process that was told to stop twice.
const HARD_STOP: i32 = 130;

/// The socket the service manager holds for us, or a new one on `bind`.
///
/// # Errors
/// The address cannot be listened on.
pub async fn listener(bind: &str) -> anyhow::Result<TcpListener> {
    let handed = listenfd::ListenFd::from_env().take_tcp_listener(0);
    if let Some(socket) = handed.context("the socket that was handed over cannot be used")? {
        socket.set_nonblocking(true).context("the socket that was handed over cannot be used")?;
        return TcpListener::from_std(socket).context("the socket that was handed over cannot be used");
    }
    TcpListener::bind(bind).await.with_context(|| format!("cannot listen on {bind}"))
}

/// Tells the service manager that requests are answered.
pub fn notify_ready() {
    notify(&[NotifyState::Ready]);
}

/// Tells the service manager that we are on our way out.
pub fn notify_stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(state: &[NotifyState<'_>]) {
    // Without a service manager there is nobody to tell, and that is no error.
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// Done when the process is asked to stop. Asked once more, it ends at once.
///
/// # Errors
/// The signals could not be registered.
pub fn termination() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut term = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    Ok(async move {
        told(&mut term, &mut interrupt).await;
        tokio::spawn(async move {
            told(&mut term, &mut interrupt).await;
            tracing::warn!("told twice: ending at once");
            #[expect(
                clippy::disallowed_methods,
                reason = "told twice: whatever still runs is not waited for"
            )]
            std::process::exit(HARD_STOP);
        });
    })
}

async fn told(term: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = term.recv() => tracing::info!("SIGTERM: stopping"),
        _ = interrupt.recv() => tracing::info!("interrupt: stopping"),
    }
}
