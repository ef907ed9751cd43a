//! Stripe's events for whoever looks after the deployment: what came, what came of it, and once more.

use serde::Serialize;
use serde_json::Value;

use super::super::Engine;
use crate::billing::event::Event;
use crate::error::{Error, Result};
use crate::store::{Receipt, StripeEventFilter, StripeEventRecord};

/// An event with its body.
#[derive(Debug, Clone, Serialize)]
pub struct StripeEvent {
    /// What is known of it.
    #[serde(flatten)]
    pub record: StripeEventRecord,
    /// The body as it came, or `null` if it is not JSON.
    pub body: Value,
}

impl Engine {
    /// A page of the recorded events, latest first, and how many pass the filter. Pages count from 1.
    pub async fn stripe_events(
        &self,
        filter: StripeEventFilter,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<StripeEventRecord>, u64)> {
        self.parts.store.stripe_events(filter, page.max(1), limit).await
    }

    /// A recorded event, by Stripe's id of it.
    pub async fn stripe_event(&self, id: &str) -> Result<StripeEvent> {
        let (record, body) = self.recorded_event(id).await?;
        Ok(StripeEvent { record, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// Looks at a recorded event once more; what is newer than it stays as it is.
    pub async fn replay_stripe_event(&self, id: &str) -> Result<Receipt> {
        let (_, body) = self.recorded_event(id).await?;
        let event = Event::read(&body).map_err(|_| {
            Error::invalid(format!("the event {id} cannot be read: it was recorded by another version"))
        })?;
        self.take_stripe_event(event, None).await
    }

    async fn recorded_event(&self, id: &str) -> Result<(StripeEventRecord, Vec<u8>)> {
        self.parts.store.stripe_event(id.to_owned()).await?.ok_or_else(|| {
            Error::not_found(format!("there is no event {id}: `agentctl billing events list` shows them"))
        })
    }
}
