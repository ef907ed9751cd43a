//! `POST /admin/documents/{id}/reindex`

use agent_core::model::DocumentId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::EnqueuedBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Parses, cuts and embeds a document again, in the background; its version stays.
#[utoipa::path(
    post, path = "/admin/documents/{id}/reindex", tag = "admin", operation_id = "reindexDocument",
    params(("id" = uuid::Uuid, Path, description = "Id of the document")),
    responses((status = 202, description = "Will be done", body = EnqueuedBody))
)]
pub async fn reindex_document(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<DocumentId>,
) -> Reply<(StatusCode, Json<EnqueuedBody>)> {
    let job = app.engine_for(&caller).await?.request_reindex(Some(id)).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
