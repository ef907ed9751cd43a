//! Who belongs to which organization, in which place. There is always an owner who can log in.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::organizations::{self, Organization};
use super::{Store, api_keys, audit, refresh_tokens, rows, users};
use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Actor, AuditEntry, Member, MemberPatch, MemberRole, OrganizationId, User, UserId, UserRole,
};

fn read(row: &Row<'_>) -> rusqlite::Result<Member> {
    let user = users::read(row)?;
    Ok(Member {
        user: User { role: rows::word(row, "own_role", UserRole::from_stored)?, ..user },
        member_role: rows::word(row, "member_role", MemberRole::from_stored)?,
        joined_at: row.get("joined_at")?,
    })
}

/// Members whose account is not deleted, with a condition on them.
fn select(condition: &str) -> String {
    format!(
        "SELECT {}, COALESCE(m.user_role, u.role) AS own_role, m.role AS member_role, m.created_at AS joined_at
         FROM user_organizations m JOIN users u ON u.id = m.user_id
         WHERE m.organization_id = ?1 AND u.deleted_at IS NULL {condition}",
        users::COLUMNS
    )
}

pub(super) fn by_id(c: &Connection, organization: OrganizationId, user: UserId) -> Result<Option<Member>> {
    let sql = select("AND m.user_id = ?2");
    let values = params![organization.to_string(), user.to_string()];
    Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
}

pub(super) fn insert(
    c: &Connection,
    id: uuid::Uuid,
    organization: OrganizationId,
    user: UserId,
    role: MemberRole,
    own_role: Option<UserRole>,
    now: &str,
) -> Result<()> {
    let sql = "INSERT INTO user_organizations (id, user_id, organization_id, role, user_role, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let own_role = own_role.map(UserRole::as_str);
    let values =
        params![id.to_string(), user.to_string(), organization.to_string(), role.as_str(), own_role, now];
    c.execute(sql, values)?;
    Ok(())
}

/// The organization a person acts for: the one asked for, or the one they joined first; and the role they
/// have there, if it is not the one they have everywhere.
pub(super) fn place(
    c: &Connection,
    user: UserId,
    organization: Option<OrganizationId>,
) -> Result<Option<(Organization, MemberRole, Option<UserRole>)>> {
    let sql = format!(
        "SELECT {}, m.role AS member_role, m.user_role AS own_role FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
         WHERE m.user_id = ?1 AND o.deleted_at IS NULL AND (?2 IS NULL OR o.id = ?2)
         ORDER BY m.created_at, o.id LIMIT 1",
        organizations::COLUMNS
    );
    let values = params![user.to_string(), organization.map(|o| o.to_string())];
    let read = |row: &Row<'_>| {
        let own: Option<String> = row.get("own_role")?;
        let (organization, place) = read_place(row)?;
        Ok((organization, place, own.as_deref().and_then(UserRole::from_stored)))
    };
    Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
}

fn read_place(row: &Row<'_>) -> rusqlite::Result<(Organization, MemberRole)> {
    Ok((organizations::read(row)?, rows::word(row, "member_role", MemberRole::from_stored)?))
}

pub(super) fn last_owner() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the organization would be left without an owner: make somebody else an owner first",
    )
    .with_code("last_owner")
}

/// Conflicts unless an owner who can log in is left.
fn an_owner_is_left(c: &Connection, organization: OrganizationId) -> Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM user_organizations m JOIN users u ON u.id = m.user_id
               WHERE m.organization_id = ?1 AND m.role = 'owner' AND u.is_active = 1 AND u.deleted_at IS NULL)";
    let left: bool = c.query_row(sql, [organization.to_string()], |r| r.get(0))?;
    if left { Ok(()) } else { Err(last_owner()) }
}

/// Whether a person belongs to another organization, too.
fn belongs_elsewhere(c: &Connection, organization: OrganizationId, user: UserId) -> Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
               WHERE m.user_id = ?2 AND m.organization_id <> ?1 AND o.deleted_at IS NULL)";
    Ok(c.query_row(sql, params![organization.to_string(), user.to_string()], |r| r.get(0))?)
}

/// Changes a member's role: the person's, or, where they belong to another organization too, the one they
/// have here.
fn set_role(
    c: &Connection,
    organization: OrganizationId,
    user: UserId,
    role: UserRole,
    now: &str,
) -> Result<()> {
    if belongs_elsewhere(c, organization, user)? {
        let sql = "UPDATE user_organizations SET user_role = ?3 WHERE organization_id = ?1 AND user_id = ?2";
        c.execute(sql, params![organization.to_string(), user.to_string(), role.as_str()])?;
        return Ok(());
    }
    let sql = "UPDATE user_organizations SET user_role = NULL WHERE user_id = ?1";
    c.execute(sql, [user.to_string()])?;
    let sql = "UPDATE users SET role = ?2, updated_at = ?3 WHERE id = ?1";
    c.execute(sql, params![user.to_string(), role.as_str(), now])?;
    Ok(())
}

/// Lets a person log in, or not, everywhere: where they belong to another organization too, that is not
/// for this one to change.
fn set_active(
    c: &Connection,
    organization: OrganizationId,
    user: UserId,
    active: bool,
    now: &str,
) -> Result<()> {
    if belongs_elsewhere(c, organization, user)? {
        return Err(Error::new(
            ErrorKind::Conflict,
            "this person belongs to another organization too: change their place here, or remove them",
        )
        .with_code("member_elsewhere"));
    }
    let sql = "UPDATE users SET is_active = ?2, updated_at = ?3 WHERE id = ?1";
    c.execute(sql, params![user.to_string(), active, now])?;
    Ok(())
}

/// Revokes the API keys that somebody made who has no say any more, and notes each: programs that use one
/// stop working, and whoever runs them wants to know why.
pub(super) fn revoke_keys(
    c: &Connection,
    clock: &SharedClock,
    user: UserId,
    organization: Option<OrganizationId>,
    by: Actor,
) -> Result<()> {
    let now = clock.timestamp();
    for (key, organization) in api_keys::revoke_made_by(c, user, organization, &now)? {
        let entry = AuditEntry {
            actor: by,
            action: "api_key.revoke",
            resource: "api_keys",
            resource_id: Some(key.to_string()),
            details: serde_json::json!({ "because": "its maker is gone", "userId": user }),
            request_id: None,
            address: None,
        };
        audit::insert(c, clock.new_id(), organization, &entry, &now)?;
    }
    Ok(())
}

impl Store {
    /// Every member of the organization, by joining.
    pub async fn members(&self, organization: OrganizationId) -> Result<Vec<Member>> {
        self.read(move |c| {
            let sql = select("ORDER BY m.created_at, u.id");
            let mut statement = c.prepare_cached(&sql)?;
            let members = statement.query_map([organization.to_string()], read)?.collect::<Result<_, _>>()?;
            Ok(members)
        })
        .await
    }

    /// A member by id.
    pub async fn member(&self, organization: OrganizationId, user: UserId) -> Result<Option<Member>> {
        self.read(move |c| by_id(c, organization, user)).await
    }

    /// The organizations a person belongs to, by joining.
    pub async fn organizations_of(&self, user: UserId) -> Result<Vec<(Organization, MemberRole)>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {}, m.role AS member_role
                 FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
                 WHERE m.user_id = ?1 AND o.deleted_at IS NULL ORDER BY m.created_at, o.id",
                organizations::COLUMNS
            );
            let mut statement = c.prepare_cached(&sql)?;
            let places = statement.query_map([user.to_string()], read_place)?.collect::<Result<_, _>>()?;
            Ok(places)
        })
        .await
    }

    /// A member's place and role, if they may act right now: the login is not ended, person and
    /// organization are there.
    pub async fn standing(
        &self,
        organization: OrganizationId,
        user: UserId,
        family: uuid::Uuid,
    ) -> Result<Option<(MemberRole, UserRole)>> {
        self.read(move |c| {
            let sql = "SELECT m.role AS member_role, COALESCE(m.user_role, u.role) AS user_role
                FROM user_organizations m
                JOIN users u ON u.id = m.user_id
                JOIN organizations o ON o.id = m.organization_id
                WHERE m.organization_id = ?1 AND m.user_id = ?2
                  AND u.is_active = 1 AND u.deleted_at IS NULL AND o.deleted_at IS NULL
                  AND EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family_id = ?3 AND t.user_id = ?2
                              AND t.organization_id = ?1 AND t.status = 'active')";
            let values = params![organization.to_string(), user.to_string(), family.to_string()];
            let read = |row: &Row<'_>| {
                Ok((
                    rows::word(row, "member_role", MemberRole::from_stored)?,
                    rows::word(row, "user_role", UserRole::from_stored)?,
                ))
            };
            Ok(c.prepare_cached(sql)?.query_row(values, read).optional()?)
        })
        .await
    }

    /// Changes a member if `allowed` says so of them as they are; `None` if there is no such member.
    pub async fn change_member(
        &self,
        organization: OrganizationId,
        user: UserId,
        patch: MemberPatch,
        by: Actor,
        allowed: impl FnOnce(&Member) -> Result<()> + Send + 'static,
    ) -> Result<Option<Member>> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            let Some(old) = by_id(c, organization, user)? else { return Ok(None) };
            allowed(&old)?;
            if let Some(role) = patch.user_role.filter(|role| *role != old.user.role) {
                set_role(c, organization, user, role, &now)?;
            }
            let active = patch.is_active.unwrap_or(old.user.is_active);
            if active != old.user.is_active {
                set_active(c, organization, user, active, &now)?;
            }
            let sql = "UPDATE user_organizations SET role = ?3 WHERE organization_id = ?1 AND user_id = ?2";
            let place = patch.member_role.unwrap_or(old.member_role);
            c.execute(sql, params![organization.to_string(), user.to_string(), place.as_str()])?;
            if old.member_role == MemberRole::Owner {
                an_owner_is_left(c, organization)?;
            }
            if !active {
                refresh_tokens::revoke_user(c, user, None, None)?;
                revoke_keys(c, &clock, user, None, by)?;
            }
            by_id(c, organization, user)
        })
        .await
    }

    /// Removes a member if `allowed` says so of them, ends their logins here and revokes the API keys they
    /// made here; `false` if there is no such member.
    pub async fn remove_member(
        &self,
        organization: OrganizationId,
        user: UserId,
        by: Actor,
        allowed: impl FnOnce(&Member) -> Result<()> + Send + 'static,
    ) -> Result<bool> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let Some(old) = by_id(c, organization, user)? else { return Ok(false) };
            allowed(&old)?;
            let sql = "DELETE FROM user_organizations WHERE organization_id = ?1 AND user_id = ?2";
            c.execute(sql, params![organization.to_string(), user.to_string()])?;
            if old.member_role == MemberRole::Owner {
                an_owner_is_left(c, organization)?;
            }
            refresh_tokens::revoke_user(c, user, Some(organization), None)?;
            revoke_keys(c, &clock, user, Some(organization), by)?;
            Ok(true)
        })
        .await
    }
}
