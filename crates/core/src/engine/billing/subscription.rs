//! The subscription of an organization: shown, cancelled, resumed; and its invoices.

use chrono::{DateTime, Utc};

use super::super::Engine;
use crate::billing::SubscriptionSnapshot;
use crate::billing::client::{StripeClient, StripeResult};
use crate::billing::plans::{Access, Standing};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Invoice, PauseCollection, Subscription, SubscriptionStatus};

/// Ways in which the end of a subscription can be fixed; each is cleared by a call of its own.
const CANCELLATIONS: usize = 2;
/// Entries on a page at most.
const MOST: u64 = 100;

/// What an organization has and what it pays for.
#[derive(Debug, Clone)]
pub struct SubscriptionInfo {
    /// The subscription that counts, if there ever was one.
    pub subscription: Option<Subscription>,
    /// What may be used, and by which plan.
    pub standing: Standing,
    /// The invoice to pay, if a payment failed.
    pub overdue: Option<Invoice>,
    /// The pause in which no payments are collected, if there is one now.
    pub pause: Option<PauseCollection>,
}

impl SubscriptionInfo {
    /// Until when a payment may still be overdue.
    pub fn grace_ends(&self) -> Option<DateTime<Utc>> {
        match self.standing.access {
            Some(Access::Grace(until)) => Some(until),
            _ => None,
        }
    }
}

impl Engine {
    /// What this organization has and what it pays for.
    pub async fn subscription(&self) -> Result<SubscriptionInfo> {
        let record = self.record().await?;
        let standing = self.standing_of(&record);
        let late = |s: &Subscription| {
            matches!(
                s.status,
                SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid | SubscriptionStatus::Incomplete
            )
        };
        let overdue = match &record.subscription {
            Some(subscription) if late(subscription) => {
                self.parts.store.overdue_invoice(self.organization.id, subscription.id.clone()).await?
            }
            _ => None,
        };
        let now = self.parts.clock.now();
        let pause = record.subscription.as_ref().and_then(|s| s.pause_at(now)).cloned();
        Ok(SubscriptionInfo { subscription: record.subscription, standing, overdue, pause })
    }

    /// Ends the subscription: with its period, or at once. One that is over, also for Stripe, is ended.
    ///
    /// Fails with `no_subscription` or `stripe_unavailable`.
    pub async fn cancel_subscription(&self, at_once: bool) -> Result<SubscriptionInfo> {
        let stripe = self.stripe()?;
        let subscription = self.own_subscription().await?;
        if subscription.status.is_final() {
            return self.subscription().await;
        }
        let id = &subscription.id;
        let outcome = if at_once {
            stripe.cancel(id).await
        } else {
            self.cancel_with_period(stripe, &subscription).await
        };
        match outcome {
            Err(error) if error.missing => {
                // Stripe has nothing of the kind: what is gone was cancelled.
                let gone =
                    self.parts.store.known_subscription(id.clone()).await?.map(SubscriptionSnapshot::ended);
                self.keep_answer(gone).await?;
            }
            outcome => self.keep_outcome(outcome).await?,
        }
        self.subscription().await
    }

    /// An end that is fixed already, and is not later, stays: somebody chose it.
    async fn cancel_with_period(
        &self,
        stripe: &StripeClient,
        subscription: &Subscription,
    ) -> StripeResult<SubscriptionSnapshot> {
        let id = &subscription.id;
        if subscription.ends_at().is_some() {
            let current = stripe.subscription(id).await?;
            let ends = current.ends_at().filter(|end| current.period_end.is_none_or(|period| *end <= period));
            if current.status.is_final() || ends.is_some() {
                return Ok(current);
            }
        }
        stripe.cancel_at_period_end(&self.operation("cancel"), id).await
    }

    /// Lets a subscription go on whose end was fixed: with its period or on a date, here or in Stripe.
    ///
    /// What Stripe has is looked at first: somebody may have cancelled in the portal a moment ago.
    ///
    /// Fails with `no_subscription`, `subscription_ended`, `not_resumed` or `stripe_unavailable`.
    pub async fn resume_subscription(&self) -> Result<SubscriptionInfo> {
        let stripe = self.stripe()?;
        let subscription = self.own_subscription().await?;
        let ended = || {
            let text = "the subscription has ended and cannot be resumed: buy a plan again";
            Error::new(ErrorKind::Conflict, text).with_code("subscription_ended")
        };
        if subscription.status.is_final() {
            return Err(ended());
        }
        let id = &subscription.id;
        let mut current = match stripe.subscription(id).await {
            Err(error) if error.missing => return Err(ended()),
            found => found.map_err(|error| error.error)?,
        };
        let mut outcome = Ok(());
        for _ in 0..CANCELLATIONS {
            let Some(cancellation) = current.cancellation() else { break };
            match stripe.clear_cancellation(&self.operation("resume"), id, cancellation).await {
                Ok(changed) => current = changed,
                Err(error) => {
                    outcome = Err(error.error);
                    break;
                }
            }
        }
        let (is_over, still_ends) = (current.status.is_final(), current.cancellation().is_some());
        // What was done is true, also if the rest failed.
        self.keep_answer(Some(current)).await?;
        outcome?;
        if is_over {
            return Err(ended());
        }
        if still_ends {
            let text = "Stripe does not let the subscription go on: resume it in the billing portal";
            return Err(Error::new(ErrorKind::Conflict, text).with_code("not_resumed"));
        }
        self.subscription().await
    }

    /// A page of the invoices, newest first, and how many there are in all. Pages count from 1.
    pub async fn invoices(&self, page: u64, limit: u64) -> Result<(Vec<Invoice>, u64)> {
        self.parts.store.invoices(self.organization.id, page.max(1), limit.clamp(1, MOST)).await
    }

    async fn own_subscription(&self) -> Result<Subscription> {
        self.parts.store.subscription(self.organization.id).await?.ok_or_else(|| {
            Error::not_found("there is no subscription: buy a plan first").with_code("no_subscription")
        })
    }

    /// Under what Stripe is asked: every call of ours is an operation of its own, its retries are not.
    fn operation(&self, kind: &str) -> String {
        format!("{kind}-{}", self.parts.clock.new_id())
    }

    /// What Stripe answers is true at once: the event of it comes later, and may be late.
    async fn keep_outcome(&self, outcome: StripeResult<SubscriptionSnapshot>) -> Result<()> {
        let answer = outcome.map_err(|error| error.error)?;
        self.keep_answer(Some(answer)).await
    }

    async fn keep_answer(&self, answer: Option<SubscriptionSnapshot>) -> Result<()> {
        let Some(answer) = answer else { return Ok(()) };
        let plans = self.parts.billing.plans.clone();
        self.parts.store.keep_subscription(self.organization.id, answer, plans).await
    }
}
