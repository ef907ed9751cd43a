//! `whatsapp.send`: sends what was written.

use std::sync::Arc;

use async_trait::async_trait;

use super::Shared;
use crate::ingest::Stop;
use crate::jobs::payload::SendPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::LeasedJob;

pub(super) struct WhatsappSend(pub Arc<Shared>);

#[async_trait]
impl Handler for WhatsappSend {
    async fn run(&self, job: &LeasedJob, _stop: Stop) -> Result<(), JobFailure> {
        let SendPayload { reply_id } = job.payload()?;
        self.0.engine_for(job).await?.send_reply(reply_id).await
    }
}
