//! `GET /users/{id}`

use agent_core::model::UserId;
use axum::Json;
use axum::extract::State;

use super::MemberBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Shows a member.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", operation_id = "showUser",
    params(("id" = uuid::Uuid, Path, description = "Id of the person")),
    responses((status = 200, description = "The member", body = MemberBody))
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<UserId>,
) -> Reply<Json<MemberBody>> {
    Ok(Json(app.engine_for(&caller).await?.member(id).await?.into()))
}
