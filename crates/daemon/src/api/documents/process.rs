//! `POST /documents/{id}/process`

use agent_core::model::DocumentId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::DocumentBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Processes a document again, in the background; the version of now answers meanwhile.
#[utoipa::path(
    post, path = "/documents/{id}/process", tag = "documents", operation_id = "processDocument",
    params(("id" = uuid::Uuid, Path, description = "Id of the document")),
    responses((status = 202, description = "Will be processed", body = DocumentBody))
)]
pub async fn process(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<DocumentId>,
) -> Reply<(StatusCode, Json<DocumentBody>)> {
    let document = app.engine_for(&caller).await?.request_processing(id).await?;
    Ok((StatusCode::ACCEPTED, Json(document.into())))
}
