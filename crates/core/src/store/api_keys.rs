//! API keys of organizations. Only digests are kept.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, rows};
use crate::error::{Error, Result};
use crate::model::{ApiKey, ApiKeyId, OrganizationId, Permission, UserId};

const COLUMNS: &str = "id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, revoked_at";

/// A key to keep.
#[derive(Clone)]
pub struct KeyRecord {
    /// What it is for.
    pub name: String,
    /// Digest of the key.
    pub hash: String,
    /// Its last characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it works no more.
    pub expires_at: Option<String>,
}

/// A key that is not revoked, with what it is recognised by.
#[derive(Clone)]
pub struct UsableKey {
    /// The key.
    pub key: ApiKey,
    /// Digest of the key.
    pub hash: String,
    /// Whose it is.
    pub organization: OrganizationId,
}

fn read(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    // A scope that a newer version of the program knew is one this version grants nothing for.
    let scopes: Vec<String> = rows::json(row, "scopes")?;
    Ok(ApiKey {
        id: rows::parsed(row, "id")?,
        name: row.get("name")?,
        hint: row.get("hint")?,
        scopes: scopes.iter().filter_map(|s| Permission::from_name(s)).collect(),
        created_by: rows::parsed_opt(row, "created_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        last_used_at: row.get("last_used_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}

/// Revokes the keys that a person made, in one organization or in all; which, and of whom. A key may do what
/// its maker may do and acts without them: once the maker may do nothing any more, it is in the hands of
/// somebody who has no business here.
pub(super) fn revoke_made_by(
    c: &Connection,
    user: UserId,
    organization: Option<OrganizationId>,
    now: &str,
) -> Result<Vec<(ApiKeyId, OrganizationId)>> {
    let sql = "UPDATE api_keys SET revoked_at = ?3
               WHERE created_by = ?1 AND revoked_at IS NULL AND (?2 IS NULL OR organization_id = ?2)
               RETURNING id, organization_id";
    let mut statement = c.prepare_cached(sql)?;
    let values = params![user.to_string(), organization.map(|o| o.to_string()), now];
    let revoked = statement
        .query_map(values, |row| Ok((rows::parsed(row, "id")?, rows::parsed(row, "organization_id")?)))?;
    Ok(revoked.collect::<Result<_, _>>()?)
}

impl Store {
    /// Keeps a new key.
    pub async fn create_api_key(&self, organization: OrganizationId, new: KeyRecord) -> Result<ApiKey> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        let scopes = serde_json::to_string(&new.scopes)
            .map_err(|e| Error::internal("the scopes cannot be written as JSON").with_source(e))?;
        self.write(move |c| {
            let sql = format!(
                "INSERT INTO api_keys (id, organization_id, name, key_hash, hint, scopes, created_by, created_at,
                                       expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING {COLUMNS}"
            );
            let values = params![
                id.to_string(),
                organization.to_string(),
                new.name,
                new.hash,
                new.hint,
                scopes,
                new.created_by.map(|u| u.to_string()),
                now,
                new.expires_at,
            ];
            Ok(c.query_row(&sql, values, read)?)
        })
        .await
    }

    /// Every key of the organization, newest first, revoked ones too.
    pub async fn api_keys(&self, organization: OrganizationId) -> Result<Vec<ApiKey>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM api_keys WHERE organization_id = ?1 ORDER BY created_at DESC, id DESC"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let keys = statement.query_map([organization.to_string()], read)?.collect::<Result<_, _>>()?;
            Ok(keys)
        })
        .await
    }

    /// The organization's keys that end in `hint` and are not revoked, if the organization is there.
    pub async fn usable_keys(&self, organization: OrganizationId, hint: String) -> Result<Vec<UsableKey>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {COLUMNS}, key_hash FROM api_keys
                 WHERE organization_id = ?1 AND hint = ?2 AND revoked_at IS NULL
                   AND EXISTS (SELECT 1 FROM organizations o WHERE o.id = ?1 AND o.deleted_at IS NULL)"
            );
            let usable =
                |row: &Row<'_>| Ok(UsableKey { key: read(row)?, hash: row.get("key_hash")?, organization });
            let mut statement = c.prepare_cached(&sql)?;
            let keys = statement.query_map(params![organization.to_string(), hint], usable)?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Notes that a key was used now, unless that was noted since `unless_since`.
    pub async fn api_key_used(
        &self,
        organization: OrganizationId,
        id: ApiKeyId,
        unless_since: String,
    ) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "UPDATE api_keys SET last_used_at = ?3
                       WHERE organization_id = ?1 AND id = ?2 AND (last_used_at IS NULL OR last_used_at <= ?4)";
            let values = params![organization.to_string(), id.to_string(), now, unless_since];
            c.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
        .await
    }

    /// Revokes a key; revoking it again changes nothing. `None` if there is no such key.
    pub async fn revoke_api_key(&self, organization: OrganizationId, id: ApiKeyId) -> Result<Option<ApiKey>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = format!(
                "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, ?3)
                 WHERE organization_id = ?1 AND id = ?2 RETURNING {COLUMNS}"
            );
            let values = params![organization.to_string(), id.to_string(), now];
            Ok(c.query_row(&sql, values, read).optional()?)
        })
        .await
    }
}
