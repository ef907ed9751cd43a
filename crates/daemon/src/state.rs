//! What every request can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agent_core::Engine;
use agent_core::model::Principal;

use crate::limits::Limits;
use crate::response::Reply;

/// Shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    engine: Engine,
    limits: Limits,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    stopping: AtomicBool,
}

impl App {
    pub fn new(
        engine: Engine,
        limits: Limits,
        metrics: metrics_exporter_prometheus::PrometheusHandle,
    ) -> Self {
        Self(Arc::new(Shared { engine, limits, metrics, stopping: AtomicBool::new(false) }))
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

    /// From now on it is not ready.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }

    /// Whether it was told to stop.
    pub fn stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }
}
