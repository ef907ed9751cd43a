//! `GET /admin/jobs/{id}`

use agent_core::model::JobId;
use axum::Json;
use axum::extract::State;

use super::JobBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Shows a job.
#[utoipa::path(
    get, path = "/admin/jobs/{id}", tag = "admin", operation_id = "showJob",
    params(("id" = uuid::Uuid, Path, description = "Id of the job")),
    responses((status = 200, description = "The job", body = JobBody))
)]
pub async fn show_job(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<JobId>,
) -> Reply<Json<JobBody>> {
    Ok(Json(app.engine_for(&caller).await?.job(id, Some(caller.organization_id)).await?.into()))
}
