//! What a business uses: answered messages a calendar month, and how fast it is answered.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::model::OrganizationId;

/// The calendar month of a timestamp, as `2026-11`.
fn month(timestamp: &str) -> &str {
    timestamp.get(..7).unwrap_or(timestamp)
}

/// Counts one answered message in the month of `timestamp`.
pub(super) fn count_message(c: &Connection, organization: OrganizationId, timestamp: &str) -> Result<()> {
    let sql = "INSERT INTO usage_counters (organization_id, month, messages) VALUES (?1, ?2, 1)
               ON CONFLICT (organization_id, month) DO UPDATE SET messages = messages + 1";
    c.prepare_cached(sql)?.execute(params![organization.to_string(), month(timestamp)])?;
    Ok(())
}

/// Counts an answer that begins to be sent in a conversation: once for what the customer wrote, however
/// often the answer is thought over, sent in parts or tried again.
pub(super) fn count_answer(
    c: &Connection,
    organization: OrganizationId,
    reply: Uuid,
    timestamp: &str,
) -> Result<()> {
    let reply = reply.to_string();
    let sql = "SELECT EXISTS (SELECT 1 FROM messages WHERE reply_id = ?1 AND direction = 'outbound'
                                AND query_id IS NOT NULL),
                      EXISTS (SELECT 1 FROM messages WHERE reply_id = ?1 AND counted = 1)";
    let (answers, counted): (bool, bool) =
        c.prepare_cached(sql)?.query_row([&reply], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !answers {
        return Ok(());
    }
    if !counted {
        count_message(c, organization, timestamp)?;
    }
    // What was written is marked as well as what is sent: a draft that is taken back leaves the former.
    let sql = "UPDATE messages SET counted = 1 WHERE reply_id = ?1 AND counted = 0";
    c.prepare_cached(sql)?.execute([&reply])?;
    Ok(())
}

/// Fails with `QuotaExceeded` if `counting`, a statement with the organization as its parameter, says that there
/// are as many as `limit` allows. `what` there is: `agent` or `document`.
pub(super) fn check_room(
    c: &Connection,
    counting: &str,
    organization: OrganizationId,
    limit: Option<u64>,
    what: &'static str,
) -> Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let used: i64 = c.prepare_cached(counting)?.query_row([organization.to_string()], |row| row.get(0))?;
    if used.unsigned_abs() < limit {
        return Ok(());
    }
    let code = if what == "agent" { "agent_limit_reached" } else { "document_limit_reached" };
    let text = format!("the plan allows {limit} {what}s, and {used} are in use: choose a larger plan");
    Err(Error::new(ErrorKind::QuotaExceeded, text).with_code(code))
}

impl Store {
    /// Counts a message that was answered without being sent anywhere.
    pub async fn count_answered(&self, organization: OrganizationId) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| count_message(c, organization, &now)).await
    }

    /// Messages answered this calendar month (UTC), cached answers and refusals included.
    pub async fn usage_this_month(&self, organization: OrganizationId) -> Result<u64> {
        let now = self.clock.timestamp();
        self.read(move |c| {
            let sql = "SELECT messages FROM usage_counters WHERE organization_id = ?1 AND month = ?2";
            let messages: Option<i64> = c
                .prepare_cached(sql)?
                .query_row(params![organization.to_string(), month(&now)], |row| row.get(0))
                .optional()?;
            Ok(messages.unwrap_or_default().unsigned_abs())
        })
        .await
    }

    /// Milliseconds from question to answer on average, of the questions kept since `since` (as the store
    /// writes times); `None` if there are none.
    pub async fn average_response_ms(
        &self,
        organization: OrganizationId,
        since: &str,
    ) -> Result<Option<f64>> {
        let since = since.to_owned();
        self.read(move |c| {
            let sql = "SELECT AVG(processing_time_ms) FROM rag_queries
                       WHERE organization_id = ?1 AND created_at >= ?2";
            Ok(c.prepare_cached(sql)?
                .query_row(params![organization.to_string(), since], |row| row.get(0))?)
        })
        .await
    }
}
