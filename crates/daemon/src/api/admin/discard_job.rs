//! `DELETE /admin/jobs/{id}`

use agent_core::model::JobId;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Throws a job away that is not running.
#[utoipa::path(
    delete, path = "/admin/jobs/{id}", tag = "admin", operation_id = "discardJob",
    params(("id" = uuid::Uuid, Path, description = "Id of the job")),
    responses((status = 204, description = "Thrown away"))
)]
pub async fn discard_job(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<JobId>,
) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.discard_job(id, Some(caller.organization_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
