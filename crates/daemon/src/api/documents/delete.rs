//! `DELETE /documents/{id}`

use agent_core::model::DocumentId;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Deletes a document: no answer uses it from now on.
#[utoipa::path(
    delete, path = "/documents/{id}", tag = "documents", operation_id = "deleteDocument",
    params(("id" = uuid::Uuid, Path, description = "Id of the document")),
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<DocumentId>,
) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.delete_document(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
