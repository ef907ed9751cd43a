//! `GET /health`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::App;

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AliveBody {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// How it is, part by part.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// `ok`; `degraded` if some part is not well but questions are answered; `down` if they are not.
    #[schema(example = "ok")]
    status: &'static str,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    timestamp: String,
    /// Each part: `ok`, `not tried yet`, or what is wrong with it.
    services: BTreeMap<&'static str, String>,
}

/// Shows how it is, part by part.
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "health",
    responses((status = 200, description = "How it is", body = HealthBody))
)]
pub async fn show(State(app): State<App>) -> Json<HealthBody> {
    Json(look(&app).await.0)
}

/// Looks at every part; whether questions can be answered.
pub(super) async fn look(app: &App) -> (HealthBody, bool) {
    let parts = app.engine().health().await;
    let needed_fails = parts.iter().any(|p| p.needed && !p.state.is_fine());
    let any_fails = parts.iter().any(|p| !p.state.is_fine());
    let status = match (needed_fails, any_fails) {
        (true, _) => "down",
        (false, true) => "degraded",
        (false, false) => "ok",
    };
    let services = parts.into_iter().map(|p| (p.name, p.state.describe().to_owned())).collect();
    (HealthBody { status, timestamp: app.engine().clock().timestamp(), services }, !needed_fails)
}
