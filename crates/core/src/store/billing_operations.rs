//! What Stripe was asked to do and nobody knows whether it did.
//!
//! An operation has its id before it is asked for and keeps it until its outcome is known, so that whoever
//! tries again after a broken connection or a crash asks for the same thing and not for a second one.
//! Stripe keeps what it did under an id for a day; so are they kept here.

use chrono::TimeDelta;
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::Store;
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::OrganizationId;

/// For how long an id means the same to Stripe, with an hour to spare.
const KEPT: TimeDelta = TimeDelta::hours(23);

/// Something to ask of Stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// For whom.
    pub organization: OrganizationId,
    /// What: `customer`, `checkout`.
    pub kind: &'static str,
    /// A hash of what is asked for exactly.
    fingerprint: String,
}

impl Operation {
    /// Asking for `what`, every value of it.
    pub fn new(organization: OrganizationId, kind: &'static str, what: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for value in what {
            hash.update(value.len().to_be_bytes());
            hash.update(value.as_bytes());
        }
        let fingerprint = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { organization, kind, fingerprint }
    }
}

impl Store {
    /// The id to ask under: the one it was asked under before if nobody knows what became of that.
    pub async fn begin_operation(&self, operation: Operation) -> Result<String> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let Operation { organization, kind, fingerprint } = &operation;
            let now = clock.now();
            let sql = "SELECT id FROM billing_operations
                       WHERE organization_id = ?1 AND kind = ?2 AND fingerprint = ?3 AND created_at > ?4";
            let oldest = format_timestamp(now - KEPT);
            let values = params![organization.to_string(), kind, fingerprint, oldest];
            if let Some(id) = c.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()? {
                return Ok(id);
            }
            let id = format!("{kind}-{}", clock.new_id());
            let sql = "INSERT INTO billing_operations (organization_id, kind, fingerprint, id, created_at)
                       VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT DO UPDATE SET id = excluded.id, created_at = excluded.created_at";
            let values = params![organization.to_string(), kind, fingerprint, id, format_timestamp(now)];
            c.prepare_cached(sql)?.execute(values)?;
            Ok(id)
        })
        .await
    }

    /// What became of it is known: whoever asks for the same again means another one.
    pub async fn end_operation(&self, operation: Operation) -> Result<()> {
        self.write(move |c| {
            let sql = "DELETE FROM billing_operations
                       WHERE organization_id = ?1 AND kind = ?2 AND fingerprint = ?3";
            let Operation { organization, kind, fingerprint } = operation;
            c.prepare_cached(sql)?.execute(params![organization.to_string(), kind, fingerprint])?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::place::Place;

    #[tokio::test]
    async fn an_id_stays_until_the_outcome_is_known_or_stripe_has_forgotten_it() {
        let place = Place::new().await;
        let asked = |what: &[&str]| Operation::new(place.organization, "checkout", what);
        let begin = async |operation: Operation| place.store.begin_operation(operation).await.unwrap();
        let first = begin(asked(&["pro", "a"])).await;
        assert_eq!(begin(asked(&["pro", "a"])).await, first);
        assert_ne!(begin(asked(&["proa", ""])).await, first, "another question");
        place.store.end_operation(asked(&["pro", "a"])).await.unwrap();
        let second = begin(asked(&["pro", "a"])).await;
        assert_ne!(second, first);
        place.days_pass(1);
        assert_ne!(begin(asked(&["pro", "a"])).await, second);
    }
}
