//! An invoice as Stripe tells of it, in an event or in a list.

use serde_json::Value;

use super::shape::{elements, first_reference, moment, organization, reference, text};

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Not final yet.
    Draft,
    /// To be paid.
    Open,
    /// Given up, though it may still be paid.
    Uncollectible,
    /// Taken back.
    Void,
    /// Paid.
    Paid,
}

impl InvoiceStatus {
    const ALL: [Self; 5] = [Self::Draft, Self::Open, Self::Uncollectible, Self::Void, Self::Paid];

    /// Stripe's word for it, which is the store's and the API's too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Uncollectible => "uncollectible",
            Self::Void => "void",
            Self::Paid => "paid",
        }
    }

    /// Reads a word.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// An invoice only moves to a higher rank, whatever order one hears of it in.
    pub fn rank(self) -> u8 {
        match self {
            Self::Draft => 0,
            Self::Open => 1,
            Self::Uncollectible => 2,
            Self::Void | Self::Paid => 3,
        }
    }
}

/// What an invoice was like at some time. Times are seconds since 1970, amounts in the smallest unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceSnapshot {
    /// Stripe's id of it.
    pub id: String,
    /// Who pays.
    pub customer: Option<String>,
    /// What for.
    pub subscription: Option<String>,
    /// Where it stood.
    pub status: InvoiceStatus,
    /// What was paid, or was to be paid.
    pub amount: i64,
    /// ISO 4217, in capitals.
    pub currency: String,
    /// Where it can be downloaded.
    pub pdf_url: Option<String>,
    /// Where it can be seen and paid.
    pub hosted_url: Option<String>,
    /// How often payment was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_attempt: Option<i64>,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// When it was made.
    pub created: Option<i64>,
    /// Until when what it is for is paid by it.
    pub period_end: Option<i64>,
    /// Whether somebody wrote it by hand: it is no bill of the subscription's own, even if it names one.
    pub one_off: bool,
    /// The organization that the subscription's metadata names.
    pub organization: Option<String>,
}

impl InvoiceSnapshot {
    /// Reads it; `None` if it has no id, as one has that is only to come.
    pub fn read(object: &Value) -> Option<Self> {
        let details = [&object["parent"]["subscription_details"], &object["subscription_details"]];
        let lines = elements(&object["lines"]);
        let of_line = |line: &Value| {
            first_reference([
                &line["parent"]["subscription_item_details"]["subscription"],
                &line["parent"]["invoice_item_details"]["subscription"],
                &line["subscription"],
            ])
        };
        let subscription = first_reference([&details[0]["subscription"], &object["subscription"]])
            .or_else(|| lines.iter().find_map(of_line));
        let status = status(object);
        let amounts: &[&str] = match status {
            InvoiceStatus::Paid => &["amount_paid", "total", "amount_due"],
            _ => &["amount_due", "total"],
        };
        let amount = amounts.iter().find_map(|key| object[*key].as_i64()).unwrap_or_default();
        Some(Self {
            id: reference(object)?,
            customer: reference(&object["customer"]),
            subscription,
            status,
            amount,
            currency: currency(&object["currency"]),
            pdf_url: address(&object["invoice_pdf"]),
            hosted_url: address(&object["hosted_invoice_url"]),
            attempts: object["attempt_count"].as_u64().map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX)),
            next_attempt: moment(&object["next_payment_attempt"]),
            paid_at: moment(&object["status_transitions"]["paid_at"]),
            // Before there was `created`, it was `date`.
            created: moment(&object["created"]).or_else(|| moment(&object["date"])),
            period_end: lines.iter().filter(|line| !is_proration(line)).filter_map(end_of).max(),
            one_off: text(&object["billing_reason"]) == Some("manual"),
            organization: details.iter().find_map(|details| organization(&details["metadata"])),
        })
    }
}

fn status(object: &Value) -> InvoiceStatus {
    if let Some(status) = text(&object["status"]).and_then(InvoiceStatus::from_stored) {
        return status;
    }
    // Before there was `status`, there were flags.
    if object["paid"] == true {
        return InvoiceStatus::Paid;
    }
    if object["forgiven"] == true { InvoiceStatus::Uncollectible } else { InvoiceStatus::Open }
}

fn end_of(line: &Value) -> Option<i64> {
    moment(&line["period"]["end"])
}

/// A line that settles what was paid too much or too little says nothing of what is paid from here on.
fn is_proration(line: &Value) -> bool {
    let places = ["subscription_item_details", "invoice_item_details"];
    line["proration"] == true || places.iter().any(|place| line["parent"][place]["proration"] == true)
}

fn currency(value: &Value) -> String {
    let letters = text(value).filter(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()));
    letters.unwrap_or("brl").to_ascii_uppercase()
}

/// An address that people may be shown: anything else could run in their browser.
fn address(value: &Value) -> Option<String> {
    text(value).filter(|url| url.starts_with("https://") && url.len() <= 2000).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_generations_say_the_same() {
        let old = json!({
            "id": "in_1", "customer": "cus_1", "subscription": "sub_1", "status": "paid", "paid": true,
            "amount_due": 4990, "amount_paid": 4990, "currency": "brl", "created": 1_790_000_000,
            "attempt_count": 1, "next_payment_attempt": null,
            "invoice_pdf": "https://pay.example.com/in_1/pdf", "hosted_invoice_url": "https://pay.example.com/in_1",
            "status_transitions": { "paid_at": 1_790_000_050 },
            "subscription_details": { "metadata": { "organizationId": "org" } },
            "lines": { "data": [{ "subscription": "sub_1", "period": { "start": 1, "end": 1_792_592_000 } }] },
        });
        let new = json!({
            "id": "in_1", "customer": { "id": "cus_1" }, "status": "paid",
            "parent": { "type": "subscription_details", "subscription_details": {
                "subscription": { "id": "sub_1" }, "metadata": { "organizationId": "org" } } },
            "amount_due": 4990, "amount_paid": 4990, "currency": "brl", "created": 1_790_000_000,
            "attempt_count": 1,
            "invoice_pdf": "https://pay.example.com/in_1/pdf", "hosted_invoice_url": "https://pay.example.com/in_1",
            "status_transitions": { "paid_at": 1_790_000_050 },
            "lines": { "data": [{
                "parent": { "subscription_item_details": { "subscription": "sub_1", "proration": false } },
                "period": { "start": 1, "end": 1_792_592_000 } }] },
        });
        let read = InvoiceSnapshot::read(&new).unwrap();
        assert_eq!(InvoiceSnapshot::read(&old).unwrap(), read);
        assert_eq!((read.amount, read.currency.as_str()), (4990, "BRL"));
        assert_eq!((read.subscription.as_deref(), read.period_end), (Some("sub_1"), Some(1_792_592_000)));
    }

    #[test]
    fn a_subscription_is_found_in_the_lines_too() {
        for line in [
            json!({ "subscription": "sub_1" }),
            json!({ "parent": { "subscription_item_details": { "subscription": "sub_1" } } }),
        ] {
            let object = json!({ "id": "in_1", "parent": null, "lines": { "data": [line] } });
            assert_eq!(InvoiceSnapshot::read(&object).unwrap().subscription.as_deref(), Some("sub_1"));
        }
    }

    #[test]
    fn flags_stand_for_a_status_that_is_missing() {
        let status = |object: Value| InvoiceSnapshot::read(&object).unwrap().status;
        assert_eq!(status(json!({ "id": "in_1", "paid": true })), InvoiceStatus::Paid);
        assert_eq!(status(json!({ "id": "in_1", "paid": false })), InvoiceStatus::Open);
        assert_eq!(status(json!({ "id": "in_1", "status": "void", "paid": true })), InvoiceStatus::Void);
        assert!(InvoiceSnapshot::read(&json!({ "object": "invoice" })).is_none(), "one that is to come");
    }

    #[test]
    fn an_address_that_could_run_is_left_out_and_so_are_prorations() {
        let read = InvoiceSnapshot::read(&json!({
            "id": "in_1", "hosted_invoice_url": "javascript:alert(1)", "currency": "reais",
            "lines": { "data": [
                { "proration": true, "period": { "end": 900 } },
                { "period": { "end": 500 } },
            ] },
        }));
        let read = read.unwrap();
        assert_eq!((read.hosted_url, read.period_end, read.currency.as_str()), (None, Some(500), "BRL"));
    }
}
