//! `whatsapp.opening`: lists those who wait for a person when the business opens.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Shared, is_last_try};
use crate::ingest::Stop;
use crate::jobs::payload::OpeningPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct WhatsappOpening(pub Arc<Shared>);

#[async_trait]
impl Handler for WhatsappOpening {
    async fn run(&self, job: &LeasedJob, _stop: Stop) -> Result<(), JobFailure> {
        let opening: OpeningPayload = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        Ok(engine.list_waiting(&opening, job.id().0, is_last_try(&engine, job)).await?)
    }
}
