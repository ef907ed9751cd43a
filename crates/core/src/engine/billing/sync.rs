//! Comparing with Stripe: what events failed to tell is found here, at the latest overnight.

use serde::Serialize;

use super::super::Engine;
use crate::billing::client::{StripeClient, StripeResult};
use crate::error::Result;
use crate::model::OrganizationId;
use crate::store::Reconciled;

/// What a comparison found.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncReport {
    /// Customers that Stripe was asked about.
    pub customers: u64,
    /// What was compared and repaired.
    #[serde(flatten)]
    pub done: Reconciled,
    /// What could not be compared; everything else was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<SyncProblem>,
}

/// A customer that could not be compared.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncProblem {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Stripe's id.
    pub customer: String,
    /// Why, for the operator.
    pub reason: String,
}

impl Engine {
    /// Compares the subscriptions and invoices of every organization of the deployment with Stripe, and
    /// repairs what differs. Nothing to do where nothing is sold.
    pub async fn sync_billing(&self) -> Result<SyncReport> {
        let mut report = SyncReport::default();
        let Some(stripe) = &self.parts.billing.stripe else { return Ok(report) };
        self.claim_stripe_events(None).await;
        for (organization_id, customer) in self.parts.store.stripe_customers().await? {
            report.customers += 1;
            match self.sync_customer(stripe, organization_id, &customer).await {
                Ok(done) => report.done.add(done),
                Err(error) => {
                    tracing::warn!(%organization_id, %error, "billing could not be compared with Stripe");
                    report.problems.push(SyncProblem {
                        organization_id,
                        customer,
                        reason: error.to_string(),
                    });
                }
            }
        }
        Ok(report)
    }

    async fn sync_customer(
        &self,
        stripe: &StripeClient,
        organization: OrganizationId,
        customer: &str,
    ) -> Result<Reconciled> {
        let answers = everything_of(stripe, customer).await;
        let (subscriptions, invoices) = answers.map_err(|error| error.error)?;
        let plans = self.parts.billing.plans.clone();
        let done = self.parts.store.reconcile(organization, subscriptions, invoices, plans).await?;
        if done.subscriptions_repaired + done.invoices_repaired > 0 {
            let (subscriptions, invoices) = (done.subscriptions_repaired, done.invoices_repaired);
            tracing::warn!(organizationId = %organization, subscriptions, invoices, "billing was not as Stripe says, and is now");
        }
        Ok(done)
    }
}

type Everything = (Vec<crate::billing::SubscriptionSnapshot>, Vec<crate::billing::InvoiceSnapshot>);

async fn everything_of(stripe: &StripeClient, customer: &str) -> StripeResult<Everything> {
    let subscriptions = stripe.subscriptions_of(customer).await?;
    Ok((subscriptions, stripe.invoices_of(customer).await?))
}
