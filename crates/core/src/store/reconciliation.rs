//! What Stripe says when it is asked about everything a business ever paid for, compared with what is kept.

use std::sync::Arc;

use serde::Serialize;

use super::inbox::Desk;
use super::invoices::Told;
use super::{Store, invoices, subscriptions};
use crate::billing::{InvoiceSnapshot, SubscriptionSnapshot};
use crate::clock::format_timestamp;
use crate::config::PlansConfig;
use crate::error::Result;
use crate::model::OrganizationId;

/// What was compared, and what was not as Stripe says and now is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciled {
    /// Subscriptions that Stripe told of.
    pub subscriptions: u64,
    /// Of those, new or not as kept.
    pub subscriptions_repaired: u64,
    /// Invoices that Stripe told of.
    pub invoices: u64,
    /// Of those, new or not as kept.
    pub invoices_repaired: u64,
}

impl Reconciled {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.subscriptions += other.subscriptions;
        self.subscriptions_repaired += other.subscriptions_repaired;
        self.invoices += other.invoices;
        self.invoices_repaired += other.invoices_repaired;
    }
}

impl Store {
    /// Lays what Stripe says of a customer's subscriptions and invoices over what is kept, in one transaction.
    pub async fn reconcile(
        &self,
        organization: OrganizationId,
        told_subscriptions: Vec<SubscriptionSnapshot>,
        told_invoices: Vec<InvoiceSnapshot>,
        plans: Arc<PlansConfig>,
    ) -> Result<Reconciled> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            let asked = time.timestamp();
            let mut done = Reconciled {
                subscriptions: told_subscriptions.len() as u64,
                invoices: told_invoices.len() as u64,
                ..Reconciled::default()
            };
            for invoice in told_invoices.iter().filter(|invoice| !is_draft(invoice)) {
                done.invoices_repaired +=
                    u64::from(invoices::keep(&desk, organization, invoice, Told::Answer(asked))?);
            }
            for told in &told_subscriptions {
                let known = subscriptions::known(c, &told.id)?;
                // A customer is one business's; so are its subscriptions, unless somebody tampered with them.
                let owner = known.as_ref().map_or(organization, |(owner, _)| *owner);
                let known = known.map(|(_, known)| known);
                let stamp = known.as_ref().map_or(0, |known| known.event_created);
                let account = subscriptions::fetched(known.as_ref(), told, stamp, asked);
                let differs = known.is_none_or(|known| known.snapshot != account.snapshot);
                done.subscriptions_repaired += u64::from(differs);
                subscriptions::keep(&desk, owner, &account, &plans)?;
            }
            Ok(done)
        })
        .await
    }
}

/// One that is still being made is nobody's business yet.
fn is_draft(invoice: &InvoiceSnapshot) -> bool {
    invoice.status == crate::billing::InvoiceStatus::Draft
}
