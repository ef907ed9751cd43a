//! `document.embed`: cuts and embeds a document again, in bulk.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Shared, judge};
use crate::ingest::Stop;
use crate::jobs::payload::DocumentPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct DocumentEmbed(pub Arc<Shared>);

#[async_trait]
impl Handler for DocumentEmbed {
    async fn run(&self, job: &LeasedJob, stop: Stop) -> Result<(), JobFailure> {
        let DocumentPayload { document_id } = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        judge(engine.reindex_document(document_id, stop).await)
    }
}
