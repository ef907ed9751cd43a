//! Billing: the subscription of a business, its invoices, the way to Stripe's pages, and the door for Stripe's
//! webhooks.

pub mod cancel_subscription;
pub mod create_checkout_session;
pub mod create_portal_session;
pub mod invoices;
pub mod receive;
pub mod resume_subscription;
pub mod subscription;

use agent_core::clock::format_timestamp;
use agent_core::engine::SubscriptionInfo;
use agent_core::model::{Invoice, PauseCollection, Subscription, SubscriptionStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of Stripe's to send somebody to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostedPageBody {
    /// Stripe's id of it.
    #[schema(example = "cs_test_a1")]
    session_id: String,
    /// Its address.
    #[schema(example = "https://checkout.stripe.com/c/pay/cs_test_a1")]
    url: String,
}

impl From<agent_core::billing::client::HostedPage> for HostedPageBody {
    fn from(page: agent_core::billing::client::HostedPage) -> Self {
        Self { session_id: page.id, url: page.url }
    }
}

/// Where a subscription stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatusBody {
    /// There never was one.
    Inactive,
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
    /// Over.
    Canceled,
    /// A word that this version does not know.
    Unknown,
}

impl From<SubscriptionStatus> for SubscriptionStatusBody {
    fn from(status: SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Incomplete => Self::Incomplete,
            SubscriptionStatus::IncompleteExpired => Self::IncompleteExpired,
            SubscriptionStatus::Trialing => Self::Trialing,
            SubscriptionStatus::Active => Self::Active,
            SubscriptionStatus::PastDue => Self::PastDue,
            SubscriptionStatus::Unpaid => Self::Unpaid,
            SubscriptionStatus::Paused => Self::Paused,
            SubscriptionStatus::Canceled => Self::Canceled,
            SubscriptionStatus::Unknown => Self::Unknown,
        }
    }
}

/// What a business pays for and what it has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionBody {
    /// Where the subscription stands.
    status: SubscriptionStatusBody,
    /// Id of the plan in force; null where the limits are the deployment's own.
    #[schema(example = "pro_monthly")]
    plan: Option<String>,
    /// Its tier.
    #[schema(example = "pro")]
    tier: String,
    /// What else the plan comes with.
    features: Vec<String>,
    /// When the period ends that is paid; RFC 3339, UTC.
    #[schema(format = DateTime)]
    current_period_end: Option<String>,
    /// Whether the subscription ends with it.
    cancel_at_period_end: bool,
    /// When the subscription ends, if its end is fixed: with the period or on a date of its own; RFC 3339, UTC.
    #[schema(format = DateTime)]
    cancel_at: Option<String>,
    /// When the trial ends, while there is one; RFC 3339, UTC.
    #[schema(format = DateTime)]
    trial_end: Option<String>,
    /// The pause in which no payments are collected, if there is one. The status stays as it is meanwhile; whether
    /// the plan is kept is for `stripe.pause_keeps_plan` to say.
    pause_collection: Option<PauseCollectionBody>,
    /// Until when the plan is kept although a payment is overdue; RFC 3339, UTC.
    #[schema(format = DateTime)]
    grace_ends_at: Option<String>,
    /// The invoice to pay, if a payment failed.
    overdue_invoice: Option<InvoiceBody>,
}

impl From<SubscriptionInfo> for SubscriptionBody {
    fn from(info: SubscriptionInfo) -> Self {
        let grace_ends_at = info.grace_ends().map(format_timestamp);
        let subscription = info.subscription.as_ref();
        // What has ended ends no more.
        let going_on = subscription.filter(|s| !s.status.is_final());
        Self {
            status: subscription.map_or(SubscriptionStatusBody::Inactive, |s| s.status.into()),
            plan: info.standing.plan,
            tier: info.standing.tier,
            features: info.standing.features,
            current_period_end: subscription.and_then(|s| s.period_end).map(format_timestamp),
            cancel_at_period_end: going_on.is_some_and(|s| s.cancel_at_period_end),
            cancel_at: going_on.and_then(Subscription::ends_at).map(format_timestamp),
            trial_end: going_on
                .filter(|s| s.status == SubscriptionStatus::Trialing)
                .and_then(|s| s.trial_end)
                .map(format_timestamp),
            pause_collection: info.pause.filter(|_| going_on.is_some()).map(PauseCollectionBody::from),
            grace_ends_at,
            overdue_invoice: info.overdue.map(InvoiceBody::from),
        }
    }
}

/// A pause in which no payments are collected.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseCollectionBody {
    /// What becomes of invoices meanwhile, in Stripe's word: `keep_as_draft`, `mark_uncollectible` or `void`.
    #[schema(example = "void")]
    behavior: String,
    /// When collection goes on by itself; null: when somebody resumes it. RFC 3339, UTC.
    #[schema(format = DateTime)]
    resumes_at: Option<String>,
}

impl From<PauseCollection> for PauseCollectionBody {
    fn from(pause: PauseCollection) -> Self {
        let resumes_at = pause.resumes().map(format_timestamp);
        Self { behavior: pause.behavior, resumes_at }
    }
}

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceBody {
    /// Stripe's id of it.
    #[schema(example = "in_1")]
    id: String,
    /// What was paid or is to be paid, in the smallest unit of the currency.
    amount: i64,
    /// ISO 4217.
    #[schema(example = "BRL")]
    currency: String,
    /// `draft`, `open`, `paid`, `void` or `uncollectible`.
    #[schema(example = "paid")]
    status: String,
    /// Where it can be downloaded.
    invoice_pdf_url: Option<String>,
    /// Where it can be seen and paid.
    hosted_invoice_url: Option<String>,
    /// How often payment was tried.
    attempts: u32,
    /// When it is tried again; RFC 3339, UTC.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// When it was paid; RFC 3339, UTC.
    #[schema(format = DateTime)]
    paid_at: Option<String>,
    /// When it was made; RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Invoice> for InvoiceBody {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id,
            amount: invoice.amount,
            currency: invoice.currency,
            status: invoice.status,
            invoice_pdf_url: invoice.pdf_url,
            hosted_invoice_url: invoice.hosted_url,
            attempts: invoice.attempts,
            next_attempt_at: invoice.next_attempt_at.map(format_timestamp),
            paid_at: invoice.paid_at.map(format_timestamp),
            created_at: format_timestamp(invoice.created_at),
        }
    }
}
