//! `whatsapp.alert`: tells the owner that a conversation needs a person.

use std::sync::Arc;

use async_trait::async_trait;

use super::Shared;
use crate::ingest::Stop;
use crate::jobs::payload::AlertPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct WhatsappAlert(pub Arc<Shared>);

#[async_trait]
impl Handler for WhatsappAlert {
    async fn run(&self, job: &LeasedJob, _stop: Stop) -> Result<(), JobFailure> {
        let alert: AlertPayload = job.payload()?;
        Ok(self.0.engine_for(job).await?.alert_owner(&alert, job.id().0).await?)
    }
}
