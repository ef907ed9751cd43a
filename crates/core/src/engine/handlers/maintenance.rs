//! `maintenance`: housekeeping of the whole deployment; the payload says what.

use std::sync::Arc;

use async_trait::async_trait;

use super::Shared;
use crate::error::{Error, Result};
use crate::ingest::Stop;
use crate::jobs::payload::{MaintenancePayload, MaintenanceTask};
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct Maintenance(pub Arc<Shared>);

#[async_trait]
impl Handler for Maintenance {
    async fn run(&self, job: &LeasedJob, stop: Stop) -> Result<(), JobFailure> {
        let MaintenancePayload { task } = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        match task {
            MaintenanceTask::IndexTidy => {
                engine.tidy(stop).await?;
            }
            MaintenanceTask::Cleanup => {
                let gone = engine.store().remove_expired().await?;
                tracing::info!(
                    answers = gone.answers,
                    refresh_tokens = gone.refresh_tokens,
                    invitations = gone.invitations,
                    "removed what had expired"
                );
                let done = engine.tidy_conversations().await?;
                tracing::info!(
                    webhooks = done.webhooks,
                    given_back = done.given_back,
                    "tidied conversations"
                );
            }
            MaintenanceTask::Retention => {
                let report = engine.run_retention().await?;
                tracing::info!(removed = ?report.total, "forgot what was due");
            }
            MaintenanceTask::Purge => {
                let report = engine.purge_deleted().await?;
                tracing::info!(?report, "purged what was deleted");
            }
            MaintenanceTask::StripeSync => {
                let report = engine.sync_billing().await?;
                tracing::info!(customers = report.customers, done = ?report.done, "compared billing with Stripe");
                if let Some(problem) = report.problems.first() {
                    let text = format!(
                        "{} customers could not be compared: {}",
                        report.problems.len(),
                        problem.reason
                    );
                    return Err(Error::unavailable(text).into());
                }
            }
        }
        Ok(())
    }
}
