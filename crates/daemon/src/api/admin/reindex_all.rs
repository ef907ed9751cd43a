//! `POST /admin/reindex-all`

use agent_core::model::OrganizationId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::EnqueuedBody;
use crate::access::Caller;
use crate::api::organizations::show::own;
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Which business.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ReindexQuery {
    /// The caller's own; absent means the same.
    organization_id: Option<Uuid>,
}

/// Rebuilds the index, in the background and after everything else; the old one answers meanwhile.
#[utoipa::path(
    post, path = "/admin/reindex-all", tag = "admin", operation_id = "reindexAll", params(ReindexQuery),
    responses((status = 202, description = "Will be done", body = EnqueuedBody))
)]
pub async fn reindex_all(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<ReindexQuery>,
) -> Reply<(StatusCode, Json<EnqueuedBody>)> {
    if let Some(id) = query.organization_id {
        own(&caller, OrganizationId(id))?;
    }
    let job = app.engine_for(&caller).await?.request_reindex(None).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
