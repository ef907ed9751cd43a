//! `PUT /users/me`

use agent_core::model::ProfilePatch;
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{UserBody, person};
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// What to change; what is absent stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateMeRequest {
    /// New given name.
    #[garde(length(chars, max = 100))]
    #[schema(max_length = 100)]
    first_name: Option<String>,
    /// New family name.
    #[garde(length(chars, max = 100))]
    #[schema(max_length = 100)]
    last_name: Option<String>,
    /// New address; needs `currentPassword`.
    #[garde(length(chars, max = 255))]
    #[schema(format = Email, max_length = 255)]
    email: Option<String>,
    /// The password of now.
    #[garde(length(bytes, max = 1024))]
    #[schema(max_length = 1024)]
    current_password: Option<String>,
    /// New password; needs `currentPassword`, and ends all other logins.
    #[garde(length(bytes, max = 1024))]
    #[schema(max_length = 1024)]
    password: Option<String>,
}

/// Changes one's own account.
#[utoipa::path(
    put, path = "/users/me", tag = "users", operation_id = "updateMe", request_body = UpdateMeRequest,
    responses((status = 200, description = "Oneself as one is now", body = UserBody))
)]
pub async fn update_me(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<UpdateMeRequest>,
) -> Reply<Json<UserBody>> {
    let patch = ProfilePatch {
        first_name: request.first_name,
        last_name: request.last_name,
        email: request.email,
        current_password: request.current_password,
        password: request.password,
        keep_session: caller.family,
    };
    let user = app.engine_for(&caller).await?.update_profile(person(&caller)?, patch).await?;
    Ok(Json(user.into()))
}
