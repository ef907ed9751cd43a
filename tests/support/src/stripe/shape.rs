//! Subscriptions and invoices as Stripe writes them: before 2025-03 and since.

use serde_json::{Value, json};

/// A generation of Stripe's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Periods on the subscription, the subscription on the invoice, a flag for what is paid.
    Old,
    /// Periods on the items, the subscription in the invoice's parent, expanded objects, no flag.
    New,
}

/// A subscription's facts, whatever the shape. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionFacts {
    /// Its id.
    pub id: String,
    /// Who pays.
    pub customer: String,
    /// Where it stands.
    pub status: &'static str,
    /// What is paid for.
    pub price: String,
    /// Begin and end of the period.
    pub period: (i64, i64),
    /// Whether it ends with it.
    pub cancel_at_period_end: bool,
    /// The date on which it ends instead.
    pub cancel_at: Option<i64>,
    /// When somebody ended it.
    pub canceled_at: Option<i64>,
    /// When it was made.
    pub created: i64,
    /// What its metadata names.
    pub organization: Option<String>,
}

impl SubscriptionFacts {
    /// The object.
    pub fn write(&self, shape: Shape) -> Value {
        let metadata =
            self.organization.as_ref().map_or_else(|| json!({}), |id| json!({ "organizationId": id }));
        let (start, end) = self.period;
        let mut object = json!({
            "id": self.id,
            "object": "subscription",
            "status": self.status,
            "created": self.created,
            "cancel_at": self.cancel_at,
            "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": self.canceled_at,
            "metadata": metadata,
        });
        match shape {
            Shape::Old => {
                object["customer"] = json!(self.customer);
                object["current_period_start"] = json!(start);
                object["current_period_end"] = json!(end);
                object["plan"] = json!({ "id": self.price, "object": "plan" });
                object["items"] = json!({ "object": "list", "data": [{
                    "id": "si_1", "quantity": 1,
                    "plan": { "id": self.price, "object": "plan" },
                    "price": { "id": self.price, "object": "price" },
                }] });
            }
            Shape::New => {
                object["customer"] = json!({ "id": self.customer, "object": "customer", "email": null });
                object["billing_mode"] = json!({ "type": "flexible" });
                object["items"] = json!({ "object": "list", "has_more": false, "data": [{
                    "id": "si_1", "quantity": 1, "price": { "id": self.price, "object": "price" },
                    "current_period_start": start, "current_period_end": end,
                }] });
            }
        }
        object
    }
}

/// An invoice's facts, whatever the shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceFacts {
    /// Its id.
    pub id: String,
    /// Who pays.
    pub customer: String,
    /// What for.
    pub subscription: String,
    /// `open`, `paid`, `void`, …
    pub status: &'static str,
    /// In the smallest unit of the currency.
    pub amount: i64,
    /// Payments that were tried.
    pub attempts: u32,
    /// Begin and end of what it pays for.
    pub period: (i64, i64),
    /// When it was made.
    pub created: i64,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// What the subscription's metadata names.
    pub organization: Option<String>,
}

impl InvoiceFacts {
    /// The object.
    pub fn write(&self, shape: Shape) -> Value {
        let metadata =
            self.organization.as_ref().map_or_else(|| json!({}), |id| json!({ "organizationId": id }));
        let paid = self.status == "paid";
        let (start, end) = self.period;
        let mut object = json!({
            "id": self.id,
            "object": "invoice",
            "status": self.status,
            "amount_due": self.amount,
            "amount_paid": if paid { self.amount } else { 0 },
            "total": self.amount,
            "currency": "brl",
            "created": self.created,
            "attempt_count": self.attempts,
            "next_payment_attempt": null,
            "hosted_invoice_url": format!("https://invoice.example.com/{}", self.id),
            "invoice_pdf": format!("https://invoice.example.com/{}/pdf", self.id),
            "status_transitions": { "paid_at": self.paid_at },
        });
        let period = json!({ "start": start, "end": end });
        match shape {
            Shape::Old => {
                object["customer"] = json!(self.customer);
                object["paid"] = json!(paid);
                object["subscription"] = json!(self.subscription);
                object["subscription_details"] = json!({ "metadata": metadata });
                object["lines"] = json!({ "object": "list", "data": [
                    { "id": "il_1", "subscription": self.subscription, "proration": false, "period": period },
                ] });
            }
            Shape::New => {
                object["customer"] = json!({ "id": self.customer, "object": "customer" });
                object["parent"] = json!({ "type": "subscription_details", "subscription_details": {
                    "subscription": self.subscription, "metadata": metadata } });
                object["lines"] = json!({ "object": "list", "data": [{
                    "id": "il_1", "period": period,
                    "parent": { "type": "subscription_item_details", "subscription_item_details": {
                        "subscription": self.subscription, "proration": false } },
                }] });
            }
        }
        object
    }
}
