//! Webhooks as they came, kept to be read again after a mistake.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::inbox::{Desk, Webhook};
use super::{Store, rows};
use crate::clock::format_timestamp;
use crate::error::Result;

/// A webhook as it came.
#[derive(Debug, Clone)]
pub struct KeptWebhook {
    /// Its id; later ones have greater ids.
    pub id: String,
    /// The body.
    pub body: Vec<u8>,
    /// The channel whose address it came to; empty for the one of all channels, `None` if it was not recorded.
    pub channel: Option<String>,
    /// When.
    pub received_at: DateTime<Utc>,
}

/// Records the body, unless it was recorded before.
pub(super) fn keep(desk: &Desk<'_>, webhook: &Webhook) -> Result<()> {
    let Some(body) = &webhook.body else { return Ok(()) };
    let sql = "INSERT INTO webhook_events (id, source, payload, remarks, received_at, channel)
               VALUES (?1, 'whatsapp', ?2, ?3, ?4, ?5)";
    let (id, channel) = (desk.clock.new_id().to_string(), webhook.channel.as_deref().unwrap_or_default());
    let values = params![id, body, webhook.odd.join("\n"), desk.now, channel];
    desk.connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

impl Store {
    /// The webhooks that came since a time, oldest first, at most `most` after `after`.
    pub async fn webhooks_since(
        &self,
        since: DateTime<Utc>,
        after: Option<String>,
        most: u32,
    ) -> Result<Vec<KeptWebhook>> {
        self.read(move |c| {
            let sql = "SELECT id, payload, channel, received_at FROM webhook_events
                       WHERE source = 'whatsapp' AND received_at >= ?1 AND id > ?2 ORDER BY id LIMIT ?3";
            let mut statement = c.prepare_cached(sql)?;
            let values = params![format_timestamp(since), after.unwrap_or_default(), most];
            let kept = statement.query_map(values, |row| {
                Ok(KeptWebhook {
                    id: row.get("id")?,
                    body: row.get("payload")?,
                    channel: row.get("channel")?,
                    received_at: rows::parsed(row, "received_at")?,
                })
            })?;
            Ok(kept.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes bodies by their ids; how many.
    pub async fn forget_bodies(&self, ids: Vec<String>) -> Result<u64> {
        self.write(move |c| {
            let mut statement = c.prepare_cached("DELETE FROM webhook_events WHERE id = ?1")?;
            let mut removed = 0;
            for id in ids {
                removed += statement.execute([id])? as u64;
            }
            Ok(removed)
        })
        .await
    }

    /// Removes at most `batch` bodies that came before a time; how many.
    pub async fn forget_webhooks(&self, before: DateTime<Utc>, batch: u32) -> Result<u64> {
        self.write(move |c| {
            let sql = "DELETE FROM webhook_events WHERE id IN
                         (SELECT id FROM webhook_events WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)";
            Ok(c.prepare_cached(sql)?.execute(params![format_timestamp(before), batch])? as u64)
        })
        .await
    }
}
