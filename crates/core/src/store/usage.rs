//! What a business uses: answered messages a calendar month, and how fast it is answered.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
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

/// What was used in a calendar month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MonthOfUse {
    /// `2026-12`, UTC.
    pub month: String,
    /// Messages that were answered, on every channel: what a plan's limit counts.
    pub messages: u64,
    /// Questions that were put to the documents: no courtesies, and none of those forgotten since.
    pub questions: u64,
    /// Those of them that were refused.
    pub refused: u64,
    /// Those that were answered from the cache.
    pub cached: u64,
    /// Tokens the chat model was given.
    pub prompt_tokens: u64,
    /// Tokens it wrote.
    pub completion_tokens: u64,
    /// What they cost, in millionths of a US dollar.
    pub cost_micros: u64,
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

    /// Use of the latest calendar months (UTC) in which something was asked or answered, newest first: `months`
    /// at most.
    pub async fn usage_by_month(&self, organization: OrganizationId, months: u32) -> Result<Vec<MonthOfUse>> {
        self.read(move |c| {
            let sql = "WITH asked AS (
                         SELECT substr(created_at, 1, 7) AS month, SUM(outcome <> 'courtesy') AS questions, SUM(refused) AS refused,
                                SUM(cached) AS cached, SUM(prompt_tokens) AS prompt,
                                SUM(completion_tokens) AS completion, SUM(cost_micros) AS cost
                         FROM rag_queries WHERE organization_id = ?1 GROUP BY month),
                       counted AS (SELECT month, messages FROM usage_counters WHERE organization_id = ?1)
                       SELECT month, IFNULL(messages, 0), IFNULL(questions, 0), IFNULL(refused, 0), IFNULL(cached, 0),
                              IFNULL(prompt, 0), IFNULL(completion, 0), IFNULL(cost, 0)
                       FROM (SELECT month FROM asked UNION SELECT month FROM counted)
                       LEFT JOIN asked USING (month) LEFT JOIN counted USING (month)
                       ORDER BY month DESC LIMIT ?2";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map(params![organization.to_string(), months], |row| {
                let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                Ok(MonthOfUse {
                    month: row.get(0)?,
                    messages: count(1)?,
                    questions: count(2)?,
                    refused: count(3)?,
                    cached: count(4)?,
                    prompt_tokens: count(5)?,
                    completion_tokens: count(6)?,
                    cost_micros: count(7)?,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
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
