//! People, their place in an organization, and who is acting right now.

use serde::{Deserialize, Serialize};

use super::{ApiKeyId, InvitationId, OrganizationId, Permission, Permissions, UserId};

/// What a person may do where they are a plain member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Everything but deleting the organization.
    Admin,
    /// Agents and documents.
    Agent,
    /// Looks, changes nothing.
    ReadOnly,
}

impl UserRole {
    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::ReadOnly => "read_only",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Admin, Self::Agent, Self::ReadOnly].into_iter().find(|r| r.as_str() == text)
    }
}

/// A person's place in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Everything. There is always at least one.
    Owner,
    /// Everything but deleting the organization.
    Admin,
    /// What the person's own role allows.
    Member,
}

impl MemberRole {
    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member].into_iter().find(|r| r.as_str() == text)
    }

    /// The role that decides what a person may do: the place, or for a plain member the person's.
    pub fn effective(self, user: UserRole) -> &'static str {
        match self {
            Self::Owner | Self::Admin => self.as_str(),
            Self::Member => user.as_str(),
        }
    }
}

/// A person's account. What they know (the password) is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Address, lower case; how they log in.
    pub email: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// What they may do as a plain member.
    pub role: UserRole,
    /// Whether they can log in.
    pub is_active: bool,
    /// RFC 3339, UTC.
    pub last_login_at: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
}

/// A person in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who.
    #[serde(flatten)]
    pub user: User,
    /// Their place.
    pub member_role: MemberRole,
    /// RFC 3339, UTC.
    pub joined_at: String,
}

/// An API key as it is listed; the key itself is shown once and kept by nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// Its last characters, to tell keys apart.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC; never if absent.
    pub expires_at: Option<String>,
    /// RFC 3339, UTC, to the minute.
    pub last_used_at: Option<String>,
    /// RFC 3339, UTC; it works no more.
    pub revoked_at: Option<String>,
}

/// An invitation as it is listed; its token is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who alone may accept it; anybody who has the token if absent.
    pub email: Option<String>,
    /// The place it offers.
    pub member_role: MemberRole,
    /// The person's role it offers.
    pub user_role: UserRole,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub expires_at: String,
    /// RFC 3339, UTC.
    pub accepted_at: Option<String>,
}

/// Who is acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person who is logged in.
    User(UserId),
    /// A program with an API key.
    ApiKey(ApiKeyId),
    /// Somebody at the command line of the machine.
    Operator,
    /// The product itself: a scheduled job.
    System,
}

impl Actor {
    /// The name the audit log uses.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ApiKey(_) => "api_key",
            Self::Operator => "cli",
            Self::System => "system",
        }
    }

    /// Id of the person or key.
    pub fn id(self) -> Option<uuid::Uuid> {
        match self {
            Self::User(id) => Some(id.0),
            Self::ApiKey(id) => Some(id.0),
            Self::Operator | Self::System => None,
        }
    }

    /// The person, if it is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            _ => None,
        }
    }
}

/// Who is acting, for which organization, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The organization they act for.
    pub organization_id: OrganizationId,
    /// Who.
    pub actor: Actor,
    /// `owner`, `admin`, `agent`, `read_only`, or `api_key`.
    pub role: &'static str,
    /// What they may do.
    pub permissions: Permissions,
    /// The login they came with, for logging out of it.
    pub family: Option<uuid::Uuid>,
}

/// Something done, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who did it.
    pub actor: Actor,
    /// What, as `resource.verb`: `document.delete`.
    pub action: &'static str,
    /// Kind of thing it was done to.
    pub resource: &'static str,
    /// Which one.
    pub resource_id: Option<String>,
    /// More about it; never contents or secrets.
    pub details: serde_json::Value,
    /// The request it came with.
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Its id.
    pub id: uuid::Uuid,
    /// `user`, `api_key`, `cli` or `system`.
    pub actor_type: String,
    /// Id of the person or key; for `cli`, the operating system's name of whoever ran the command.
    pub actor_id: Option<String>,
    /// What was done.
    pub action: String,
    /// Kind of thing it was done to.
    pub resource: String,
    /// Which one.
    pub resource_id: Option<String>,
    /// More about it.
    pub details: serde_json::Value,
    /// The request it came with.
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
}
