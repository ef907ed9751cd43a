//! The businesses a deployment serves: what they are called, bought and decided.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;

use super::{Store, refresh_tokens, rows, subscriptions};
use crate::billing::plans::Exceptions;
use crate::error::{Error, Result};
use crate::model::{OrganizationId, OrganizationSettings, Subscription, Usage};
use crate::text::fold;

/// A business.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its name in an address: lower case, digits and hyphens.
    pub slug: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// A business with what it bought and decided.
#[derive(Debug, Clone)]
pub struct OrganizationRecord {
    /// The business.
    pub organization: Organization,
    /// Where its subscription stands; `inactive` if it never had one.
    pub subscription_status: String,
    /// What an operator granted it, whatever its plan says.
    pub exceptions: Exceptions,
    /// The subscription that counts, if it ever had one.
    pub subscription: Option<Subscription>,
    /// Whether it is the first of the deployment, whose people run it.
    pub operator: bool,
    /// What it decided for itself.
    pub settings: OrganizationSettings,
    /// RFC 3339, UTC.
    pub updated_at: String,
}

/// Columns of a business, of `organizations o`.
pub(super) const COLUMNS: &str = "o.id AS id, o.name AS name, o.slug AS slug, o.created_at AS created_at";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Organization> {
    Ok(Organization {
        id: rows::parsed(row, "id")?,
        name: row.get("name")?,
        slug: row.get("slug")?,
        created_at: row.get("created_at")?,
    })
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<OrganizationRecord> {
    let limit = |column: &str| -> rusqlite::Result<Option<u64>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(|n| u64::try_from(n).unwrap_or(0)))
    };
    Ok(OrganizationRecord {
        organization: read(row)?,
        subscription_status: row.get("subscription_status")?,
        exceptions: Exceptions {
            max_documents: limit("max_documents")?,
            max_agents: limit("max_agents")?,
            max_monthly_messages: limit("max_monthly_messages")?,
        },
        subscription: subscriptions::read(row)?,
        operator: row.get("operator")?,
        settings: rows::json(row, "settings")?,
        updated_at: row.get("updated_at")?,
    })
}

/// An organization by id, unless it was deleted.
pub(super) fn by_id(c: &Connection, id: OrganizationId) -> Result<Option<Organization>> {
    let sql = format!("SELECT {COLUMNS} FROM organizations o WHERE o.id = ?1 AND o.deleted_at IS NULL");
    Ok(c.prepare_cached(&sql)?.query_row([id.to_string()], read).optional()?)
}

fn record(c: &Connection, id: OrganizationId) -> Result<Option<OrganizationRecord>> {
    let sql = format!(
        "SELECT {COLUMNS}, o.subscription_status AS subscription_status,
                o.max_documents AS max_documents, o.max_agents AS max_agents,
                o.max_monthly_messages AS max_monthly_messages, o.settings AS settings, o.updated_at AS updated_at,
                o.id = (SELECT f.id FROM organizations f WHERE f.deleted_at IS NULL
                        ORDER BY f.created_at, f.id LIMIT 1) AS operator,
                {}
         FROM organizations o LEFT JOIN subscriptions s ON s.stripe_subscription_id = o.stripe_subscription_id
         WHERE o.id = ?1 AND o.deleted_at IS NULL",
        subscriptions::COLUMNS
    );
    Ok(c.prepare_cached(&sql)?.query_row([id.to_string()], read_record).optional()?)
}

/// The first organization that is not deleted.
pub(super) fn first(c: &Connection) -> Result<Option<Organization>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM organizations o WHERE o.deleted_at IS NULL ORDER BY o.created_at, o.id LIMIT 1"
    );
    Ok(c.prepare_cached(&sql)?.query_row([], read).optional()?)
}

pub(super) fn insert(c: &Connection, id: uuid::Uuid, name: &str, now: &str) -> Result<Organization> {
    let slug = free_slug(c, name, None)?;
    let sql = "INSERT INTO organizations (id, name, slug, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
               RETURNING id, name, slug, created_at";
    Ok(c.query_row(sql, params![id.to_string(), name, slug, now], read)?)
}

/// Gives an organization another name and address.
pub(super) fn rename(c: &Connection, id: OrganizationId, name: &str, now: &str) -> Result<()> {
    let slug = free_slug(c, name, Some(id))?;
    let sql = "UPDATE organizations SET name = ?2, slug = ?3, updated_at = ?4 WHERE id = ?1";
    c.execute(sql, params![id.to_string(), name, slug, now])?;
    Ok(())
}

/// The slug of a name, numbered if another organization has it.
fn free_slug(c: &Connection, name: &str, own: Option<OrganizationId>) -> Result<String> {
    let base = slug(name);
    let own = own.map(|id| id.to_string());
    let sql = "SELECT EXISTS (SELECT 1 FROM organizations WHERE slug = ?1 AND (?2 IS NULL OR id <> ?2))";
    let mut statement = c.prepare_cached(sql)?;
    let mut candidate = base.clone();
    for number in 2_u64.. {
        let taken: bool = statement.query_row(params![candidate, own], |r| r.get(0))?;
        if !taken {
            break;
        }
        candidate = format!("{base}-{number}");
    }
    Ok(candidate)
}

impl Store {
    /// The id of an organization by its slug.
    pub async fn organization_by_slug(&self, slug: String) -> Result<Option<OrganizationId>> {
        self.read(move |c| {
            let sql = "SELECT id FROM organizations WHERE slug = ?1 AND deleted_at IS NULL";
            Ok(c.prepare_cached(sql)?.query_row([slug], |row| rows::parsed(row, "id")).optional()?)
        })
        .await
    }

    /// The first organization: the one a single-tenant deployment serves. One that was deleted only if
    /// there is no other, so that what remains of it can still be removed.
    pub async fn organization(&self) -> Result<Option<Organization>> {
        self.read(|c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM organizations o ORDER BY o.deleted_at IS NOT NULL, o.created_at, o.id LIMIT 1"
            );
            Ok(c.prepare_cached(&sql)?.query_row([], read).optional()?)
        })
        .await
    }

    /// An organization by id, unless it was deleted.
    pub async fn organization_by_id(&self, id: OrganizationId) -> Result<Option<Organization>> {
        self.read(move |c| by_id(c, id)).await
    }

    /// The same with what it bought and decided.
    pub async fn organization_record(&self, id: OrganizationId) -> Result<Option<OrganizationRecord>> {
        self.read(move |c| record(c, id)).await
    }

    /// Creates the organization, unless there is one: then that one is returned.
    pub async fn ensure_organization(&self, name: &str) -> Result<(Organization, bool)> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        let name = name.to_owned();
        self.write(move |c| match first(c)? {
            Some(there) => Ok((there, false)),
            None => Ok((insert(c, id, &name, &now)?, true)),
        })
        .await
    }

    /// What the organization uses; messages of `month`, as `2026-11`.
    pub async fn usage(&self, id: OrganizationId, month: String) -> Result<Usage> {
        self.read(move |c| {
            let id = id.to_string();
            let count = |sql: &str| -> Result<u64> {
                let count: i64 = c.prepare_cached(sql)?.query_row([&id], |r| r.get(0))?;
                Ok(count.unsigned_abs())
            };
            let messages = "SELECT messages FROM usage_counters WHERE organization_id = ?1 AND month = ?2";
            let messages: Option<i64> =
                c.prepare_cached(messages)?.query_row(params![id, month], |r| r.get(0)).optional()?;
            Ok(Usage {
                documents: count("SELECT COUNT(*) FROM documents WHERE organization_id = ?1")?,
                agents: count("SELECT COUNT(*) FROM agents WHERE organization_id = ?1")?,
                messages_this_month: messages.unwrap_or(0).unsigned_abs(),
            })
        })
        .await
    }

    /// Changes name and settings as far as given; `None` if there is no such organization.
    pub async fn change_organization(
        &self,
        id: OrganizationId,
        name: Option<String>,
        settings: Option<Value>,
    ) -> Result<Option<OrganizationRecord>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let Some(old) = record(c, id)? else { return Ok(None) };
            let settings = match settings {
                Some(patch) => old.settings.merged(&patch)?,
                None => old.settings,
            };
            let settings = serde_json::to_string(&settings)
                .map_err(|e| Error::internal("the settings cannot be written as JSON").with_source(e))?;
            let sql =
                "UPDATE organizations SET name = ?2, settings = ?3, revision = revision + 1, updated_at = ?4
                       WHERE id = ?1";
            let name = name.unwrap_or(old.organization.name);
            c.execute(sql, params![id.to_string(), name, settings, now])?;
            record(c, id)
        })
        .await
    }

    /// Marks the organization as deleted, ends its logins and revokes its keys; `false` if there is none.
    pub async fn delete_organization(&self, id: OrganizationId) -> Result<bool> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "UPDATE organizations SET deleted_at = ?2, updated_at = ?2
                       WHERE id = ?1 AND deleted_at IS NULL";
            if c.execute(sql, params![id.to_string(), now])? == 0 {
                return Ok(false);
            }
            refresh_tokens::revoke_organization(c, id)?;
            let sql = "UPDATE api_keys SET revoked_at = ?2 WHERE organization_id = ?1 AND revoked_at IS NULL";
            c.execute(sql, params![id.to_string(), now])?;
            Ok(true)
        })
        .await
    }
}

/// A name as it may stand in an address.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in fold(name).chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "organization".to_owned() } else { slug.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_plain() {
        assert_eq!(slug("Padaria São João & Cia."), "padaria-sao-joao-cia");
        assert_eq!(slug("🙂"), "organization");
    }
}
