//! What every request can reach.

use std::sync::Arc;

use agent_core::Engine;
use agent_core::model::Principal;
use tokio::sync::watch;

use crate::limits::Limits;
use crate::response::Reply;
use crate::workshop::Workshop;

/// Shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    engine: Engine,
    limits: Limits,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    workshop: Workshop,
    stopping: watch::Sender<bool>,
}

impl App {
    pub fn new(
        engine: Engine,
        limits: Limits,
        metrics: metrics_exporter_prometheus::PrometheusHandle,
        workshop: Workshop,
    ) -> Self {
        Self(Arc::new(Shared { engine, limits, metrics, workshop, stopping: watch::Sender::new(false) }))
    }

    /// The deployment.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The deployment on behalf of whom `principal` acts for.
    pub async fn engine_for(&self, principal: &Principal) -> Reply<Engine> {
        Ok(self.0.engine.for_organization(principal.organization_id).await?)
    }

    /// Who may call how often.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// What was counted.
    pub fn metrics(&self) -> &metrics_exporter_prometheus::PrometheusHandle {
        &self.0.metrics
    }

    /// Where long work is done.
    pub fn workshop(&self) -> &Workshop {
        &self.0.workshop
    }

    /// From now on it is not ready.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Whether it was told to stop.
    pub fn stopping(&self) -> bool {
        *self.0.stopping.borrow()
    }

    /// Done once it is told to stop: for answers that would otherwise have no end.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut told = self.0.stopping.subscribe();
        async move {
            // Fails only without a sender, and then everything is over as well.
            let _ = told.wait_for(|stopping| *stopping).await;
        }
    }
}
