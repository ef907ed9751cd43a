//! `DELETE /users/me`

use axum::extract::State;
use axum::http::StatusCode;

use super::person;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Deletes one's own account: it is closed at once, and what names the person goes after 30 days.
#[utoipa::path(
    delete, path = "/users/me", tag = "users", operation_id = "deleteMe",
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete_me(State(app): State<App>, Caller(caller): Caller) -> Reply<StatusCode> {
    app.engine_for(&caller).await?.delete_user(person(&caller)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
