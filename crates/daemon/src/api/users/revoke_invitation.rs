//! `DELETE /users/invitations/{id}`

use agent_core::model::InvitationId;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Takes an invitation back.
#[utoipa::path(
    delete, path = "/users/invitations/{id}", tag = "users", operation_id = "revokeInvitation",
    params(("id" = uuid::Uuid, Path, description = "Id of the invitation")),
    responses((status = 204, description = "Taken back"))
)]
pub async fn revoke_invitation(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<InvitationId>,
) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.revoke_invitation(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
