//! What a caller asks for when accounts, keys and invitations are made or changed.
//!
//! Passwords and tokens are in some of them: those show nothing of themselves in `Debug`.

use std::fmt;

use serde::Deserialize;
use uuid::Uuid;

use super::{MemberRole, Permission, UserRole};

/// What is needed to make an account.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Registration {
    /// Address to log in with.
    pub email: String,
    /// Password to log in with.
    pub password: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Name of the business; means nothing with an invitation.
    pub organization_name: Option<String>,
    /// Token of an invitation.
    pub invitation_token: Option<String>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

/// What is needed to make an API key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What it may do; see [`NewApiKey::DEFAULT_SCOPES`] if absent.
    pub scopes: Option<Vec<Permission>>,
    /// RFC 3339 with any offset; never if absent.
    pub expires_at: Option<String>,
}

impl NewApiKey {
    /// What a key may do unless it is said: documents and questions.
    pub const DEFAULT_SCOPES: [Permission; 7] = [
        Permission::DocumentsRead,
        Permission::DocumentsCreate,
        Permission::DocumentsUpdate,
        Permission::DocumentsDelete,
        Permission::AgentsRead,
        Permission::RagQuery,
        Permission::RagRead,
    ];
}

/// What is needed to invite somebody.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvitation {
    /// Who alone may accept it; anybody who has the token if absent.
    #[serde(default)]
    pub email: Option<String>,
    /// The place it offers.
    pub member_role: MemberRole,
    /// The person's role it offers.
    pub user_role: UserRole,
}

impl fmt::Debug for NewInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewInvitation")
            .field("member_role", &self.member_role)
            .field("user_role", &self.user_role)
            .finish_non_exhaustive()
    }
}

/// A change of a member: only what is present changes.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MemberPatch {
    /// New place.
    pub member_role: Option<MemberRole>,
    /// New role of the person.
    pub user_role: Option<UserRole>,
    /// Whether the person can log in.
    pub is_active: Option<bool>,
}

/// A change of one's own account: only what is present changes.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfilePatch {
    /// New given name; empty: none.
    pub first_name: Option<String>,
    /// New family name; empty: none.
    pub last_name: Option<String>,
    /// New address; needs the current password.
    pub email: Option<String>,
    /// The password in force.
    pub current_password: Option<String>,
    /// New password; needs the current one, and ends every other login.
    pub password: Option<String>,
    /// The login that stays when the password changes: `Principal::family`.
    #[serde(skip)]
    pub keep_session: Option<Uuid>,
}

impl fmt::Debug for ProfilePatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfilePatch").finish_non_exhaustive()
    }
}
