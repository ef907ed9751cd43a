//! `whatsapp.process_message`: deals with what a customer wrote.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::super::whatsapp::{Dealt, Effort};
use super::Shared;
use crate::ingest::Stop;
use crate::jobs::payload::ConversationPayload;
use crate::jobs::{Handler, JobFailure};
use crate::store::{LeasedJob, attempts_of};

pub(super) struct WhatsappProcessMessage(pub Arc<Shared>);

#[async_trait]
impl Handler for WhatsappProcessMessage {
    async fn run(&self, job: &LeasedJob, _stop: Stop) -> Result<(), JobFailure> {
        let ConversationPayload { conversation_id } = job.payload()?;
        let engine = self.0.engine_for(job).await?;
        let configured = engine.config().jobs.max_attempts;
        let effort = match job.lease.attempt {
            last if last >= attempts_of(job, configured) => Effort::Hopeless,
            late if late >= configured => Effort::LastTry,
            _ => Effort::Usual,
        };
        match engine.deal_with_conversation(conversation_id, effort).await? {
            Dealt::NotYet(wait) => Err(JobFailure::postponed(wait)),
            // Whatever happened may have no job of its own, as a change of hands has none. The next run sees
            // it, so this cannot go round: without news a reply is recorded.
            Dealt::Outdated => Err(JobFailure::postponed(Duration::ZERO)),
            Dealt::Nothing | Dealt::Answered | Dealt::Silent => Ok(()),
        }
    }
}
