//! What the data-protection law (LGPD) asks: nothing is kept longer than its organization wants, and who
//! or what was deleted is really gone after a while.
//!
//! Both verbs are for nightly jobs, may be cut off and run again, and say what they removed. Vectors and
//! blobs go with the job `index.tidy` that the removals leave. The statements are in
//! `store/retention.rs`.

use chrono::TimeDelta;
use serde::Serialize;

use super::Engine;
use crate::error::Result;
use crate::ingest::tidy_job;
use crate::model::OrganizationId;
use crate::store::Expired;

/// How long a deleted account can still be brought back.
const GRACE: TimeDelta = TimeDelta::days(30);
/// Rows of a kind removed in one transaction: others write in between.
const BATCH: u32 = 200;

/// What a run of the retention rules removed.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetentionReport {
    /// All organizations together.
    pub total: Expired,
    /// Those of which something was removed.
    pub organizations: Vec<Retained>,
}

/// What was removed of one organization.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retained {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What was removed.
    pub removed: Expired,
}

/// What a purge removed for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgeReport {
    /// Accounts without a name now.
    pub users: u64,
    /// Organizations that are gone.
    pub organizations: u64,
    /// What those organizations had.
    pub removed: Expired,
}

impl Engine {
    /// Removes, for every organization of the deployment, what is older than its settings keep it:
    /// questions with their answers and ratings, messages and notes, conversations and contacts of which
    /// nothing is left, and documents that nobody changed or cited. An
    /// organization of which something was removed finds `retention.run` in its audit log.
    pub async fn run_retention(&self) -> Result<RetentionReport> {
        let mut report = RetentionReport::default();
        for (organization_id, rules) in self.parts.store.retention_rules().await? {
            let run = self.parts.clock.new_id();
            let mut removed = Expired::default();
            loop {
                let store = &self.parts.store;
                let batch = store.expire(organization_id, rules, run, removed, BATCH, tidy_job()).await?;
                if batch.is_nothing() {
                    break;
                }
                removed.add(batch);
            }
            if !removed.is_nothing() {
                report.total.add(removed);
                report.organizations.push(Retained { organization_id, removed });
            }
        }
        Ok(report)
    }

    /// Takes what is personal from accounts that were deleted 30 days ago, and removes deleted
    /// organizations with everything they had.
    pub async fn purge_deleted(&self) -> Result<PurgeReport> {
        let mut report = PurgeReport::default();
        let before = self.parts.clock.now() - GRACE;
        loop {
            let purged = self.parts.store.purge_users(before, BATCH).await?;
            report.users += purged;
            if purged < u64::from(BATCH) {
                break;
            }
        }
        for organization in self.parts.store.deleted_organizations().await? {
            loop {
                let step = self.parts.store.purge_organization(organization, BATCH, tidy_job()).await?;
                report.removed.add(step.removed);
                if step.done {
                    break;
                }
            }
            report.organizations += 1;
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests;
