//! `rag.reindex`: builds the index again, or one document in it.

use std::sync::Arc;

use async_trait::async_trait;

use super::super::documents::quiet;
use super::{Shared, judge};
use crate::ingest::Stop;
use crate::jobs::payload::ReindexPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct RagReindex(pub Arc<Shared>);

#[async_trait]
impl Handler for RagReindex {
    async fn run(&self, job: &LeasedJob, stop: Stop) -> Result<(), JobFailure> {
        let ReindexPayload { document_id } = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        if let Some(id) = document_id {
            return judge(engine.reindex_document(id, stop).await);
        }
        // Documents that cannot be read any more keep what they had: the rebuild is done all the same.
        let report = engine.reindex(quiet(), stop).await?;
        let (done, failed) = (report.totals.updated, report.totals.failed);
        tracing::info!(documents = done, failed, "the index is rebuilt");
        Ok(())
    }
}
