//! What is measured when somebody looks: how deep the queues are, and whether circuits are open.

use agent_core::net::BreakerState;

use crate::state::App;

/// Sets the gauges to what is true now.
pub async fn sample(app: &App) {
    match app.engine().queue_depths().await {
        Ok(depths) => {
            for depth in depths {
                let count = u32::try_from(depth.count).unwrap_or(u32::MAX);
                let labels = [("queue", depth.queue), ("status", depth.status.as_str().to_owned())];
                metrics::gauge!("jobs_queue_depth", &labels).set(f64::from(count));
            }
        }
        Err(error) => tracing::warn!(%error, "the queues could not be counted"),
    }
    for (service, state) in app.engine().breakers() {
        let open = if state == BreakerState::Closed { 0.0 } else { 1.0 };
        metrics::gauge!("circuit_open", "service" => service).set(open);
    }
}
