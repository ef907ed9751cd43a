//! Billing: from a plan that somebody wants to what they may use.
//!
//! `billing/webhooks.rs` lets Stripe's events in, `checkout.rs` sends people to Stripe's pages,
//! `subscription.rs` shows, cancels and resumes, `limits.rs` says what may be used, `sync.rs` compares with
//! Stripe, `events.rs` is for whoever looks after it. What Stripe's JSON means is in `crate::billing`, the
//! tables are in `store/billing_inbox.rs`, `store/subscriptions.rs` and `store/invoices.rs`.

mod checkout;
mod events;
mod limits;
mod subscription;
mod sync;
mod webhooks;

use std::sync::Arc;

use super::Engine;
use crate::billing::client::StripeClient;
use crate::clock::SharedClock;
use crate::config::{Config, PlansConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::net::Breaker;

pub use checkout::CheckoutRequest;
pub use events::StripeEvent;
pub use subscription::SubscriptionInfo;
pub use sync::{SyncProblem, SyncReport};
pub use webhooks::StripeRefused;

/// What billing needs.
pub(super) struct Billing {
    /// Absent where nothing is sold.
    stripe: Option<StripeClient>,
    plans: Arc<PlansConfig>,
}

impl Billing {
    pub(super) fn new(config: &Config, breaker: Arc<Breaker>, clock: SharedClock) -> Result<Self> {
        let stripe = StripeClient::new(&config.stripe, breaker, clock)?;
        Ok(Self { stripe, plans: Arc::new(config.plans.clone()) })
    }
}

impl Engine {
    fn stripe(&self) -> Result<&StripeClient> {
        self.parts.billing.stripe.as_ref().ok_or_else(|| {
            let text = "nothing is sold here: plans are the operator's to choose";
            Error::new(ErrorKind::Conflict, text).with_code("billing_not_configured")
        })
    }
}

#[cfg(test)]
mod tests;
