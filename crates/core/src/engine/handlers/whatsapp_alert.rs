//! `whatsapp.alert`: tells people of the business that a conversation needs them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Shared, is_last_try};
use crate::ingest::Stop;
use crate::jobs::payload::AlertPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct WhatsappAlert(pub Arc<Shared>);

#[async_trait]
impl Handler for WhatsappAlert {
    async fn run(&self, job: &LeasedJob, _stop: Stop) -> Result<(), JobFailure> {
        let alert: AlertPayload = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        Ok(engine.alert_owner(&alert, job.id().0, is_last_try(&engine, job)).await?)
    }
}
