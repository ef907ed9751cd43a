//! The audit log: what is noted of who did what, and reading it.
//!
//! Callers note what they do, for they know the request, or the command. What follows from something else
//! is noted by the store in the same transaction: `session.reuse_detected`, `api_key.revoke`, `member.join`,
//! `retention.run`.

use serde_json::Value;

use super::Engine;
use super::operator::operator_name;
use crate::error::Result;
use crate::model::{Actor, AuditEntry, AuditRecord};

/// Entries on a page at most.
const MOST: u64 = 1000;

impl Engine {
    /// Notes something that was done.
    pub async fn audit(&self, entry: AuditEntry) -> Result<()> {
        self.parts.store.audit(self.organization.id, entry).await
    }

    /// Notes what somebody at the command line of this machine did, under the operating system's name of
    /// them. `action` is `resource:verb`, as the API names it.
    pub async fn audit_operator(
        &self,
        action: &'static str,
        resource_id: Option<String>,
        details: Value,
    ) -> Result<()> {
        let resource = action.split_once(':').map_or(action, |(resource, _)| resource);
        let entry = AuditEntry {
            actor: Actor::Operator,
            action,
            resource,
            resource_id,
            details,
            request_id: None,
            address: None,
        };
        self.parts.store.audit_operator(self.organization.id, entry, operator_name()).await
    }

    /// A page of the audit log, newest first, and how many entries there are in all. Pages count from 1.
    pub async fn audit_log(&self, page: u64, limit: u64) -> Result<(Vec<AuditRecord>, u64)> {
        let limit = limit.clamp(1, MOST);
        let offset = page.saturating_sub(1).saturating_mul(limit);
        self.parts.store.audit_log(self.organization.id, limit, offset).await
    }
}
