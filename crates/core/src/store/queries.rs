//! Questions and their answers, kept for analysis, for conversations and for looking sources up again.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::answer_cache::{self, NewCachedAnswer};
use super::{Store, rows, usage};
use crate::error::Result;
use crate::model::{
    AgentId, Answer, Channel, ConversationId, OrganizationId, Outcome, QueryId, Turn, UserId,
};

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryRecord {
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that answered.
    pub agent_id: Option<AgentId>,
    /// The conversation it is part of.
    pub conversation_id: Option<ConversationId>,
    /// Who asked, if somebody was logged in.
    pub user_id: Option<UserId>,
    /// The way it came in.
    pub channel: Channel,
    /// The question.
    pub question: String,
    /// Tokens that the chat model was given; 0 for a cached answer.
    pub prompt_tokens: u64,
    /// Tokens that it wrote.
    pub completion_tokens: u64,
    /// What they cost, in millionths of a US dollar.
    pub cost_micros: u64,
    /// Whether the answer came from the cache.
    pub cached: bool,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

pub(super) const COLUMNS: &str = "id, organization_id, agent_id, conversation_id, user_id, channel, question, \
                                  answer, sources, refused, outcome, model, tokens_used, prompt_tokens, \
                                  completion_tokens, cost_micros, cached, processing_time_ms, created_at";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<QueryRecord> {
    let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(QueryRecord {
        organization_id: rows::parsed(row, "organization_id")?,
        agent_id: rows::parsed_opt(row, "agent_id")?,
        conversation_id: rows::parsed_opt(row, "conversation_id")?,
        user_id: rows::parsed_opt(row, "user_id")?,
        channel: rows::word(row, "channel", Channel::from_stored)?,
        question: row.get("question")?,
        prompt_tokens: count("prompt_tokens")?,
        completion_tokens: count("completion_tokens")?,
        cost_micros: count("cost_micros")?,
        cached: row.get("cached")?,
        created_at: row.get("created_at")?,
        answer: Answer {
            answer: row.get("answer")?,
            outcome: rows::word(row, "outcome", Outcome::from_stored)?,
            sources: rows::json(row, "sources")?,
            query_id: rows::parsed(row, "id")?,
            processing_time_ms: count("processing_time_ms")?,
            model: row.get("model")?,
            tokens_used: count("tokens_used")?,
            fallback: false,
            cached: row.get("cached")?,
        },
    })
}

fn insert(c: &Connection, record: &QueryRecord) -> Result<()> {
    let sql = format!(
        "INSERT INTO rag_queries ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
    );
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let answer = &record.answer;
    c.prepare_cached(&sql)?.execute(params![
        answer.query_id.to_string(),
        record.organization_id.to_string(),
        record.agent_id.map(|a| a.to_string()),
        record.conversation_id.map(|id| id.to_string()),
        record.user_id.map(|u| u.to_string()),
        record.channel.as_str(),
        record.question,
        answer.answer,
        serde_json::to_string(&answer.sources).unwrap_or_else(|_| "[]".to_owned()),
        answer.outcome == Outcome::Refused,
        answer.outcome.as_str(),
        answer.model,
        count(answer.tokens_used),
        count(record.prompt_tokens),
        count(record.completion_tokens),
        count(record.cost_micros),
        record.cached,
        count(answer.processing_time_ms),
        record.created_at,
    ])?;
    Ok(())
}

/// Marks the documents that an answer cites: what is cited is in use.
fn mark_cited(c: &Connection, record: &QueryRecord) -> Result<()> {
    let sql = "UPDATE documents SET last_cited_at = ?3 WHERE organization_id = ?1 AND id = ?2";
    let cited: BTreeSet<_> = record.answer.sources.iter().map(|source| source.document_id).collect();
    for document in cited {
        let values = params![record.organization_id.to_string(), document.to_string(), record.created_at];
        c.prepare_cached(sql)?.execute(values)?;
    }
    Ok(())
}

/// The newest questions and answers of a conversation, newest first. Courtesies are none.
pub(super) fn turns(
    c: &Connection,
    organization: OrganizationId,
    conversation: ConversationId,
    limit: usize,
) -> Result<Vec<Turn>> {
    let sql = "SELECT question, answer FROM rag_queries
               WHERE organization_id = ?1 AND conversation_id = ?2 AND outcome <> 'courtesy'
               ORDER BY created_at DESC, id DESC LIMIT ?3";
    let mut statement = c.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = params![organization.to_string(), conversation.to_string(), limit];
    let turns = statement
        .query_map(values, |row| Ok(Turn { question: row.get("question")?, answer: row.get("answer")? }))?;
    Ok(turns.collect::<Result<_, _>>()?)
}

impl Store {
    /// Keeps a question with its answer, counts the message of the month that it was kept in, marks the
    /// cited documents, and caches the answer if `cache` says so: all of it or nothing.
    ///
    /// An answer for WhatsApp is not counted here: it may be thought over again, or never be sent. It counts
    /// when it begins to be sent (`sending.rs`). A courtesy counts nowhere.
    pub async fn record_query(&self, record: QueryRecord, cache: Option<NewCachedAnswer>) -> Result<()> {
        self.write(move |c| {
            insert(c, &record)?;
            if record.channel != Channel::Whatsapp && record.answer.outcome != Outcome::Courtesy {
                usage::count_message(c, record.organization_id, &record.created_at)?;
            }
            mark_cited(c, &record)?;
            match cache {
                Some(cache) => answer_cache::keep(c, &record, &cache),
                None => Ok(()),
            }
        })
        .await
    }

    /// A kept answer by its id.
    pub async fn query(&self, organization: OrganizationId, id: QueryId) -> Result<Option<QueryRecord>> {
        self.read(move |c| {
            let sql = format!("SELECT {COLUMNS} FROM rag_queries WHERE organization_id = ?1 AND id = ?2");
            let values = params![organization.to_string(), id.to_string()];
            Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
        })
        .await
    }

    /// Number of kept questions, and of those that were refused.
    pub async fn query_counts(&self, organization: OrganizationId) -> Result<(u64, u64)> {
        self.read(move |c| {
            let sql = "SELECT COUNT(*), IFNULL(SUM(refused), 0) FROM rag_queries
                       WHERE organization_id = ?1 AND outcome <> 'courtesy'";
            let (all, refused): (i64, i64) = c
                .prepare_cached(sql)?
                .query_row([organization.to_string()], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok((all.unsigned_abs(), refused.unsigned_abs()))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
