//! `GET /users/me`

use axum::Json;
use axum::extract::State;

use super::{MemberBody, person};
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Shows who is logged in.
#[utoipa::path(
    get, path = "/users/me", tag = "users", operation_id = "showMe",
    responses((status = 200, description = "Oneself", body = MemberBody))
)]
pub async fn me(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<MemberBody>> {
    let member = app.engine_for(&caller).await?.member(person(&caller)?).await?;
    Ok(Json(member.into()))
}
