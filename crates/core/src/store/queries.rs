//! Questions and their answers, kept for analysis and for looking sources up again.

use rusqlite::{OptionalExtension, params};

use super::{Store, rows};
use crate::error::Result;
use crate::model::{AgentId, Answer, OrganizationId, QueryId};

/// A question with its answer.
#[derive(Debug, Clone)]
pub struct QueryRecord {
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that answered.
    pub agent_id: Option<AgentId>,
    /// The question.
    pub question: String,
    /// Whether it was refused.
    pub refused: bool,
    /// The answer.
    pub answer: Answer,
}

impl Store {
    /// Keeps a question with its answer.
    pub async fn record_query(&self, record: QueryRecord) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "INSERT INTO rag_queries (id, organization_id, agent_id, question, answer, sources, refused, model,
                                                tokens_used, processing_time_ms, created_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            let answer = &record.answer;
            let sources = serde_json::to_string(&answer.sources).unwrap_or_else(|_| "[]".to_owned());
            c.prepare_cached(sql)?.execute(params![
                answer.query_id.to_string(),
                record.organization_id.to_string(),
                record.agent_id.map(|a| a.to_string()),
                record.question,
                answer.answer,
                sources,
                record.refused,
                answer.model,
                i64::try_from(answer.tokens_used).unwrap_or(i64::MAX),
                i64::try_from(answer.processing_time_ms).unwrap_or(i64::MAX),
                now,
            ])?;
            Ok(())
        })
        .await
    }

    /// A kept answer by its id.
    pub async fn query(&self, organization: OrganizationId, id: QueryId) -> Result<Option<QueryRecord>> {
        self.read(move |c| {
            let sql = "SELECT id, agent_id, question, answer, sources, refused, model, tokens_used, processing_time_ms
                       FROM rag_queries WHERE organization_id = ?1 AND id = ?2";
            let found = c.prepare_cached(sql)?.query_row(params![organization.to_string(), id.to_string()], |row| {
                Ok(QueryRecord {
                    organization_id: organization,
                    agent_id: rows::parsed_opt(row, "agent_id")?,
                    question: row.get("question")?,
                    refused: row.get("refused")?,
                    answer: Answer {
                        answer: row.get("answer")?,
                        sources: rows::json(row, "sources")?,
                        query_id: id,
                        processing_time_ms: row.get::<_, i64>("processing_time_ms")?.unsigned_abs(),
                        model: row.get("model")?,
                        tokens_used: row.get::<_, i64>("tokens_used")?.unsigned_abs(),
                    },
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    /// Number of kept questions, and of those that were refused.
    pub async fn query_counts(&self, organization: OrganizationId) -> Result<(u64, u64)> {
        self.read(move |c| {
            let sql = "SELECT COUNT(*), IFNULL(SUM(refused), 0) FROM rag_queries WHERE organization_id = ?1";
            let (all, refused): (i64, i64) = c
                .prepare_cached(sql)?
                .query_row([organization.to_string()], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok((all.unsigned_abs(), refused.unsigned_abs()))
        })
        .await
    }
}
