//! Stripe's events as they came: listed, shown, and read again after a mistake.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::{Store, rows};
use crate::error::Result;
use crate::model::OrganizationId;

/// An event that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StripeEventRecord {
    /// Stripe's id of it.
    pub id: String,
    /// Its kind, as `invoice.paid`.
    pub kind: String,
    /// When it happened, in seconds since 1970.
    pub created: i64,
    /// When it came first; RFC 3339, UTC.
    pub received_at: String,
    /// What came of it: `applied`, `outdated`, `ignored`, `nobody` or `unreadable`.
    pub outcome: String,
    /// The business it was about, if it was about one.
    pub organization_id: Option<OrganizationId>,
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct StripeEventFilter {
    /// Only those that this came of.
    pub outcome: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those about this business; without one, for the operator.
    pub organization: Option<OrganizationId>,
}

const COLUMNS: &str = "event_id, event_type, event_created, received_at, outcome, organization_id";

fn read(row: &Row<'_>) -> rusqlite::Result<StripeEventRecord> {
    Ok(StripeEventRecord {
        id: row.get("event_id")?,
        kind: row.get("event_type")?,
        created: row.get("event_created")?,
        received_at: row.get("received_at")?,
        outcome: row.get("outcome")?,
        organization_id: rows::parsed_opt(row, "organization_id")?,
    })
}

impl Store {
    /// A page of the recorded events, latest first, and how many pass the filter. Pages count from 1.
    pub async fn stripe_events(
        &self,
        filter: StripeEventFilter,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<StripeEventRecord>, u64)> {
        self.read(move |c| {
            let passes =
                "source = 'stripe' AND (?1 IS NULL OR outcome = ?1) AND (?2 IS NULL OR event_type = ?2)
                          AND (?3 IS NULL OR organization_id = ?3)";
            let organization = filter.organization.map(|id| id.to_string());
            let sql = format!("SELECT COUNT(*) FROM webhook_events WHERE {passes}");
            let values = params![filter.outcome, filter.kind, organization];
            let total: i64 = c.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM webhook_events WHERE {passes}
                 ORDER BY received_at DESC, id DESC LIMIT ?4 OFFSET ?5"
            );
            let offset = page.saturating_sub(1).saturating_mul(limit);
            let (limit, offset) =
                (i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX));
            let mut statement = c.prepare_cached(&sql)?;
            let values = params![filter.outcome, filter.kind, organization, limit, offset];
            let found = statement.query_map(values, read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }

    /// Ids of events that came before anybody knew whose they are and can be taken up now, oldest first: those
    /// of a customer or a subscription, or all of them.
    pub async fn claimable_stripe_events(
        &self,
        whom: Option<(Option<String>, Option<String>)>,
    ) -> Result<Vec<String>> {
        self.read(move |c| {
            // Two lookups, for either index.
            let by = |column: &str, known: &str, given: &str| {
                format!(
                    "SELECT event_id, event_created, id FROM webhook_events
                     WHERE outcome = 'nobody' AND source = 'stripe' AND {column} IS NOT NULL
                       AND (?1 OR {column} = {given}) AND {column} IN ({known})"
                )
            };
            let customers = by("stripe_customer_id", "SELECT id FROM stripe_customers", "?2");
            let subscriptions =
                by("stripe_subscription_id", "SELECT stripe_subscription_id FROM subscriptions", "?3");
            let sql = format!("{customers} UNION {subscriptions} ORDER BY event_created, id");
            let all = whom.is_none();
            let (customer, subscription) = whom.unwrap_or_default();
            let mut statement = c.prepare_cached(&sql)?;
            let found =
                statement.query_map(params![all, customer, subscription], |row| row.get("event_id"))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A recorded event with its body, by Stripe's id of it.
    pub async fn stripe_event(&self, id: String) -> Result<Option<(StripeEventRecord, Vec<u8>)>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {COLUMNS}, payload FROM webhook_events WHERE source = 'stripe' AND event_id = ?1"
            );
            let read = |row: &Row<'_>| Ok((read(row)?, row.get("payload")?));
            Ok(c.prepare_cached(&sql)?.query_row([id], read).optional()?)
        })
        .await
    }
}
