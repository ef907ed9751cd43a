//! The daemon as a library: tests and other programs boot it with a listener of their own.
//!
//! Thin on purpose: HTTP in here, everything else in `agent-core`. `router.rs` is the route table, `api/`
//! the verbs, `server.rs` the connections, `access.rs` who may call, `observe.rs` what stands around
//! every request, `workshop.rs` the threads for what takes long.

mod access;
mod api;
mod docs;
mod event_stream;
mod extract;
mod front;
mod gauges;
mod json_log;
mod lifecycle;
mod limits;
mod observe;
mod openapi;
mod otlp;
mod response;
mod router;
mod server;
mod state;
mod telemetry;
mod workshop;

use std::future::Future;
use std::time::Duration;

use agent_core::{Config, Engine};
use anyhow::Context;
use tokio::net::TcpListener;

pub use lifecycle::{listener, termination};
pub use openapi::PERMISSION;
pub use telemetry::{Telemetry, start as start_telemetry, start_plain as start_plain_logging};

use limits::Limits;
use state::App;
use workshop::Workshop;

/// How often those who no longer call are forgotten.
const FORGET: Duration = Duration::from_mins(1);

/// How long a step that cannot be interrupted may take at the end: loading the model, a run of it.
const LAST_STEPS: Duration = Duration::from_secs(10);

/// Serves a deployment until `shutdown` is done, then finishes the requests and jobs in hand.
///
/// A data directory that was never initialised is: the first to register becomes its owner.
///
/// # Errors
/// The data directory cannot be opened, the listener failed, or a channel names an agent or a business that
/// is not there.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the listener has no address")?;
    let server_config = config.server.clone();
    let metrics = telemetry::metrics()?;
    let (engine, _) = Engine::init(config, None).await?;
    // Found out now, and not when the first customer writes.
    engine.whatsapp_numbers().await?;
    if !engine.config().whatsapp.channels.is_empty() {
        gauges::begin();
    }
    for remark in engine.config().remarks() {
        tracing::warn!("{remark}");
    }
    for channel in engine.channels().await?.iter().filter(|channel| !channel.reachable) {
        let name = &channel.name;
        tracing::warn!(channel = %name, "nobody can be told when a customer needs a person: customers are promised none");
    }
    let app = App::new(engine.clone(), Limits::new(&server_config), metrics, Workshop::open()?);
    let workers = {
        let _inside = app.workshop().enter();
        engine.start_workers()
    };
    let chores = tokio::spawn(chores(app.clone()));
    tracing::info!(%address, data_dir = %engine.config().paths.data_dir.display(), "listening");
    lifecycle::notify_ready();

    let stopping = app.clone();
    let shutdown = async move {
        shutdown.await;
        stopping.stop();
        lifecycle::notify_stopping();
    };
    server::serve(listener, router::router(&app), &server_config, shutdown).await;
    chores.abort();
    workers.stop(Duration::from_secs(server_config.shutdown_seconds)).await;
    app.workshop().close(LAST_STEPS).await;
    engine.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// What is done beside the requests: the model is loaded before the first question, and who no longer
/// calls is forgotten.
async fn chores(app: App) {
    // A model that is missing shows in `/health/ready`; everything else works without.
    let engine = app.engine().clone();
    if let Err(error) = app.workshop().run(async move { engine.embedder().await.map(drop) }).await {
        tracing::error!(%error, "the embedding model cannot be loaded");
    }
    let mut ticks = tokio::time::interval(FORGET);
    loop {
        ticks.tick().await;
        app.limits().forget_idle();
        app.metrics().run_upkeep();
    }
}
