//! `POST /auth/logout`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::cookie;
use crate::access::Caller;
use crate::response::{Done, Reply, done};
use crate::state::App;

/// Ends this login: its access and refresh tokens are good for nothing from now on.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", operation_id = "logout",
    responses((status = 200, description = "Logged out", body = Done))
)]
pub async fn logout(State(app): State<App>, Caller(caller): Caller) -> Reply<Response> {
    app.engine().logout(&caller).await?;
    let mut headers = HeaderMap::new();
    cookie::clear(&mut headers, &app);
    Ok((headers, done()).into_response())
}
