//! `GET /metrics`

use agent_core::Error;
use axum::extract::State;
use axum::http::{HeaderName, header};

use crate::extract::RequestInfo;
use crate::response::{Problem, Reply};
use crate::state::App;

/// The numbers in Prometheus' text format, for the networks of `server.metrics_allow`.
#[utoipa::path(
    get, path = "/metrics", tag = "health", operation_id = "metrics",
    responses(
        (status = 200, description = "The numbers", body = String, content_type = "text/plain"),
        (status = 404, description = "Not for this address", body = crate::response::ProblemBody,
         content_type = "application/problem+json")
    )
)]
pub async fn metrics(
    State(app): State<App>,
    info: RequestInfo,
) -> Reply<([(HeaderName, &'static str); 1], String)> {
    if !app.limits().reads_metrics(info.address) {
        // As if there were nothing: a stranger need not know.
        return Err(Problem(Error::not_found("there is nothing here")));
    }
    crate::gauges::sample(&app).await;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics().render()))
}
