//! `GET /documents/{id}`

use agent_core::model::DocumentId;
use axum::Json;
use axum::extract::State;

use super::DocumentBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Shows a document.
#[utoipa::path(
    get, path = "/documents/{id}", tag = "documents", operation_id = "showDocument",
    params(("id" = uuid::Uuid, Path, description = "Id of the document")),
    responses((status = 200, description = "The document", body = DocumentBody))
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<DocumentId>,
) -> Reply<Json<DocumentBody>> {
    Ok(Json(app.engine_for(&caller).await?.document(id).await?.into()))
}
