//! How telling people of the business went: one row for each alert and way. No contents: those are read from the
//! conversation when the alert goes out.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{NewJob, Store, jobs};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{AlertWay, ConversationId, LastAlert, OrganizationId};

/// Somebody is to be told something.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// Its id.
    pub id: Uuid,
    /// The business.
    pub organization: OrganizationId,
    /// Its number.
    pub phone_number_id: String,
    /// The customer's conversation; absent for the list of all who wait.
    pub conversation: Option<ConversationId>,
    /// Why, as in the job's payload.
    pub reason: String,
}

/// Where an alert stands once one of its ways ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertEnd {
    /// Another way is still being tried.
    Open,
    /// Somebody was told.
    Told,
    /// Every way failed: nobody was told.
    Failed,
}

fn conclude(c: &Connection, id: Uuid, way: AlertWay, error: Option<&str>, now: &str) -> Result<AlertEnd> {
    // What got through on WhatsApp may fail later; nothing else comes back.
    let sql = "UPDATE alerts SET state = ?3, error = ?4, updated_at = ?5 WHERE id = ?1 AND way = ?2";
    let state = if error.is_some() { "failed" } else { "told" };
    c.prepare_cached(sql)?.execute(params![id.to_string(), way.as_str(), state, error, now])?;
    let sql = "SELECT COALESCE(SUM(state = 'told'), 0), COALESCE(SUM(state = 'waiting'), 0) FROM alerts WHERE id = ?1";
    let (told, waiting): (u32, u32) =
        c.prepare_cached(sql)?.query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (told, waiting) {
        (0, 0) => AlertEnd::Failed,
        (0, _) => AlertEnd::Open,
        _ => AlertEnd::Told,
    })
}

fn last(c: &Connection, number: &str, way: AlertWay) -> Result<Option<LastAlert>> {
    let sql =
        "SELECT error, updated_at FROM alerts WHERE phone_number_id = ?1 AND way = ?2 AND state <> 'waiting'
               ORDER BY updated_at DESC LIMIT 1";
    let found = c.prepare_cached(sql)?.query_row(params![number, way.as_str()], |row| {
        Ok((row.get::<_, Option<String>>("error")?, row.get::<_, String>("updated_at")?))
    });
    let Some((error, at)) = found.optional()? else { return Ok(None) };
    let sql = "SELECT updated_at FROM alerts WHERE phone_number_id = ?1 AND way = ?2 AND state = 'told'
               ORDER BY updated_at DESC LIMIT 1";
    let told_at =
        c.prepare_cached(sql)?.query_row(params![number, way.as_str()], |row| row.get(0)).optional()?;
    Ok(Some(LastAlert { way, error, at, told_at }))
}

impl Store {
    /// Records an alert with the job of each of its ways. Done again, nothing is told twice.
    pub async fn begin_alert(&self, alert: NewAlert, ways: Vec<(AlertWay, NewJob)>) -> Result<()> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let now = clock.timestamp();
            for (way, job) in ways {
                let sql = "INSERT INTO alerts (id, way, organization_id, phone_number_id, conversation_id, reason, state,
                                               created_at, updated_at)
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', ?7, ?7) ON CONFLICT DO NOTHING";
                let new = c.prepare_cached(sql)?.execute(params![
                    alert.id.to_string(),
                    way.as_str(),
                    alert.organization.to_string(),
                    alert.phone_number_id,
                    alert.conversation.map(|id| id.to_string()),
                    alert.reason,
                    now,
                ])?;
                if new > 0 {
                    jobs::insert(c, clock.new_id(), &job, &now)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// One way of an alert ended: it got through, or failed for this reason.
    pub async fn conclude_alert(&self, id: Uuid, way: AlertWay, error: Option<String>) -> Result<AlertEnd> {
        let now = self.clock.timestamp();
        self.write(move |c| conclude(c, id, way, error.as_deref(), &now)).await
    }

    /// How the last alert of a number went, by each way that was ever tried.
    pub async fn last_alerts(&self, phone_number_id: String) -> Result<Vec<LastAlert>> {
        self.read(move |c| {
            let mut found = Vec::new();
            for way in AlertWay::ALL {
                found.extend(last(c, &phone_number_id, way)?);
            }
            Ok(found)
        })
        .await
    }

    /// Whether people were alerted for this reason about a conversation since then.
    pub async fn was_alerted(
        &self,
        conversation: ConversationId,
        reason: &'static str,
        since: DateTime<Utc>,
    ) -> Result<bool> {
        self.read(move |c| {
            let sql = "SELECT 1 FROM alerts WHERE conversation_id = ?1 AND reason = ?2 AND created_at > ?3";
            let values = params![conversation.to_string(), reason, format_timestamp(since)];
            Ok(c.prepare_cached(sql)?.exists(values)?)
        })
        .await
    }

    /// Alerts whose message to the owner, in this conversation of theirs, failed after all: with their customer's
    /// conversation, why they were sent, and what Meta said.
    pub async fn failed_alert_messages(
        &self,
        owners: ConversationId,
    ) -> Result<Vec<(Uuid, Option<ConversationId>, String)>> {
        self.read(move |c| {
            let sql = "SELECT a.id, a.conversation_id, COALESCE(m.error_message, 'it was not delivered')
                       FROM alerts a JOIN messages m ON m.reply_id = a.id AND m.direction = 'outbound'
                       WHERE a.way = 'whatsapp' AND a.state = 'told' AND m.conversation_id = ?1 AND m.status = 'failed'";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map([owners.to_string()], |row| {
                Ok((
                    super::rows::parsed(row, "id")?,
                    super::rows::parsed_opt(row, "conversation_id")?,
                    row.get::<_, String>(2)?,
                ))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Forgets alerts that ended before then; how many at most is up to the caller.
    pub async fn forget_alerts(&self, before: DateTime<Utc>) -> Result<()> {
        self.write(move |c| {
            let sql = "DELETE FROM alerts WHERE updated_at < ?1";
            c.prepare_cached(sql)?.execute([format_timestamp(before)])?;
            Ok(())
        })
        .await
    }
}
