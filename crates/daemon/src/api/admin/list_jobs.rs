//! `GET /admin/jobs`

use agent_core::store::JobFilter;
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{JobBody, JobStatusBody};
use crate::access::Caller;
use crate::api::page::{Page, Paging};
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Which jobs.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct JobsQuery {
    /// Page, from 1.
    #[garde(range(min = 1, max = 1_000_000))]
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u64>,
    /// Rows of a page.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<JobStatusBody>,
    /// Only those of this queue: `document.process`.
    #[serde(rename = "type")]
    #[garde(length(chars, max = 100))]
    queue: Option<String>,
}

/// Lists the jobs of the business, newest first.
#[utoipa::path(
    get, path = "/admin/jobs", tag = "admin", operation_id = "listJobs", params(JobsQuery),
    responses((status = 200, description = "A page of them", body = Page<JobBody>))
)]
pub async fn list_jobs(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<JobsQuery>,
) -> Reply<Json<Page<JobBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let filter = JobFilter {
        status: query.status.map(Into::into),
        queue: query.queue,
        organization: Some(caller.organization_id),
        page: paging.page,
        limit: Some(paging.limit),
    };
    let (jobs, total) = app.engine_for(&caller).await?.jobs(filter).await?;
    Ok(Json(Page::new(jobs.into_iter().map(JobBody::from).collect(), paging, total)))
}
