//! A subscription as Stripe tells of it, in an event or in an answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shape::{elements, first_reference, moment, organization, reference, text};
use crate::model::{PauseCollection, SubscriptionStatus};

/// What a subscription was like at some time. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionSnapshot {
    /// Stripe's id of it.
    pub id: String,
    /// Who pays.
    pub customer: Option<String>,
    /// Where it stood.
    pub status: SubscriptionStatus,
    /// What is paid for, by price (or by plan, before there were prices).
    pub prices: Vec<String>,
    /// Begin of the period.
    pub period_start: Option<i64>,
    /// End of the period: the earliest, where items differ.
    pub period_end: Option<i64>,
    /// The flag that it ends with its period, as Stripe has it: the date alone can say the same, see
    /// [`ends_with_period`](Self::ends_with_period).
    pub cancel_at_period_end: bool,
    /// The date on which it is to end, as Stripe has it.
    pub cancel_at: Option<i64>,
    /// Whether, and how, the collection of payments is paused.
    #[serde(default)]
    pub pause_collection: Option<PauseCollection>,
    /// When the trial ends, if it has or had one.
    #[serde(default)]
    pub trial_end: Option<i64>,
    /// When somebody ended it.
    pub canceled_at: Option<i64>,
    /// When it was made.
    pub created: Option<i64>,
    /// The organization that its metadata names.
    pub organization: Option<String>,
}

impl SubscriptionSnapshot {
    /// Reads it; `None` if it has no id.
    pub fn read(object: &Value) -> Option<Self> {
        let items = elements(&object["items"]);
        // Since 2025-03 the period is the items'; before, it was the subscription's.
        let earliest = |key: &str| items.iter().filter_map(|item| moment(&item[key])).min();
        let period = |key: &str| earliest(key).or_else(|| moment(&object[key]));
        let sold_as = |item: &Value| first_reference([&item["price"], &item["plan"]]);
        let mut prices: Vec<String> = items.iter().filter_map(sold_as).collect();
        if prices.is_empty() {
            prices.extend(reference(&object["plan"]));
        }
        Some(Self {
            id: reference(object)?,
            customer: reference(&object["customer"]),
            status: SubscriptionStatus::read(text(&object["status"]).unwrap_or_default()),
            prices,
            period_start: period("current_period_start"),
            period_end: period("current_period_end"),
            cancel_at_period_end: object["cancel_at_period_end"].as_bool().unwrap_or(false),
            cancel_at: moment(&object["cancel_at"]),
            pause_collection: pause_collection(&object["pause_collection"]),
            trial_end: moment(&object["trial_end"]),
            canceled_at: moment(&object["canceled_at"]),
            created: moment(&object["created"]).or_else(|| moment(&object["start_date"])),
            organization: organization(&object["metadata"]),
        })
    }

    /// Whether it ends with its period: by the flag, or by a date that is the period's end, which is how
    /// Stripe's portal cancels a subscription of flexible billing.
    pub fn ends_with_period(&self) -> bool {
        self.cancel_at_period_end || (self.period_end.is_some() && self.cancel_at == self.period_end)
    }

    /// When it is to end, if it is.
    pub fn ends_at(&self) -> Option<i64> {
        let period_end = self.period_end.filter(|_| self.cancel_at_period_end);
        self.cancel_at.or(period_end)
    }

    /// What stands in the way of its going on, and has to be cleared first: Stripe takes one of the two in a
    /// call, and clearing one need not clear the other.
    pub fn cancellation(&self) -> Option<Cancellation> {
        match self {
            _ if self.status.is_final() => None,
            Self { cancel_at_period_end: true, .. } => Some(Cancellation::AtPeriodEnd),
            Self { cancel_at: Some(_), .. } => Some(Cancellation::AtDate),
            _ => None,
        }
    }

    /// The same, ended: what an event says that tells of its end, whatever its object says.
    #[must_use]
    pub fn ended(self) -> Self {
        let status = if self.status.is_final() { self.status } else { SubscriptionStatus::Canceled };
        Self { status, ..self }
    }
}

/// How the end of a subscription is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// By the flag `cancel_at_period_end`.
    AtPeriodEnd,
    /// By the date `cancel_at`.
    AtDate,
}

/// A pause is told by an object; of a kind that this version does not know, it is a pause all the same.
fn pause_collection(object: &Value) -> Option<PauseCollection> {
    object.is_object().then(|| PauseCollection {
        behavior: text(&object["behavior"]).unwrap_or("unknown").to_owned(),
        resumes_at: moment(&object["resumes_at"]),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_generations_say_the_same() {
        let old = json!({
            "id": "sub_1", "customer": "cus_1", "status": "active", "created": 1_790_000_000,
            "current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000,
            "cancel_at_period_end": true, "canceled_at": 1_790_000_100, "cancel_at": null,
            "items": { "data": [{ "id": "si_1", "plan": { "id": "price_pro" }, "price": { "id": "price_pro" } }] },
            "plan": { "id": "price_pro" },
            "metadata": { "organizationId": "org" },
        });
        let new = json!({
            "id": "sub_1", "customer": { "id": "cus_1", "object": "customer" }, "status": "active",
            "created": 1_790_000_000, "cancel_at_period_end": true, "canceled_at": 1_790_000_100,
            "items": { "data": [{
                "id": "si_1", "price": { "id": "price_pro" },
                "current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000,
            }] },
            "metadata": { "organizationId": "org" },
        });
        let read = SubscriptionSnapshot::read(&new).unwrap();
        assert_eq!(SubscriptionSnapshot::read(&old).unwrap(), read);
        assert_eq!(read.prices, ["price_pro"]);
        assert_eq!((read.period_end, read.cancel_at_period_end), (Some(1_792_592_000), true));
        // Both shapes at once: the new place counts.
        let mut mixed = new.clone();
        mixed["current_period_end"] = json!(1);
        assert_eq!(SubscriptionSnapshot::read(&mixed).unwrap(), read);
    }

    #[test]
    fn of_several_items_the_earliest_end_counts() {
        let item = |price: &str, end: i64| json!({ "price": price, "current_period_end": end });
        let object =
            json!({ "id": "sub_1", "items": { "data": [item("price_a", 30), item("price_b", 20)] } });
        let read = SubscriptionSnapshot::read(&object).unwrap();
        assert_eq!(
            (read.period_end, read.prices),
            (Some(20), vec!["price_a".to_owned(), "price_b".to_owned()])
        );
    }

    #[test]
    fn what_is_missing_or_null_is_not_there() {
        let read = SubscriptionSnapshot::read(&json!({
            "id": "sub_1", "customer": null, "metadata": null, "items": null, "plan": null, "status": null,
        }));
        let read = read.unwrap();
        assert_eq!((read.customer, read.organization, read.prices.len()), (None, None, 0));
        assert_eq!(read.status, SubscriptionStatus::Unknown);
        assert!(SubscriptionSnapshot::read(&json!({ "status": "active" })).is_none());
        assert!(SubscriptionSnapshot::read(&json!("sub_1")).is_some_and(|read| read.prices.is_empty()));
    }

    #[test]
    fn a_date_that_is_the_end_of_the_period_is_the_flag() {
        let object = json!({ "id": "sub_1", "cancel_at_period_end": false, "cancel_at": 50,
            "items": { "data": [{ "price": "p", "current_period_end": 50 }] } });
        let read = SubscriptionSnapshot::read(&object).unwrap();
        assert_eq!((read.ends_with_period(), read.ends_at()), (true, Some(50)));
        assert_eq!(read.cancellation(), Some(Cancellation::AtDate), "what is to be cleared is the date");
        let flag = SubscriptionSnapshot { cancel_at: None, cancel_at_period_end: true, ..read.clone() };
        assert_eq!((flag.ends_at(), flag.cancellation()), (Some(50), Some(Cancellation::AtPeriodEnd)));
        let other_day = SubscriptionSnapshot { cancel_at: Some(20), ..read };
        assert_eq!((other_day.ends_with_period(), other_day.ends_at()), (false, Some(20)));
    }

    #[test]
    fn a_pause_of_collection_is_read_whatever_its_behavior() {
        let read = |pause: Value| {
            SubscriptionSnapshot::read(&json!({ "id": "sub_1", "pause_collection": pause })).unwrap()
        };
        let paused = read(json!({ "behavior": "keep_as_draft", "resumes_at": 70 })).pause_collection.unwrap();
        assert_eq!((paused.behavior.as_str(), paused.resumes_at), ("keep_as_draft", Some(70)));
        assert_eq!(read(json!({ "behavior": "void" })).pause_collection.unwrap().resumes_at, None);
        assert!(read(json!({})).pause_collection.is_some());
        assert!(read(json!(null)).pause_collection.is_none());
    }
}
