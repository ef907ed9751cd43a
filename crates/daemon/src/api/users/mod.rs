//! People: oneself, and, for those who may, the other members.

pub mod delete_me;
pub mod export_me;
pub mod invitations;
pub mod invite;
pub mod list;
pub mod me;
pub mod remove;
pub mod revoke_invitation;
pub mod show;
pub mod update;
pub mod update_me;

use agent_core::model::{Invitation, Member, MemberRole, User, UserRole};
use agent_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::response::{Problem, Reply};

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBody {
    /// Their id.
    id: Uuid,
    /// Their address.
    email: String,
    /// Given name.
    first_name: Option<String>,
    /// Family name.
    last_name: Option<String>,
    /// What they may do as a plain member.
    role: RoleBody,
    /// Whether they can log in.
    is_active: bool,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    last_login_at: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            role: user.role.into(),
            is_active: user.is_active,
            last_login_at: user.last_login_at,
            created_at: user.created_at,
        }
    }
}

/// What a person may do as a plain member.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleBody {
    /// Everything but deleting the business.
    Admin,
    /// Agents, documents, questions.
    Agent,
    /// Looks, changes nothing.
    ReadOnly,
}

impl From<UserRole> for RoleBody {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Admin => Self::Admin,
            UserRole::Agent => Self::Agent,
            UserRole::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<RoleBody> for UserRole {
    fn from(role: RoleBody) -> Self {
        match role {
            RoleBody::Admin => Self::Admin,
            RoleBody::Agent => Self::Agent,
            RoleBody::ReadOnly => Self::ReadOnly,
        }
    }
}

/// A person's place in a business.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceBody {
    /// Everything.
    Owner,
    /// Everything but deleting the business.
    Admin,
    /// What the person's own role allows.
    Member,
}

impl From<MemberRole> for PlaceBody {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Owner => Self::Owner,
            MemberRole::Admin => Self::Admin,
            MemberRole::Member => Self::Member,
        }
    }
}

impl From<PlaceBody> for MemberRole {
    fn from(place: PlaceBody) -> Self {
        match place {
            PlaceBody::Owner => Self::Owner,
            PlaceBody::Admin => Self::Admin,
            PlaceBody::Member => Self::Member,
        }
    }
}

/// A person in a business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberBody {
    /// Who.
    #[serde(flatten)]
    user: UserBody,
    /// Their place.
    member_role: PlaceBody,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    joined_at: String,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        Self { user: member.user.into(), member_role: member.member_role.into(), joined_at: member.joined_at }
    }
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationBody {
    /// Its id.
    id: Uuid,
    /// Who alone may accept it; anybody who has the token if null.
    email: Option<String>,
    /// The place it offers.
    member_role: PlaceBody,
    /// The role it offers.
    user_role: RoleBody,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    accepted_at: Option<String>,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            email: invitation.email,
            member_role: invitation.member_role.into(),
            user_role: invitation.user_role.into(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: invitation.accepted_at,
        }
    }
}

/// The person who calls; routes of their own account are for people only.
fn person(caller: &agent_core::model::Principal) -> Reply<agent_core::model::UserId> {
    caller.actor.user().ok_or_else(|| {
        let error = Error::new(ErrorKind::Forbidden, "this is for people: an API key may not do it");
        Problem(error.with_code("person_required"))
    })
}
