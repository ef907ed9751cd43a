//! The daemon as a library: tests and other programs boot it with a listener of their own.
//!
//! Thin on purpose: HTTP in here, everything else in `agent-core`.

mod lifecycle;
mod router;

use std::future::Future;

use agent_core::Config;
use anyhow::Context;
use tokio::net::TcpListener;

pub use lifecycle::termination;

/// Serves until `shutdown` is done, then finishes the requests in hand.
///
/// # Errors
/// The listener failed.
pub async fn run(
    config: &Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the listener has no address")?;
    tracing::info!(%address, data_dir = %config.paths.data_dir.display(), "listening");
    axum::serve(listener, router::router())
        .with_graceful_shutdown(shutdown)
        .await
        .context("serving failed")?;
    tracing::info!("stopped");
    Ok(())
}
