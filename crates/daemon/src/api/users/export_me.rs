//! `GET /users/me/export`

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};

use super::person;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Everything that is kept about oneself.
#[utoipa::path(
    get, path = "/users/me/export", tag = "users", operation_id = "exportMe",
    responses((status = 200, description = "Account, memberships, keys, questions, audit log", body = serde_json::Value))
)]
pub async fn export_me(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Reply<([(HeaderName, &'static str); 1], Json<serde_json::Value>)> {
    let export = app.engine_for(&caller).await?.export_user(person(&caller)?).await?;
    Ok(([(header::CONTENT_DISPOSITION, "attachment; filename=\"export.json\"")], Json(export)))
}
