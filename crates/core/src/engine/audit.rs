//! The audit log: what is noted of who did what, and reading it.
//!
//! Callers note what they do, for they know the request; the one entry made here by itself is
//! `session.reuse_detected`.

use super::Engine;
use crate::error::Result;
use crate::model::{AuditEntry, AuditRecord};

/// Entries on a page at most.
const MOST: u64 = 1000;

impl Engine {
    /// Notes something that was done.
    pub async fn audit(&self, entry: AuditEntry) -> Result<()> {
        self.parts.store.audit(self.organization.id, entry).await
    }

    /// A page of the audit log, newest first, and how many entries there are in all. Pages count from 1.
    pub async fn audit_log(&self, page: u64, limit: u64) -> Result<(Vec<AuditRecord>, u64)> {
        let limit = limit.clamp(1, MOST);
        let offset = page.saturating_sub(1).saturating_mul(limit);
        self.parts.store.audit_log(self.organization.id, limit, offset).await
    }
}
