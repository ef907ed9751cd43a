//! `PUT /users/{id}`

use agent_core::model::{MemberPatch, UserId};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MemberBody, PlaceBody, RoleBody};
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

/// What to change; what is absent stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct UpdateUserRequest {
    /// New place; only owners make and unmake owners.
    member_role: Option<PlaceBody>,
    /// New role.
    role: Option<RoleBody>,
    /// Whether they can log in.
    is_active: Option<bool>,
}

/// Changes what a member may do.
#[utoipa::path(
    put, path = "/users/{id}", tag = "users", operation_id = "updateUser", request_body = UpdateUserRequest,
    params(("id" = uuid::Uuid, Path, description = "Id of the person")),
    responses((status = 200, description = "The member as they are now", body = MemberBody))
)]
pub async fn update(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<UserId>,
    Body(request): Body<UpdateUserRequest>,
) -> Reply<Json<MemberBody>> {
    let patch = MemberPatch {
        member_role: request.member_role.map(Into::into),
        user_role: request.role.map(Into::into),
        is_active: request.is_active,
    };
    Ok(Json(app.engine_for(&caller).await?.update_member(&caller, id, patch).await?.into()))
}
