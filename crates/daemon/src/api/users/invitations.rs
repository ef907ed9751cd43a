//! `GET /users/invitations`

use axum::Json;
use axum::extract::State;

use super::InvitationBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lists the invitations.
#[utoipa::path(
    get, path = "/users/invitations", tag = "users", operation_id = "listInvitations",
    responses((status = 200, description = "The invitations", body = Vec<InvitationBody>))
)]
pub async fn invitations(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<Vec<InvitationBody>>> {
    let all = app.engine_for(&caller).await?.invitations().await?;
    Ok(Json(all.into_iter().map(InvitationBody::from).collect()))
}
