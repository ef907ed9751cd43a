//! Invitations into an organization. Only digests of their tokens are kept.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Invitation, InvitationId, MemberRole, NewInvitation, OrganizationId, UserId, UserRole};

const COLUMNS: &str = "id, email, member_role, user_role, created_at, expires_at, accepted_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        id: rows::parsed(row, "id")?,
        email: row.get("email")?,
        member_role: rows::word(row, "member_role", MemberRole::from_stored)?,
        user_role: rows::word(row, "user_role", UserRole::from_stored)?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        accepted_at: row.get("accepted_at")?,
    })
}

/// The invitation a token stands for, if it can be accepted at `now`.
pub(super) fn acceptable(
    c: &Connection,
    hash: &str,
    now: &str,
) -> Result<Option<(OrganizationId, Invitation)>> {
    let sql = format!(
        "SELECT {COLUMNS}, organization_id FROM invitations i
         WHERE token_hash = ?1 AND accepted_at IS NULL AND expires_at > ?2
           AND EXISTS (SELECT 1 FROM organizations o WHERE o.id = i.organization_id AND o.deleted_at IS NULL)"
    );
    let both = |row: &Row<'_>| Ok((rows::parsed(row, "organization_id")?, read(row)?));
    Ok(c.prepare_cached(&sql)?.query_row(params![hash, now], both).optional()?)
}

/// It is used up.
pub(super) fn accept(c: &Connection, id: InvitationId, user: UserId, now: &str) -> Result<()> {
    let sql = "UPDATE invitations SET accepted_at = ?2, accepted_by = ?3 WHERE id = ?1";
    c.execute(sql, params![id.to_string(), now, user.to_string()])?;
    Ok(())
}

impl Store {
    /// Keeps an invitation. Conflicts if the address is a member's already.
    pub async fn create_invitation(
        &self,
        organization: OrganizationId,
        new: NewInvitation,
        hash: String,
        created_by: Option<UserId>,
        expires_at: String,
    ) -> Result<Invitation> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        self.write(move |c| {
            let member = "SELECT EXISTS (SELECT 1 FROM user_organizations m JOIN users u ON u.id = m.user_id
                          WHERE m.organization_id = ?1 AND u.email = ?2 AND u.deleted_at IS NULL)";
            if c.query_row(member, params![organization.to_string(), new.email], |r| r.get(0))? {
                let message = "somebody with this e-mail address is a member already";
                return Err(Error::new(ErrorKind::Conflict, message)
                    .with_code("already_member")
                    .with_field("email", message));
            }
            let sql = format!(
                "INSERT INTO invitations (id, organization_id, email, member_role, user_role, token_hash, created_by,
                                          created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING {COLUMNS}"
            );
            let values = params![
                id.to_string(),
                organization.to_string(),
                new.email,
                new.member_role.as_str(),
                new.user_role.as_str(),
                hash,
                created_by.map(|u| u.to_string()),
                now,
                expires_at,
            ];
            Ok(c.query_row(&sql, values, read)?)
        })
        .await
    }

    /// Every invitation of the organization, newest first, accepted and expired ones too.
    pub async fn invitations(&self, organization: OrganizationId) -> Result<Vec<Invitation>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM invitations WHERE organization_id = ?1 ORDER BY created_at DESC, id DESC"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map([organization.to_string()], read)?.collect::<Result<_, _>>()?;
            Ok(found)
        })
        .await
    }

    /// Takes back an invitation that nobody accepted; `false` if there is none.
    pub async fn revoke_invitation(&self, organization: OrganizationId, id: InvitationId) -> Result<bool> {
        self.write(move |c| {
            let sql =
                "DELETE FROM invitations WHERE organization_id = ?1 AND id = ?2 AND accepted_at IS NULL";
            Ok(c.execute(sql, params![organization.to_string(), id.to_string()])? > 0)
        })
        .await
    }
}
