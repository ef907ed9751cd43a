//! The events of a subscription's life, as Stripe tells of them.

use serde_json::{Value, json};

use super::shape::{InvoiceFacts, Shape, SubscriptionFacts};

/// A month, more or less, and a day.
const MONTH: i64 = 30 * DAY;
const DAY: i64 = 24 * 3600;

/// An event as Stripe posts it.
pub fn event(id: &str, kind: &str, created: i64, object: &Value) -> Value {
    json!({
        "id": id,
        "object": "event",
        "api_version": null,
        "created": created,
        "type": kind,
        "livemode": false,
        "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null },
        "data": { "object": object },
    })
}

/// Who lives, and how it is told.
#[derive(Debug, Clone)]
pub struct Life {
    /// How objects are written.
    pub shape: Shape,
    /// Part of every id.
    pub name: String,
    /// What metadata names.
    pub organization: String,
    /// What is bought first, and what later.
    pub prices: [String; 2],
    /// When it begins, in seconds since 1970.
    pub begun: i64,
    /// Whether it ends.
    pub ends: bool,
    /// Whether two of its changes are of one second, so that events alone cannot tell which was the last.
    pub ties: bool,
}

impl Life {
    /// Id of the subscription.
    pub fn subscription(&self) -> String {
        format!("sub_{}", self.name)
    }

    /// Id of the customer.
    pub fn customer(&self) -> String {
        format!("cus_{}", self.name)
    }

    fn facts(&self, status: &'static str, months: i64, price: usize) -> SubscriptionFacts {
        SubscriptionFacts {
            id: self.subscription(),
            customer: self.customer(),
            status,
            price: self.prices[price].clone(),
            period: (self.begun + months * MONTH, self.begun + (months + 1) * MONTH),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            created: self.begun,
            organization: Some(self.organization.clone()),
        }
    }

    fn invoice(
        &self,
        number: i64,
        status: &'static str,
        attempts: u32,
        paid_at: Option<i64>,
    ) -> InvoiceFacts {
        let made = self.begun + number * MONTH;
        InvoiceFacts {
            id: format!("in_{}_{number}", self.name),
            customer: self.customer(),
            subscription: self.subscription(),
            status,
            amount: 4990,
            attempts,
            period: (made, made + MONTH),
            created: made,
            paid_at,
            organization: Some(self.organization.clone()),
        }
    }

    /// How the subscription is in the end.
    pub fn outcome(&self) -> SubscriptionFacts {
        let leaving = SubscriptionFacts {
            cancel_at_period_end: true,
            canceled_at: Some(self.begun + MONTH + 8 * DAY),
            ..self.facts("active", 1, 1)
        };
        if self.ends { SubscriptionFacts { status: "canceled", ..leaving } } else { leaving }
    }

    /// Its ten events in order: bought, paid, renewed in vain, changed, paid late, and cancelled or ended.
    /// Some are of one second.
    pub fn events(&self) -> Vec<Value> {
        let (begun, renewed) = (self.begun, self.begun + MONTH);
        let session = json!({
            "id": format!("cs_{}", self.name), "object": "checkout.session", "mode": "subscription",
            "customer": self.customer(), "subscription": self.subscription(), "payment_status": "paid",
            "client_reference_id": self.organization, "metadata": { "organizationId": self.organization },
        });
        let subscription = |facts: &SubscriptionFacts| facts.write(self.shape);
        let invoice = |facts: &InvoiceFacts| facts.write(self.shape);
        let first = self.invoice(0, "paid", 1, Some(begun + 2));
        let failed = self.invoice(1, "open", 1, None);
        let recovered = self.invoice(1, "paid", 2, Some(renewed + 3 * DAY));
        let updated = "customer.subscription.updated";
        let outcome = self.outcome();
        let (last, last_at) = if self.ends {
            ("customer.subscription.deleted", begun + 2 * MONTH)
        } else {
            (updated, renewed + 8 * DAY)
        };
        let told = [
            ("customer.subscription.created", begun, subscription(&self.facts("incomplete", 0, 0))),
            ("invoice.paid", begun + 2, invoice(&first)),
            (updated, begun + 2, subscription(&self.facts("active", 0, 0))),
            ("checkout.session.completed", begun + 3, session),
            // Failed and told in one second, the subscription twice.
            ("invoice.payment_failed", renewed, invoice(&failed)),
            (updated, renewed, subscription(&self.facts("past_due", 1, 0))),
            (updated, renewed + i64::from(!self.ties), subscription(&self.facts("past_due", 1, 1))),
            ("invoice.paid", renewed + 3 * DAY, invoice(&recovered)),
            (updated, renewed + 3 * DAY, subscription(&self.facts("active", 1, 1))),
            (last, last_at, subscription(&outcome)),
        ];
        let numbered = told.into_iter().enumerate();
        numbered
            .map(|(number, (kind, created, object))| {
                event(&format!("evt_{}_{number}", self.name), kind, created, &object)
            })
            .collect()
    }

    /// What Stripe has of it in the end.
    pub fn invoices(&self) -> Vec<InvoiceFacts> {
        let renewed = self.begun + MONTH;
        vec![
            self.invoice(0, "paid", 1, Some(self.begun + 2)),
            self.invoice(1, "paid", 2, Some(renewed + 3 * DAY)),
        ]
    }
}
