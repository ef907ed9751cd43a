//! Who belongs to which organization, in which place. There is always an owner who can log in.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::organizations::{self, Organization};
use super::{Store, refresh_tokens, rows, users};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Member, MemberPatch, MemberRole, OrganizationId, UserId, UserRole};

fn read(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        user: users::read(row)?,
        member_role: rows::word(row, "member_role", MemberRole::from_stored)?,
        joined_at: row.get("joined_at")?,
    })
}

/// Members whose account is not deleted, with a condition on them.
fn select(condition: &str) -> String {
    format!(
        "SELECT {}, m.role AS member_role, m.created_at AS joined_at
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
    now: &str,
) -> Result<()> {
    let sql = "INSERT INTO user_organizations (id, user_id, organization_id, role, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = params![id.to_string(), user.to_string(), organization.to_string(), role.as_str(), now];
    c.execute(sql, values)?;
    Ok(())
}

/// The organization a person acts for: the one asked for, or the one they joined first.
pub(super) fn place(
    c: &Connection,
    user: UserId,
    organization: Option<OrganizationId>,
) -> Result<Option<(Organization, MemberRole)>> {
    let sql = format!(
        "SELECT {}, m.role AS member_role FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
         WHERE m.user_id = ?1 AND o.deleted_at IS NULL AND (?2 IS NULL OR o.id = ?2)
         ORDER BY m.created_at, o.id LIMIT 1",
        organizations::COLUMNS
    );
    let values = params![user.to_string(), organization.map(|o| o.to_string())];
    Ok(c.prepare_cached(&sql)?.query_row(values, read_place).optional()?)
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

/// What is a person's own (role, being active) counts in all their organizations: where they are in
/// another one too, it is not for this one to change.
fn belongs_here_only(c: &Connection, organization: OrganizationId, user: UserId) -> Result<()> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
               WHERE m.user_id = ?2 AND m.organization_id <> ?1 AND o.deleted_at IS NULL)";
    let elsewhere: bool =
        c.query_row(sql, params![organization.to_string(), user.to_string()], |r| r.get(0))?;
    if elsewhere {
        return Err(Error::new(
            ErrorKind::Conflict,
            "this person belongs to another organization too: change their place here, or remove them",
        )
        .with_code("member_elsewhere"));
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
            let sql = "SELECT m.role AS member_role, u.role AS user_role
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
        allowed: impl FnOnce(&Member) -> Result<()> + Send + 'static,
    ) -> Result<Option<Member>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let Some(old) = by_id(c, organization, user)? else { return Ok(None) };
            allowed(&old)?;
            let (role, active) = (patch.user_role.unwrap_or(old.user.role), patch.is_active);
            let active = active.unwrap_or(old.user.is_active);
            if role != old.user.role || active != old.user.is_active {
                belongs_here_only(c, organization, user)?;
                let sql = "UPDATE users SET role = ?2, is_active = ?3, updated_at = ?4 WHERE id = ?1";
                c.execute(sql, params![user.to_string(), role.as_str(), active, now])?;
            }
            let sql = "UPDATE user_organizations SET role = ?3 WHERE organization_id = ?1 AND user_id = ?2";
            let place = patch.member_role.unwrap_or(old.member_role);
            c.execute(sql, params![organization.to_string(), user.to_string(), place.as_str()])?;
            if old.member_role == MemberRole::Owner {
                an_owner_is_left(c, organization)?;
            }
            if !active {
                refresh_tokens::revoke_user(c, user, None, None)?;
            }
            by_id(c, organization, user)
        })
        .await
    }

    /// Removes a member if `allowed` says so of them, and ends their logins here; `false` if there is no
    /// such member.
    pub async fn remove_member(
        &self,
        organization: OrganizationId,
        user: UserId,
        allowed: impl FnOnce(&Member) -> Result<()> + Send + 'static,
    ) -> Result<bool> {
        self.write(move |c| {
            let Some(old) = by_id(c, organization, user)? else { return Ok(false) };
            allowed(&old)?;
            let sql = "DELETE FROM user_organizations WHERE organization_id = ?1 AND user_id = ?2";
            c.execute(sql, params![organization.to_string(), user.to_string()])?;
            if old.member_role == MemberRole::Owner {
                an_owner_is_left(c, organization)?;
            }
            refresh_tokens::revoke_user(c, user, Some(organization), None)?;
            Ok(true)
        })
        .await
    }
}
