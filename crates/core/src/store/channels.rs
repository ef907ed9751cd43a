//! What Meta said last about a business number: that its token is bad, or that it wants a pause.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, jobs, rows};
use crate::clock::format_timestamp;
use crate::error::Result;

/// A business number that does not work as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTrouble {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// RFC 3339, UTC: since when nothing can be sent.
    pub broken_since: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// RFC 3339, UTC: nothing is sent before.
    pub paused_until: Option<String>,
}

/// Nothing can be sent until somebody does something about it.
pub(super) fn break_down(c: &Connection, phone_number_id: &str, reason: &str, now: &str) -> Result<()> {
    let sql = "INSERT INTO whatsapp_channels (phone_number_id, broken_since, reason, updated_at)
               VALUES (?1, ?3, ?2, ?3)
               ON CONFLICT (phone_number_id) DO UPDATE
               SET broken_since = COALESCE(broken_since, excluded.broken_since), reason = excluded.reason,
                   updated_at = excluded.updated_at";
    c.prepare_cached(sql)?.execute(params![phone_number_id, reason, now])?;
    Ok(())
}

pub(super) fn paused_until(c: &Connection, phone_number_id: &str) -> Result<Option<DateTime<Utc>>> {
    let sql = "SELECT paused_until FROM whatsapp_channels WHERE phone_number_id = ?1";
    let found = c.prepare_cached(sql)?.query_row([phone_number_id], |r| rows::parsed_opt(r, "paused_until"));
    Ok(found.optional()?.flatten())
}

impl Store {
    /// Marks a number as broken; whether that is news.
    pub async fn break_channel(&self, phone_number_id: String, reason: String) -> Result<bool> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql =
                "SELECT 1 FROM whatsapp_channels WHERE phone_number_id = ?1 AND broken_since IS NOT NULL";
            let known = c.prepare_cached(sql)?.query_row([&phone_number_id], |_| Ok(())).optional()?;
            break_down(c, &phone_number_id, &reason, &now)?;
            Ok(known.is_none())
        })
        .await
    }

    /// A number works: whatever was said of it is over, but for a pause that is not, and what waited for a good token
    /// goes at once. Whether it was broken.
    pub async fn mend_channel(&self, phone_number_id: String) -> Result<bool> {
        let now = self.clock.timestamp();
        let (number, at) = (phone_number_id.clone(), now.clone());
        let known = self.read(move |c| {
            let sql = "SELECT 1 FROM whatsapp_channels
                       WHERE phone_number_id = ?1 AND (broken_since IS NOT NULL OR paused_until <= ?2)";
            Ok(c.prepare_cached(sql)?.query_row([number, at], |_| Ok(())).optional()?.is_some())
        });
        // Nearly always there is nothing to mend after a message that went out.
        if !known.await? {
            return Ok(false);
        }
        self.write(move |c| {
            let sql = "SELECT 1 FROM whatsapp_channels WHERE phone_number_id = ?1 AND broken_since IS NOT NULL";
            let was_broken = c.prepare_cached(sql)?.query_row([&phone_number_id], |_| Ok(())).optional()?;
            let was_broken = was_broken.is_some();
            let sql = "DELETE FROM whatsapp_channels
                       WHERE phone_number_id = ?1 AND (paused_until IS NULL OR paused_until <= ?2)";
            c.prepare_cached(sql)?.execute([&phone_number_id, &now])?;
            let sql = "UPDATE whatsapp_channels SET broken_since = NULL, reason = NULL, updated_at = ?2
                       WHERE phone_number_id = ?1 AND broken_since IS NOT NULL";
            c.prepare_cached(sql)?.execute([&phone_number_id, &now])?;
            if was_broken {
                let sql = "UPDATE jobs SET run_at = ?2 WHERE status = 'available' AND run_at > ?2 AND dedupe_key IN (
                             SELECT 'whatsapp.send:' || reply_id FROM messages
                             WHERE direction = 'outbound' AND status IN ('queued', 'sending', 'unknown')
                               AND phone_number_id = ?1 AND error_code IN (0, 190))";
                if c.prepare_cached(sql)?.execute([&phone_number_id, &now])? > 0 {
                    jobs::wake_after_commit();
                }
            }
            Ok(was_broken)
        })
        .await
    }

    /// Nothing is sent from a number before a time.
    pub async fn pause_channel(&self, phone_number_id: String, until: DateTime<Utc>) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "INSERT INTO whatsapp_channels (phone_number_id, paused_until, updated_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (phone_number_id) DO UPDATE
                       SET paused_until = MAX(COALESCE(paused_until, ''), excluded.paused_until),
                           updated_at = excluded.updated_at";
            c.prepare_cached(sql)?.execute(params![phone_number_id, format_timestamp(until), now])?;
            Ok(())
        })
        .await
    }

    /// Every number that something is wrong with.
    pub async fn channel_troubles(&self) -> Result<Vec<ChannelTrouble>> {
        self.read(|c| {
            let sql = "SELECT phone_number_id, broken_since, reason, paused_until FROM whatsapp_channels
                       ORDER BY phone_number_id";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map([], |row| {
                Ok(ChannelTrouble {
                    phone_number_id: row.get("phone_number_id")?,
                    broken_since: row.get("broken_since")?,
                    reason: row.get("reason")?,
                    paused_until: row.get("paused_until")?,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}
