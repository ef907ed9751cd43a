//! The audit log: who did what. It outlives the accounts it names.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::{Store, rows};
use crate::error::{Error, Result};
use crate::model::{AuditEntry, AuditRecord, OrganizationId};

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        id: rows::parsed(row, "id")?,
        actor_type: row.get("actor_type")?,
        actor_id: row.get("actor_id")?,
        action: row.get("action")?,
        resource: row.get("resource")?,
        resource_id: row.get("resource_id")?,
        details: rows::json(row, "details")?,
        request_id: row.get("request_id")?,
        address: row.get("address")?,
        created_at: row.get("created_at")?,
    })
}

/// Adds an entry within a transaction: what was done and that it was done are kept together.
pub(super) fn insert(
    c: &Connection,
    id: Uuid,
    organization: OrganizationId,
    entry: &AuditEntry,
    now: &str,
) -> Result<()> {
    let actor = entry.actor.id().map(|id| id.to_string());
    insert_by(c, id, organization, entry, actor.as_deref(), now)
}

/// The same, by somebody with a name instead of an id.
fn insert_by(
    c: &Connection,
    id: Uuid,
    organization: OrganizationId,
    entry: &AuditEntry,
    actor: Option<&str>,
    now: &str,
) -> Result<()> {
    let details = serde_json::to_string(&entry.details)
        .map_err(|e| Error::internal("the details cannot be written as JSON").with_source(e))?;
    let sql = "INSERT INTO audit_log (id, organization_id, actor_type, actor_id, action, resource, resource_id, details,
                                      request_id, address, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    c.prepare_cached(sql)?.execute(params![
        id.to_string(),
        organization.to_string(),
        entry.actor.kind(),
        actor,
        entry.action,
        entry.resource,
        entry.resource_id,
        details,
        entry.request_id,
        entry.address,
        now,
    ])?;
    Ok(())
}

impl Store {
    /// Adds an entry.
    pub async fn audit(&self, organization: OrganizationId, entry: AuditEntry) -> Result<()> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        self.write(move |c| insert(c, id, organization, &entry, &now)).await
    }

    /// Adds an entry about somebody at the command line.
    pub async fn audit_operator(
        &self,
        organization: OrganizationId,
        entry: AuditEntry,
        name: String,
    ) -> Result<()> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        self.write(move |c| insert_by(c, id, organization, &entry, Some(&name), &now)).await
    }

    /// Entries of the organization, newest first, and how many there are in all.
    pub async fn audit_log(
        &self,
        organization: OrganizationId,
        limit: u64,
        offset: u64,
    ) -> Result<(Vec<AuditRecord>, u64)> {
        self.read(move |c| {
            let sql = "SELECT COUNT(*) FROM audit_log WHERE organization_id = ?1";
            let total: i64 = c.query_row(sql, [organization.to_string()], |r| r.get(0))?;
            let sql = "SELECT id, actor_type, actor_id, action, resource, resource_id, details, request_id, address,
                              created_at
                       FROM audit_log WHERE organization_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3";
            let mut statement = c.prepare_cached(sql)?;
            let (limit, offset) =
                (i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX));
            let found = statement.query_map(params![organization.to_string(), limit, offset], read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }
}
