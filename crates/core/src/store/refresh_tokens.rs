//! Logins. A login is a family of refresh tokens, of which one is active; each use makes the next.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::organizations::Organization;
use super::{Store, audit, members, users};
use crate::clock::SharedClock;
use crate::error::Result;
use crate::model::{Actor, AuditEntry, MemberRole, OrganizationId, User, UserId, UserRole};

/// A refresh token to keep.
#[derive(Clone)]
pub struct NewToken {
    /// Digest of the token.
    pub hash: String,
    /// When it can be used no more.
    pub expires_at: String,
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Who.
    pub user: User,
    /// For which organization.
    pub organization: Organization,
    /// In which place.
    pub member_role: MemberRole,
    /// The login.
    pub family: Uuid,
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// It was exchanged.
    Renewed(Box<Entered>),
    /// It was used before: the whole login is ended.
    Reused(Uuid),
    /// It is unknown, expired, or its login is ended.
    Refused,
}

pub(super) fn insert(c: &Connection, clock: &SharedClock, entered: &Entered, token: &NewToken) -> Result<()> {
    let sql =
        "INSERT INTO refresh_tokens (id, family_id, user_id, organization_id, token_hash, status, expires_at,
                                           created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6, ?7)";
    c.prepare_cached(sql)?.execute(params![
        clock.new_id().to_string(),
        entered.family.to_string(),
        entered.user.id.to_string(),
        entered.organization.id.to_string(),
        token.hash,
        token.expires_at,
        clock.timestamp(),
    ])?;
    Ok(())
}

/// Ends a person's logins: in one organization or in all, but `keep`.
pub(super) fn revoke_user(
    c: &Connection,
    user: UserId,
    organization: Option<OrganizationId>,
    keep: Option<Uuid>,
) -> Result<()> {
    let sql = "UPDATE refresh_tokens SET status = 'revoked'
               WHERE user_id = ?1 AND (?2 IS NULL OR organization_id = ?2) AND (?3 IS NULL OR family_id <> ?3)";
    let (organization, keep) = (organization.map(|o| o.to_string()), keep.map(|k| k.to_string()));
    c.execute(sql, params![user.to_string(), organization, keep])?;
    Ok(())
}

/// Ends every login of an organization.
pub(super) fn revoke_organization(c: &Connection, organization: OrganizationId) -> Result<()> {
    let sql = "UPDATE refresh_tokens SET status = 'revoked' WHERE organization_id = ?1";
    c.execute(sql, [organization.to_string()])?;
    Ok(())
}

fn revoke_family(c: &Connection, family: &str) -> Result<()> {
    c.execute("UPDATE refresh_tokens SET status = 'revoked' WHERE family_id = ?1", [family])?;
    Ok(())
}

/// A person in a place, in the role they have there.
pub(super) fn entered(
    user: User,
    (organization, member_role, own_role): (Organization, MemberRole, Option<UserRole>),
    family: Uuid,
) -> Entered {
    let role = own_role.unwrap_or(user.role);
    Entered { user: User { role, ..user }, organization, member_role, family }
}

impl Store {
    /// Begins a login: the password was right. `None` if the account is not active any more; an inner
    /// `None` if they belong to no such organization.
    pub async fn log_in(
        &self,
        user: UserId,
        organization: Option<OrganizationId>,
        token: NewToken,
        password_hash: Option<String>,
    ) -> Result<Option<Option<Entered>>> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            let sql = "UPDATE users SET failed_logins = 0, locked_until = NULL, last_login_at = ?2,
                              password_hash = COALESCE(?3, password_hash)
                       WHERE id = ?1 AND is_active = 1 AND deleted_at IS NULL";
            if c.prepare_cached(sql)?.execute(params![user.to_string(), now, password_hash])? == 0 {
                return Ok(None);
            }
            // What has expired is good for nothing any more; here it goes without a job of its own.
            let sql = "DELETE FROM refresh_tokens WHERE user_id = ?1 AND expires_at <= ?2";
            c.prepare_cached(sql)?.execute(params![user.to_string(), now])?;
            let place = members::place(c, user, organization)?;
            let (Some(user), Some(place)) = (users::by_id(c, user)?, place) else {
                return Ok(Some(None));
            };
            let entered = entered(user, place, clock.new_id());
            insert(c, &clock, &entered, &token)?;
            Ok(Some(Some(entered)))
        })
        .await
    }

    /// Exchanges a refresh token for the next one, or ends its login if it was used before.
    pub async fn rotate_token(&self, hash: String, next: NewToken) -> Result<Rotation> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            let sql = "SELECT family_id, user_id, organization_id, status, expires_at FROM refresh_tokens
                       WHERE token_hash = ?1";
            let read = |row: &rusqlite::Row<'_>| {
                Ok((
                    super::rows::parsed::<Uuid>(row, "family_id")?,
                    super::rows::parsed::<UserId>(row, "user_id")?,
                    super::rows::parsed::<OrganizationId>(row, "organization_id")?,
                    row.get::<_, String>("status")?,
                    row.get::<_, String>("expires_at")?,
                ))
            };
            let found = c.prepare_cached(sql)?.query_row([&hash], read).optional()?;
            let Some((family, user, organization, status, expires_at)) = found else {
                return Ok(Rotation::Refused);
            };
            if status == "used" {
                revoke_family(c, &family.to_string())?;
                let entry = AuditEntry {
                    actor: Actor::User(user),
                    action: "session.reuse_detected",
                    resource: "session",
                    resource_id: Some(family.to_string()),
                    details: serde_json::json!({}),
                    request_id: None,
                    address: None,
                };
                audit::insert(c, clock.new_id(), organization, &entry, &now)?;
                return Ok(Rotation::Reused(family));
            }
            if status != "active" || expires_at <= now {
                return Ok(Rotation::Refused);
            }
            let user = users::by_id(c, user)?.filter(|u| u.is_active);
            let place = match &user {
                Some(user) => members::place(c, user.id, Some(organization))?,
                None => None,
            };
            let (Some(user), Some(place)) = (user, place) else {
                revoke_family(c, &family.to_string())?;
                return Ok(Rotation::Refused);
            };
            let sql = "UPDATE refresh_tokens SET status = 'used', used_at = ?2 WHERE token_hash = ?1";
            c.prepare_cached(sql)?.execute(params![hash, now])?;
            let entered = entered(user, place, family);
            insert(c, &clock, &entered, &next)?;
            Ok(Rotation::Renewed(Box::new(entered)))
        })
        .await
    }

    /// Ends a login of the organization.
    pub async fn end_session(&self, organization: OrganizationId, family: Uuid) -> Result<()> {
        self.write(move |c| {
            let sql =
                "UPDATE refresh_tokens SET status = 'revoked' WHERE organization_id = ?1 AND family_id = ?2";
            c.execute(sql, params![organization.to_string(), family.to_string()])?;
            Ok(())
        })
        .await
    }
}
