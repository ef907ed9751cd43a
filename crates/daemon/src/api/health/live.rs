//! `GET /health/live`

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Whether the process answers. Costs nothing and depends on nothing.
#[utoipa::path(
    get, path = "/health/live", tag = "health", operation_id = "live",
    responses((status = 200, description = "It lives", body = super::show::AliveBody))
)]
pub async fn live() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], "{\"status\":\"ok\"}")
        .into_response()
}
