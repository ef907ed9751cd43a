//! `GET /health/ready`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::show::{HealthBody, look};
use crate::state::App;

/// Whether questions can be answered: database, index and model are there.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "Ready", body = HealthBody),
        (status = 503, description = "Not ready: see `services`", body = HealthBody)
    )
)]
pub async fn ready(State(app): State<App>) -> (StatusCode, Json<HealthBody>) {
    let (body, ready) = look(&app).await;
    let ready = ready && !app.stopping();
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
