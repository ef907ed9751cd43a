//! `GET /users`

use axum::Json;
use axum::extract::State;

use super::MemberBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lists the members of the business.
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "listUsers",
    responses((status = 200, description = "The members", body = Vec<MemberBody>))
)]
pub async fn list(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<Vec<MemberBody>>> {
    let members = app.engine_for(&caller).await?.members().await?;
    Ok(Json(members.into_iter().map(MemberBody::from).collect()))
}
