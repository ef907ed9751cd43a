//! Subscriptions: what Stripe said last of each, and what follows from it for its business.
//!
//! What is kept as said (`snapshot`) and what follows from it and from the invoices (the other columns) are
//! written together. Which of two accounts counts is decided in `billing/order.rs`, what a business may use
//! in `billing/plans.rs`; the one column here that knows of plans is a business's tier, for whoever reads
//! the table.

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::inbox::Desk;
use super::{Store, billing_links, invoices, rows};
use crate::billing::SubscriptionSnapshot;
use crate::billing::order::{Known, effective};
use crate::clock::format_timestamp;
use crate::config::{FREE, PlansConfig};
use crate::error::{Error, Result};
use crate::model::{OrganizationId, Subscription, SubscriptionStatus};

/// Columns of a subscription, of `subscriptions s`; see [`read`].
pub(super) const COLUMNS: &str = "s.stripe_subscription_id AS subscription_id,
    s.stripe_customer_id AS subscription_customer, s.status AS own_status, s.prices AS prices,
    s.current_period_start AS current_period_start, s.current_period_end AS current_period_end,
    s.cancel_at_period_end AS cancel_at_period_end, s.cancel_at AS cancel_at, s.canceled_at AS canceled_at,
    s.past_due_since AS past_due_since, s.pause_collection AS pause_collection, s.trial_end AS trial_end";

/// Reads the columns; `None` where an outer join found none.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<Subscription>> {
    let Some(id) = row.get("subscription_id")? else { return Ok(None) };
    let status: String = row.get("own_status")?;
    Ok(Some(Subscription {
        id,
        customer: row.get("subscription_customer")?,
        status: SubscriptionStatus::read(&status),
        prices: rows::json(row, "prices")?,
        period_start: rows::parsed_opt(row, "current_period_start")?,
        period_end: rows::parsed_opt(row, "current_period_end")?,
        cancel_at_period_end: row.get("cancel_at_period_end")?,
        cancel_at: rows::parsed_opt(row, "cancel_at")?,
        pause_collection: rows::json(row, "pause_collection")?,
        trial_end: rows::parsed_opt(row, "trial_end")?,
        canceled_at: rows::parsed_opt(row, "canceled_at")?,
        past_due_since: rows::parsed_opt(row, "past_due_since")?,
    }))
}

/// What is kept of a subscription, and whose it is.
pub(super) fn known(c: &Connection, id: &str) -> Result<Option<(OrganizationId, Known)>> {
    let sql = "SELECT organization_id, snapshot, event_created, fetched_at FROM subscriptions
               WHERE stripe_subscription_id = ?1";
    let read = |row: &Row<'_>| {
        let known = Known {
            snapshot: rows::json(row, "snapshot")?,
            event_created: row.get("event_created")?,
            fetched_at: row.get("fetched_at")?,
        };
        Ok((rows::parsed(row, "organization_id")?, known))
    };
    Ok(c.prepare_cached(sql)?.query_row([id], read).optional()?)
}

/// Keeps an account of a subscription, and draws the consequences. Whose it is stays as it was, if it was
/// known.
pub(super) fn keep(
    desk: &Desk<'_>,
    organization: OrganizationId,
    account: &Known,
    plans: &PlansConfig,
) -> Result<()> {
    let snapshot = &account.snapshot;
    let text = serde_json::to_string(snapshot)
        .map_err(|e| Error::internal("a subscription cannot be written as JSON").with_source(e))?;
    let prices = serde_json::to_string(&snapshot.prices)
        .map_err(|e| Error::internal("prices cannot be written as JSON").with_source(e))?;
    let pause = serde_json::to_string(&snapshot.pause_collection)
        .map_err(|e| Error::internal("a pause cannot be written as JSON").with_source(e))?;
    let sql = "INSERT INTO subscriptions (id, organization_id, stripe_subscription_id, stripe_customer_id, snapshot,
                                          event_created, fetched_at, status, prices, current_period_start,
                                          cancel_at_period_end, cancel_at, canceled_at, started,
                                          pause_collection, trial_end, created_at, updated_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17)
               ON CONFLICT (stripe_subscription_id) DO UPDATE SET
                 stripe_customer_id = CASE WHEN excluded.stripe_customer_id = '' THEN stripe_customer_id
                                           ELSE excluded.stripe_customer_id END,
                 snapshot = excluded.snapshot, event_created = excluded.event_created,
                 fetched_at = excluded.fetched_at, prices = excluded.prices,
                 current_period_start = excluded.current_period_start,
                 cancel_at_period_end = excluded.cancel_at_period_end, cancel_at = excluded.cancel_at,
                 canceled_at = excluded.canceled_at, started = excluded.started,
                 pause_collection = excluded.pause_collection, trial_end = excluded.trial_end,
                 updated_at = excluded.updated_at";
    desk.connection.prepare_cached(sql)?.execute(params![
        desk.clock.new_id().to_string(),
        organization.to_string(),
        snapshot.id,
        snapshot.customer.as_deref().unwrap_or_default(),
        text,
        account.event_created,
        account.fetched_at,
        snapshot.status.as_str(),
        prices,
        written(snapshot.period_start),
        snapshot.ends_with_period(),
        written(snapshot.cancel_at),
        written(snapshot.canceled_at),
        snapshot.created.unwrap_or_default(),
        pause,
        written(snapshot.trial_end),
        desk.now,
    ])?;
    if let Some(customer) = &snapshot.customer {
        billing_links::link_customer(desk, customer, organization)?;
    }
    follow(desk, &snapshot.id, plans)
}

/// What follows for a subscription from what is kept of it and of its invoices, and for its business.
/// Nothing if it is not known yet.
pub(super) fn follow(desk: &Desk<'_>, id: &str, plans: &PlansConfig) -> Result<()> {
    let c = desk.connection;
    let Some((organization, known)) = known(c, id)? else { return Ok(()) };
    let (status, period_end) = effective(&known, invoices::payment_news(c, id)?);
    let overdue = matches!(status, SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid);
    let past_due_since = if overdue {
        let began = invoices::overdue_since(c, id)?;
        began.or(known.snapshot.period_start).or(Some(known.event_created).filter(|time| *time > 0))
    } else {
        None
    };
    let sql = "UPDATE subscriptions SET status = ?2, current_period_end = ?3, past_due_since = ?4
               WHERE stripe_subscription_id = ?1";
    let values = params![id, status.as_str(), written(period_end), written(past_due_since)];
    c.prepare_cached(sql)?.execute(values)?;
    refresh_organization(desk, organization, plans)
}

/// A subscription as the choice of the one that counts looks at it.
struct Candidate {
    rank: u8,
    started: i64,
    id: String,
    customer: String,
    status: String,
    prices: Vec<String>,
}

/// Writes down which subscription of a business counts: the best, the newest of equals.
fn refresh_organization(desk: &Desk<'_>, organization: OrganizationId, plans: &PlansConfig) -> Result<()> {
    let c = desk.connection;
    let sql = "SELECT stripe_subscription_id, stripe_customer_id, status, prices, started FROM subscriptions
               WHERE organization_id = ?1";
    let mut statement = c.prepare_cached(sql)?;
    let candidates = statement.query_map([organization.to_string()], |row| {
        let status: String = row.get("status")?;
        Ok(Candidate {
            rank: SubscriptionStatus::read(&status).rank(),
            started: row.get("started")?,
            id: row.get("stripe_subscription_id")?,
            customer: row.get("stripe_customer_id")?,
            prices: rows::json(row, "prices")?,
            status,
        })
    })?;
    let candidates: Vec<Candidate> = candidates.collect::<Result<_, _>>()?;
    let best = candidates.iter().max_by_key(|candidate| (candidate.rank, candidate.started, &candidate.id));
    let Some(best) = best else { return Ok(()) };
    // Only while something is paid for, or is about to be, is there a plan.
    let plan =
        (best.rank >= SubscriptionStatus::PastDue.rank()).then(|| plans.of_prices(&best.prices)).flatten();
    let tier = plan.map_or(FREE, |(_, plan)| plan.tier.as_str());
    let sql = "UPDATE organizations
               SET stripe_subscription_id = ?2, subscription_status = ?3, subscription_tier = ?4,
                   stripe_customer_id = CASE WHEN ?5 = '' THEN stripe_customer_id ELSE ?5 END, updated_at = ?6
               WHERE id = ?1
                 AND (stripe_subscription_id IS NOT ?2 OR subscription_status <> ?3 OR subscription_tier <> ?4
                      OR (?5 <> '' AND stripe_customer_id IS NOT ?5))";
    let values = params![organization.to_string(), best.id, best.status, tier, best.customer, desk.now];
    if c.prepare_cached(sql)?.execute(values)? > 0 {
        tracing::info!(organizationId = %organization, status = %best.status, tier, "the subscription changed");
    }
    Ok(())
}

/// A moment of Stripe's as the store writes times.
pub(super) fn written(seconds: Option<i64>) -> Option<String> {
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).map(format_timestamp)
}

/// An account that Stripe gave when it was asked, laid over what is known. What is over stays over.
pub(super) fn fetched(
    known: Option<&Known>,
    answer: &SubscriptionSnapshot,
    event_created: i64,
    now: i64,
) -> Known {
    match known {
        Some(known) if known.snapshot.status.is_final() && !answer.status.is_final() => known.clone(),
        _ => Known { snapshot: answer.clone(), event_created, fetched_at: Some(now) },
    }
}

impl Store {
    /// The subscription of a business that counts.
    pub async fn subscription(&self, organization: OrganizationId) -> Result<Option<Subscription>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM organizations o
                 JOIN subscriptions s ON s.stripe_subscription_id = o.stripe_subscription_id WHERE o.id = ?1"
            );
            let found = c.prepare_cached(&sql)?.query_row([organization.to_string()], read).optional()?;
            Ok(found.flatten())
        })
        .await
    }

    /// What Stripe said last of a subscription.
    pub async fn known_subscription(&self, id: String) -> Result<Option<SubscriptionSnapshot>> {
        self.read(move |c| Ok(known(c, &id)?.map(|(_, known)| known.snapshot))).await
    }

    /// Keeps what Stripe answered about a subscription of a business.
    pub async fn keep_subscription(
        &self,
        organization: OrganizationId,
        answer: SubscriptionSnapshot,
        plans: std::sync::Arc<PlansConfig>,
    ) -> Result<()> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            let known = known(c, &answer.id)?;
            // Its owner is who it belongs to; whoever asked on behalf of another gets nothing of it.
            if known.as_ref().is_some_and(|(owner, _)| *owner != organization) {
                return Err(Error::not_found("there is no such subscription"));
            }
            let known = known.map(|(_, known)| known);
            let stamp = known.as_ref().map_or(0, |known| known.event_created);
            let account = fetched(known.as_ref(), &answer, stamp, time.timestamp());
            keep(&desk, organization, &account, &plans)
        })
        .await
    }
}
