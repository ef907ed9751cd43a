//! Whose a subscription or a customer of Stripe's is.
//!
//! What is stored counts before what somebody wrote into metadata, and is never changed by it: metadata may
//! say whose something is that nobody knows yet, and nothing else.

use rusqlite::{Connection, OptionalExtension, params};

use super::inbox::Desk;
use super::{Store, rows};
use crate::error::Result;
use crate::model::OrganizationId;

/// What an event says of whom it is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clues<'a> {
    pub subscription: Option<&'a str>,
    pub customer: Option<&'a str>,
    /// What its metadata names.
    pub claimed: Option<&'a str>,
}

/// Whom it is about: by the subscription, else by the customer, else by the metadata.
pub(super) fn resolve(c: &Connection, clues: Clues<'_>) -> Result<Option<OrganizationId>> {
    let find = |sql: &str, key: &str| -> Result<Option<OrganizationId>> {
        let read = |row: &rusqlite::Row<'_>| rows::parsed(row, "organization_id");
        Ok(c.prepare_cached(sql)?.query_row([key], read).optional()?)
    };
    let mut stored = None;
    if let Some(subscription) = clues.subscription {
        stored = find(
            "SELECT organization_id FROM subscriptions WHERE stripe_subscription_id = ?1",
            subscription,
        )?;
    }
    if let (None, Some(customer)) = (stored, clues.customer) {
        stored = find("SELECT organization_id FROM stripe_customers WHERE id = ?1", customer)?;
    }
    let claimed = clues.claimed.and_then(|text| text.parse::<OrganizationId>().ok());
    if let Some(stored) = stored {
        if clues.claimed.is_some() && claimed != Some(stored) {
            tracing::warn!(organizationId = %stored, "an event's metadata names another organization: it is left where it is");
        }
        return Ok(Some(stored));
    }
    let Some(claimed) = claimed else { return Ok(None) };
    let there = "SELECT id AS organization_id FROM organizations WHERE id = ?1 AND deleted_at IS NULL";
    find(there, &claimed.to_string())
}

/// Writes down whose a customer is, unless somebody's it is already.
pub(super) fn link_customer(desk: &Desk<'_>, customer: &str, organization: OrganizationId) -> Result<()> {
    let c = desk.connection;
    let sql = "INSERT INTO stripe_customers (id, organization_id, created_at) VALUES (?1, ?2, ?3)
               ON CONFLICT (id) DO NOTHING";
    if c.prepare_cached(sql)?.execute(params![customer, organization.to_string(), desk.now])? > 0 {
        let sql =
            "UPDATE organizations SET stripe_customer_id = ?2 WHERE id = ?1 AND stripe_customer_id IS NULL";
        c.prepare_cached(sql)?.execute(params![organization.to_string(), customer])?;
    }
    Ok(())
}

impl Store {
    /// The customer that a business pays as, if it has one.
    pub async fn stripe_customer(&self, organization: OrganizationId) -> Result<Option<String>> {
        self.read(move |c| {
            let sql = "SELECT stripe_customer_id FROM organizations WHERE id = ?1";
            let found = c.prepare_cached(sql)?.query_row([organization.to_string()], |row| row.get(0));
            Ok(found.optional()?.flatten())
        })
        .await
    }

    /// Writes down the customer that was made for a business. The one it pays as: another process may have
    /// been faster.
    pub async fn keep_customer(&self, organization: OrganizationId, customer: String) -> Result<String> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = crate::clock::format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            link_customer(&desk, &customer, organization)?;
            let sql = "SELECT stripe_customer_id FROM organizations WHERE id = ?1";
            let kept: Option<String> = c.query_row(sql, [organization.to_string()], |row| row.get(0))?;
            Ok(kept.unwrap_or(customer))
        })
        .await
    }

    /// Every business that ever paid or was about to, with each of its customers.
    pub async fn stripe_customers(&self) -> Result<Vec<(OrganizationId, String)>> {
        self.read(|c| {
            let sql = "SELECT s.organization_id, s.id AS customer FROM stripe_customers s
                       JOIN organizations o ON o.id = s.organization_id WHERE o.deleted_at IS NULL
                       ORDER BY s.organization_id, s.id";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement
                .query_map([], |row| Ok((rows::parsed(row, "organization_id")?, row.get("customer")?)))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}
