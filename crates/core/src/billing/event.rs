//! An event of Stripe's: what happened, when, and to what.
//!
//! Pure. Which version it was written in is not looked at, only what it looks like; a kind that means
//! nothing to us is [`Subject::Ignored`], and so is whatever comes next year.

use serde_json::Value;

use super::shape::{reference, text};
use super::{CheckoutSession, InvoiceSnapshot, InvoiceStatus, SubscriptionSnapshot};

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Stripe's id of it: the same when it is sent again.
    pub id: String,
    /// Its kind, as `invoice.paid`.
    pub kind: String,
    /// When it happened, in seconds since 1970.
    pub created: i64,
    /// Whether it is about real money; absent if it does not say.
    pub livemode: Option<bool>,
    /// The connected account that it is about; it is none of ours then.
    pub account: Option<String>,
    /// What it is about.
    pub subject: Subject,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A subscription that was made or changed.
    Subscription(Box<SubscriptionSnapshot>),
    /// A checkout that came to an end.
    Checkout(CheckoutSession),
    /// An invoice, and what became of it.
    Invoice(InvoiceNews, Box<InvoiceSnapshot>),
    /// Nothing that matters here.
    Ignored,
    /// It ought to matter, and cannot be read.
    Unreadable,
}

/// What became of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceNews {
    /// It is paid.
    Paid,
    /// A payment failed.
    Failed,
    /// Somebody has to confirm the payment at their bank.
    ActionRequired,
    /// Something else: it became final, was given up or taken back.
    Changed,
}

/// Why a body is not an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEvent {
    /// It is not JSON, or has no id, kind and time.
    Malformed,
    /// It is one of the events that say only where to look: the endpoint is set up for the wrong kind.
    Thin,
}

impl Event {
    /// Reads a body whose signature is good.
    pub fn read(body: &[u8]) -> Result<Self, NoEvent> {
        let event: Value = serde_json::from_slice(body).map_err(|_| NoEvent::Malformed)?;
        if event["object"].as_str().is_some_and(|object| object.starts_with("v2.")) {
            return Err(NoEvent::Thin);
        }
        let kind = text(&event["type"]).filter(|kind| kind.len() <= 200).ok_or(NoEvent::Malformed)?;
        Ok(Self {
            id: event["id"].as_str().and(reference(&event)).ok_or(NoEvent::Malformed)?,
            kind: kind.to_owned(),
            created: event["created"].as_i64().filter(|created| *created >= 0).ok_or(NoEvent::Malformed)?,
            livemode: event["livemode"].as_bool(),
            account: reference(&event["account"]),
            subject: Subject::read(kind, &event["data"]["object"]),
        })
    }

    /// A word for the kind that counts and logs may use: there are not more than a few.
    pub fn label(&self) -> &'static str {
        KINDS.iter().find(|kind| **kind == self.kind).copied().unwrap_or("other")
    }
}

/// The kinds that matter.
const KINDS: [&str; 16] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.voided",
    "checkout.session.expired",
];

impl Subject {
    /// Stripe's ids of the customer and the subscription that it is about.
    pub fn whom(&self) -> (Option<&str>, Option<&str>) {
        let (customer, subscription) = match self {
            Self::Subscription(snapshot) => (&snapshot.customer, Some(&snapshot.id)),
            Self::Checkout(session) => (&session.customer, session.subscription.as_ref()),
            Self::Invoice(_, invoice) => (&invoice.customer, invoice.subscription.as_ref()),
            Self::Ignored | Self::Unreadable => (&None, None),
        };
        (customer.as_deref(), subscription.map(String::as_str))
    }

    fn read(kind: &str, object: &Value) -> Self {
        let subscription = || SubscriptionSnapshot::read(object);
        let found = match kind {
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                if object["mode"].as_str().is_some_and(|mode| mode != "subscription") {
                    return Self::Ignored;
                }
                let read = CheckoutSession::read(object);
                read.map(|session| {
                    // That the payment came is what this kind says.
                    let settled = session.settled || kind.ends_with("async_payment_succeeded");
                    Self::Checkout(CheckoutSession { settled, ..session })
                })
            }
            "customer.subscription.created"
            | "customer.subscription.updated"
            | "customer.subscription.paused"
            | "customer.subscription.resumed" => subscription().map(|s| Self::Subscription(Box::new(s))),
            "customer.subscription.deleted" => {
                subscription().map(|s| Self::Subscription(Box::new(s.ended())))
            }
            "invoice.paid" | "invoice.payment_succeeded" => invoice(InvoiceNews::Paid, object),
            "invoice.payment_failed" => invoice(InvoiceNews::Failed, object),
            "invoice.payment_action_required" => invoice(InvoiceNews::ActionRequired, object),
            "invoice.finalized" => invoice(InvoiceNews::Changed, object),
            "invoice.marked_uncollectible" => changed(InvoiceStatus::Uncollectible, object),
            "invoice.voided" => changed(InvoiceStatus::Void, object),
            _ => return Self::Ignored,
        };
        found.unwrap_or(Self::Unreadable)
    }
}

fn invoice(news: InvoiceNews, object: &Value) -> Option<Subject> {
    let mut invoice = InvoiceSnapshot::read(object)?;
    if news == InvoiceNews::Paid {
        // The kind says so, whatever the object's shape has room for.
        invoice.status = InvoiceStatus::Paid;
    }
    Some(Subject::Invoice(news, Box::new(invoice)))
}

fn changed(status: InvoiceStatus, object: &Value) -> Option<Subject> {
    let invoice = InvoiceSnapshot { status, ..InvoiceSnapshot::read(object)? };
    Some(Subject::Invoice(InvoiceNews::Changed, Box::new(invoice)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::SubscriptionStatus;

    fn event(kind: &str, object: &Value) -> Event {
        let event = json!({
            "id": "evt_1", "object": "event", "type": kind, "created": 1_790_000_000, "livemode": false,
            "api_version": null, "data": { "object": object },
        });
        Event::read(event.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_kind_says_what_its_object_does_not() {
        let deleted = event("customer.subscription.deleted", &json!({ "id": "sub_1", "status": "active" }));
        let Subject::Subscription(snapshot) = deleted.subject else { panic!("{deleted:?}") };
        assert_eq!(snapshot.status, SubscriptionStatus::Canceled);
        let paid = event("invoice.paid", &json!({ "id": "in_1" }));
        let Subject::Invoice(InvoiceNews::Paid, invoice) = paid.subject else { panic!("{paid:?}") };
        assert_eq!(invoice.status, InvoiceStatus::Paid);
        let session = json!({ "id": "cs_1", "mode": "subscription", "payment_status": "unpaid" });
        let late = event("checkout.session.async_payment_succeeded", &session);
        let Subject::Checkout(session) = late.subject else { panic!("{late:?}") };
        assert!(session.settled);
    }

    #[test]
    fn what_does_not_matter_is_ignored_and_what_should_and_cannot_be_read_is_told_apart() {
        let nothing = json!({ "id": "x_1" });
        for kind in [
            "charge.refunded",
            "invoice.upcoming",
            "checkout.session.expired",
            "brand.new.kind",
            "checkout.session.async_payment_failed",
            "customer.subscription.trial_will_end",
        ] {
            assert_eq!(event(kind, &nothing).subject, Subject::Ignored, "{kind}");
        }
        let payment = json!({ "id": "cs_1", "mode": "payment" });
        assert_eq!(event("checkout.session.completed", &payment).subject, Subject::Ignored);
        for kind in ["customer.subscription.updated", "invoice.paid", "checkout.session.completed"] {
            for object in [json!(null), json!({}), json!([]), json!(7)] {
                assert_eq!(event(kind, &object).subject, Subject::Unreadable, "{kind} {object}");
            }
        }
    }

    #[test]
    fn what_is_no_event_is_told_from_what_is_thin() {
        let read = |body: &str| Event::read(body.as_bytes()).unwrap_err();
        for body in [
            "",
            "{",
            "[]",
            "null",
            "{}",
            r#"{"id":"evt_1","type":"x"}"#,
            r#"{"id":7,"type":"x","created":1}"#,
            r#"{"id":"evt_1","type":"","created":1}"#,
            r#"{"id":"evt 1","type":"x","created":1}"#,
            r#"{"id":"evt_1","type":"x","created":"1"}"#,
        ] {
            assert_eq!(read(body), NoEvent::Malformed, "{body}");
        }
        assert_eq!(
            read(r#"{"object":"v2.core.event","id":"evt_1","type":"x","created":"2026"}"#),
            NoEvent::Thin
        );
    }

    #[test]
    fn connected_accounts_and_modes_are_seen() {
        let body = json!({ "id": "evt_1", "type": "x", "created": 1, "livemode": true, "account": "acct_1" });
        let read = Event::read(body.to_string().as_bytes()).unwrap();
        assert_eq!((read.livemode, read.account.as_deref()), (Some(true), Some("acct_1")));
        assert_eq!(read.label(), "other");
    }
}
