//! What is known of a subscription and its invoices, whoever sells them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The first payment is awaited.
    Incomplete,
    /// The first payment never came.
    IncompleteExpired,
    /// In use, nothing to pay yet.
    Trialing,
    /// In use and paid for.
    Active,
    /// A payment failed and is tried again.
    PastDue,
    /// Payments failed and are not tried any more.
    Unpaid,
    /// Set aside.
    Paused,
    /// Over for good.
    Canceled,
    /// A word that this version does not know.
    Unknown,
}

impl SubscriptionStatus {
    const ALL: [Self; 9] = [
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Trialing,
        Self::Active,
        Self::PastDue,
        Self::Unpaid,
        Self::Paused,
        Self::Canceled,
        Self::Unknown,
    ];

    /// Stripe's word for it, which is the store's and the API's too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a word; one from the future is [`Self::Unknown`].
    pub fn read(text: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == text).unwrap_or(Self::Unknown)
    }

    /// Whether nothing can come after it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }

    /// Of several subscriptions of an organization, the one with the highest rank is the one that counts.
    pub fn rank(self) -> u8 {
        match self {
            Self::Active | Self::Trialing => 3,
            Self::PastDue => 2,
            Self::Incomplete | Self::Unpaid | Self::Paused | Self::Unknown => 1,
            Self::IncompleteExpired | Self::Canceled => 0,
        }
    }
}

/// A subscription of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Stripe's id of it.
    pub id: String,
    /// Stripe's id of who pays.
    pub customer: String,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// Stripe's ids of what is paid for.
    pub prices: Vec<String>,
    /// Since when the current period runs.
    pub period_start: Option<DateTime<Utc>>,
    /// When it ends, and the next payment is due.
    pub period_end: Option<DateTime<Utc>>,
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
    /// The date on which it is to end, if it has one.
    pub cancel_at: Option<DateTime<Utc>>,
    /// Whether, and how, the collection of payments is paused.
    pub pause_collection: Option<PauseCollection>,
    /// When the trial ends, if it has or had one.
    pub trial_end: Option<DateTime<Utc>>,
    /// When somebody ended it.
    pub canceled_at: Option<DateTime<Utc>>,
    /// Since when a payment is overdue, if one is.
    pub past_due_since: Option<DateTime<Utc>>,
}

impl Subscription {
    /// When it ends, if its end is fixed: on a date of its own, or with its period.
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.cancel_at.or(self.period_end.filter(|_| self.cancel_at_period_end))
    }

    /// The pause of collection that is in force at `now`. One with a date ends by itself, whether or not the
    /// word of it has come yet.
    pub fn pause_at(&self, now: DateTime<Utc>) -> Option<&PauseCollection> {
        let over = |until: i64| until <= now.timestamp();
        self.pause_collection.as_ref().filter(|pause| !pause.resumes_at.is_some_and(over))
    }
}

/// A pause in which no payments are collected. The subscription stays as it is meanwhile, `active` mostly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PauseCollection {
    /// What becomes of invoices meanwhile, in Stripe's word: `keep_as_draft`, `mark_uncollectible` or `void`.
    pub behavior: String,
    /// When collection goes on by itself, in seconds since 1970; `None`: when somebody resumes it.
    pub resumes_at: Option<i64>,
}

impl PauseCollection {
    /// When collection goes on by itself.
    pub fn resumes(&self) -> Option<DateTime<Utc>> {
        self.resumes_at.and_then(|at| DateTime::from_timestamp(at, 0))
    }
}

/// An invoice of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// Stripe's id of it.
    pub id: String,
    /// Stripe's id of the subscription it is for, if it is for one.
    pub subscription: Option<String>,
    /// What was paid, or is to be paid, in the smallest unit of the currency.
    pub amount: i64,
    /// ISO 4217, in capitals.
    pub currency: String,
    /// `draft`, `open`, `paid`, `void` or `uncollectible`.
    pub status: String,
    /// Where it can be downloaded.
    pub pdf_url: Option<String>,
    /// Where it can be seen and paid.
    pub hosted_url: Option<String>,
    /// How often payment was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_was_written_and_one_from_the_future_opens_nothing() {
        for status in SubscriptionStatus::ALL {
            assert_eq!(SubscriptionStatus::read(status.as_str()), status);
        }
        let future = SubscriptionStatus::read("hibernating");
        assert_eq!((future, future.is_final(), future.rank()), (SubscriptionStatus::Unknown, false, 1));
    }
}
