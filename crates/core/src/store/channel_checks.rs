//! When a business number last worked, and how it failed last: what was seen, not what is supposed.

use rusqlite::params;

use super::Store;
use crate::error::Result;

/// What was seen of a business number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelCheck {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// RFC 3339, UTC: when Meta last took something from it.
    pub worked_at: Option<String>,
    /// RFC 3339, UTC: when that last failed.
    pub failed_at: Option<String>,
    /// Why.
    pub failure: Option<String>,
}

impl Store {
    /// A number worked just now; or it failed, for this reason.
    pub async fn note_channel(&self, phone_number_id: String, failure: Option<String>) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "INSERT INTO whatsapp_channel_checks (phone_number_id, worked_at, failed_at, failure)
                       VALUES (?1, CASE WHEN ?2 IS NULL THEN ?3 END, CASE WHEN ?2 IS NOT NULL THEN ?3 END, ?2)
                       ON CONFLICT (phone_number_id) DO UPDATE SET
                         worked_at = COALESCE(excluded.worked_at, worked_at),
                         failed_at = COALESCE(excluded.failed_at, failed_at),
                         failure = COALESCE(excluded.failure, failure)";
            c.prepare_cached(sql)?.execute(params![phone_number_id, failure, now])?;
            Ok(())
        })
        .await
    }

    /// What was seen of every number.
    pub async fn channel_checks(&self) -> Result<Vec<ChannelCheck>> {
        self.read(|c| {
            let sql = "SELECT phone_number_id, worked_at, failed_at, failure FROM whatsapp_channel_checks";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map([], |row| {
                Ok(ChannelCheck {
                    phone_number_id: row.get("phone_number_id")?,
                    worked_at: row.get("worked_at")?,
                    failed_at: row.get("failed_at")?,
                    failure: row.get("failure")?,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}
