//! `document.process`: reads an uploaded document and makes it searchable.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Shared, judge};
use crate::ingest::Stop;
use crate::jobs::payload::DocumentPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct DocumentProcess(pub Arc<Shared>);

#[async_trait]
impl Handler for DocumentProcess {
    async fn run(&self, job: &LeasedJob, stop: Stop) -> Result<(), JobFailure> {
        let DocumentPayload { document_id } = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        judge(engine.process_document(document_id, stop).await)
    }
}
