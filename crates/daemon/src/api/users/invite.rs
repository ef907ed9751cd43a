//! `POST /users/invitations`

use agent_core::model::{MemberRole, NewInvitation, UserRole};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InvitationBody, PlaceBody, RoleBody};
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// Whom to invite, as what.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct InviteRequest {
    /// Who alone may accept; anybody who has the token if absent.
    #[garde(length(chars, max = 255))]
    #[schema(format = Email, max_length = 255)]
    email: Option<String>,
    /// The place offered; `member` if absent.
    member_role: Option<PlaceBody>,
    /// The role offered; `agent` if absent.
    role: Option<RoleBody>,
}

/// An invitation, the only time its token is shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedInvitation {
    /// Goes into `invitationToken` of `POST /auth/register`.
    token: String,
    /// What is known of it from now on.
    invitation: InvitationBody,
}

/// Invites somebody. How the token reaches them is up to you: no e-mail is sent.
#[utoipa::path(
    post, path = "/users/invitations", tag = "users", operation_id = "invite", request_body = InviteRequest,
    responses((status = 201, description = "Invited; the token is shown this once", body = CreatedInvitation))
)]
pub async fn invite(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<InviteRequest>,
) -> Reply<(StatusCode, Json<CreatedInvitation>)> {
    let new = NewInvitation {
        email: request.email,
        member_role: request.member_role.map_or(MemberRole::Member, Into::into),
        user_role: request.role.map_or(UserRole::Agent, Into::into),
    };
    let (invitation, token) = app.engine_for(&caller).await?.invite(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(CreatedInvitation { token, invitation: invitation.into() })))
}
