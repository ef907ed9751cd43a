//! The whole route table.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

/// Every route of the daemon.
pub fn router() -> Router {
    Router::new().route("/health/live", get(|| async { (StatusCode::OK, "{\"status\":\"ok\"}") }))
}
