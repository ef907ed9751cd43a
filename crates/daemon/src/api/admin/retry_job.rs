//! `POST /admin/jobs/{id}/retry`

use agent_core::model::JobId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::JobBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Runs a dead letter again, with fresh attempts.
#[utoipa::path(
    post, path = "/admin/jobs/{id}/retry", tag = "admin", operation_id = "retryJob",
    params(("id" = uuid::Uuid, Path, description = "Id of the job")),
    responses((status = 202, description = "Will run again", body = JobBody))
)]
pub async fn retry_job(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<JobId>,
) -> Reply<(StatusCode, Json<JobBody>)> {
    let job = app.engine_for(&caller).await?.retry_job(id, Some(caller.organization_id)).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
