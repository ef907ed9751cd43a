//! `index.tidy`: brings the index in line with the store.

use std::sync::Arc;

use async_trait::async_trait;

use super::Shared;
use crate::ingest::Stop;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct IndexTidy(pub Arc<Shared>);

#[async_trait]
impl Handler for IndexTidy {
    async fn run(&self, _job: &LeasedJob, stop: Stop) -> Result<(), JobFailure> {
        let done = self.0.engine.tidy(stop).await?;
        tracing::info!(removed = done.removed, missing = done.missing, "the index is tidy");
        Ok(())
    }
}
