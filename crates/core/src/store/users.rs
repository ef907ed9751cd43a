//! People's accounts. Where they belong is in `members.rs`, how they are made in `registration.rs`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, members, refresh_tokens, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Actor, OrganizationId, User, UserId, UserRole};

/// Columns of a person, of `users u`.
pub(super) const COLUMNS: &str = "u.id AS id, u.email AS email, u.first_name AS first_name, \
     u.last_name AS last_name, u.role AS role, u.is_active AS is_active, u.last_login_at AS last_login_at, \
     u.created_at AS created_at, u.updated_at AS updated_at";

/// A person with what a login is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub user: User,
    /// In PHC notation; nobody logs in without.
    pub password_hash: Option<String>,
    /// Until when nobody logs in, if so.
    pub locked_until: Option<String>,
}

/// What changes of an account.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Given name; the inner `None` removes it.
    pub first_name: Option<Option<String>>,
    /// Family name; the inner `None` removes it.
    pub last_name: Option<Option<String>>,
    /// Address.
    pub email: Option<String>,
    /// Hash of a new password; ends every login but `keep_session`.
    pub password_hash: Option<String>,
    /// The login that stays.
    pub keep_session: Option<uuid::Uuid>,
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: rows::parsed(row, "id")?,
        email: row.get("email")?,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        role: rows::word(row, "role", UserRole::from_stored)?,
        is_active: row.get("is_active")?,
        last_login_at: row.get("last_login_at")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn read_credentials(row: &Row<'_>) -> rusqlite::Result<Credentials> {
    Ok(Credentials {
        user: read(row)?,
        password_hash: row.get("password_hash")?,
        locked_until: row.get("locked_until")?,
    })
}

pub(super) fn by_id(c: &Connection, id: UserId) -> Result<Option<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users u WHERE u.id = ?1 AND u.deleted_at IS NULL");
    Ok(c.prepare_cached(&sql)?.query_row([id.to_string()], read).optional()?)
}

pub(super) fn by_email(c: &Connection, email: &str) -> Result<Option<Credentials>> {
    let sql = format!(
        "SELECT {COLUMNS}, u.password_hash AS password_hash, u.locked_until AS locked_until
         FROM users u WHERE u.email = ?1 AND u.deleted_at IS NULL"
    );
    Ok(c.prepare_cached(&sql)?.query_row([email], read_credentials).optional()?)
}

/// Whether anybody ever had an account. Deleted ones count: who comes after them is not the first.
pub(super) fn any(c: &Connection) -> Result<bool> {
    Ok(c.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |r| r.get(0))?)
}

/// The address is the only constraint a caller can break.
pub(super) fn email_taken(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => taken().with_source(error),
        _ => error.into(),
    }
}

pub(super) fn taken() -> Error {
    let message = "there is an account with this e-mail address already: log in instead; an invitation is accepted then";
    Error::new(ErrorKind::Conflict, message).with_code("email_taken").with_field("email", message)
}

impl Store {
    /// Whether anybody ever had an account.
    pub async fn has_users(&self) -> Result<bool> {
        self.read(any).await
    }

    /// A person by address, with what a login is checked against. Not tied to an organization: who logs in
    /// has none yet.
    pub async fn credentials(&self, email: &str) -> Result<Option<Credentials>> {
        let email = email.to_owned();
        self.read(move |c| by_email(c, &email)).await
    }

    /// The same of a member, by id.
    pub async fn member_credentials(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<Option<Credentials>> {
        self.read(move |c| {
            let Some(member) = members::by_id(c, organization, user)? else { return Ok(None) };
            by_email(c, &member.user.email)
        })
        .await
    }

    /// Counts a wrong password; the `most`-th in a row locks the account until `lock_until`.
    pub async fn login_failed(&self, user: UserId, most: u32, lock_until: String) -> Result<()> {
        self.write(move |c| {
            let sql = "UPDATE users
                       SET locked_until = CASE WHEN failed_logins + 1 >= ?2 THEN ?3 ELSE locked_until END,
                           failed_logins = CASE WHEN failed_logins + 1 >= ?2 THEN 0 ELSE failed_logins + 1 END
                       WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![user.to_string(), most, lock_until])?;
            Ok(())
        })
        .await
    }

    /// Changes a member's account; `None` if there is no such member.
    pub async fn change_user(
        &self,
        organization: OrganizationId,
        user: UserId,
        change: UserChange,
    ) -> Result<Option<User>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let Some(old) = members::by_id(c, organization, user)?.map(|m| m.user) else { return Ok(None) };
            let sql = "UPDATE users SET first_name = ?2, last_name = ?3, email = ?4,
                              password_hash = COALESCE(?5, password_hash),
                              failed_logins = CASE WHEN ?5 IS NULL THEN failed_logins ELSE 0 END,
                              locked_until = CASE WHEN ?5 IS NULL THEN locked_until END, updated_at = ?6
                       WHERE id = ?1";
            let values = params![
                user.to_string(),
                change.first_name.unwrap_or(old.first_name),
                change.last_name.unwrap_or(old.last_name),
                change.email.unwrap_or(old.email),
                change.password_hash,
                now,
            ];
            c.execute(sql, values).map_err(email_taken)?;
            if change.password_hash.is_some() {
                refresh_tokens::revoke_user(c, user, None, change.keep_session)?;
            }
            by_id(c, user)
        })
        .await
    }

    /// Marks a member's account as deleted, ends its logins and revokes the API keys it made; `false` if there is no such member.
    ///
    /// Conflicts if an organization with other members would be left without an owner.
    pub async fn delete_user(&self, organization: OrganizationId, user: UserId) -> Result<bool> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            if members::by_id(c, organization, user)?.is_none() {
                return Ok(false);
            }
            // Where they are the only owner, and somebody else is there.
            let orphaned =
                "SELECT COUNT(*) FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
                WHERE m.user_id = ?1 AND m.role = 'owner' AND o.deleted_at IS NULL
                  AND NOT EXISTS (SELECT 1 FROM user_organizations x JOIN users u ON u.id = x.user_id
                                  WHERE x.organization_id = m.organization_id AND x.user_id <> ?1
                                    AND x.role = 'owner' AND u.is_active = 1 AND u.deleted_at IS NULL)
                  AND EXISTS (SELECT 1 FROM user_organizations x JOIN users u ON u.id = x.user_id
                              WHERE x.organization_id = m.organization_id AND x.user_id <> ?1
                                AND u.deleted_at IS NULL)";
            let orphaned: i64 = c.query_row(orphaned, [user.to_string()], |r| r.get(0))?;
            if orphaned > 0 {
                return Err(members::last_owner());
            }
            c.execute(
                "UPDATE users SET deleted_at = ?2, is_active = 0, updated_at = ?2 WHERE id = ?1",
                params![user.to_string(), now],
            )?;
            refresh_tokens::revoke_user(c, user, None, None)?;
            members::revoke_keys(c, &clock, user, None, Actor::User(user))?;
            Ok(true)
        })
        .await
    }
}
