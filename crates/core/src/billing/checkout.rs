//! A checkout session as Stripe tells of it: the first word of who pays for which organization.

use serde_json::Value;

use super::shape::{organization, reference, text};

/// A checkout that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutSession {
    /// Stripe's id of it.
    pub id: String,
    /// Who pays.
    pub customer: Option<String>,
    /// What for; absent where it was not about a subscription.
    pub subscription: Option<String>,
    /// Whether the payment is done, or none is needed.
    pub settled: bool,
    /// The organization that it names; `None` too if it names two.
    pub organization: Option<String>,
}

impl CheckoutSession {
    /// Reads one that is about a subscription; `None` if it is about something else or has no id.
    pub fn read(object: &Value) -> Option<Self> {
        if object["mode"].as_str().is_some_and(|mode| mode != "subscription") {
            return None;
        }
        let named =
            [text(&object["client_reference_id"]).map(str::to_owned), organization(&object["metadata"])];
        let organization = match named {
            [Some(one), Some(other)] if one != other => None,
            [one, other] => one.or(other),
        };
        Some(Self {
            id: reference(object)?,
            customer: reference(&object["customer"]),
            subscription: reference(&object["subscription"]),
            settled: matches!(text(&object["payment_status"]), Some("paid" | "no_payment_required")),
            organization,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_subscriptions_count_and_who_names_two_names_none() {
        let session = json!({
            "id": "cs_1", "mode": "subscription", "customer": "cus_1", "subscription": { "id": "sub_1" },
            "payment_status": "paid", "client_reference_id": "org", "metadata": { "organizationId": "org" },
        });
        let read = CheckoutSession::read(&session).unwrap();
        assert_eq!((read.organization.as_deref(), read.settled), (Some("org"), true));
        let with = |key: &str, value: Value| {
            let mut session = session.clone();
            session[key] = value;
            CheckoutSession::read(&session)
        };
        assert_eq!(with("mode", json!("payment")), None);
        assert_eq!(with("client_reference_id", json!("other")).unwrap().organization, None);
        let from_metadata = with("client_reference_id", json!(null)).unwrap();
        assert_eq!(from_metadata.organization.as_deref(), Some("org"));
        assert!(!with("payment_status", json!("unpaid")).unwrap().settled);
        assert!(with("payment_status", json!("no_payment_required")).unwrap().settled);
    }
}
