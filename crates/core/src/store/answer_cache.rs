//! Answers that are given again to the same question, and what has to be known to look one up.
//!
//! A key holds whatever an answer depends on (`answer::cache_key`), the organization's `revision` among it.
//! Every change of documents or agents counts the revision up in its own transaction, so what was cached
//! before is never asked for again; it goes when it expires.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{QueryRecord, Store, agents, queries, rows};
use crate::error::Result;
use crate::model::{Agent, AgentId, Answer, ConversationId, GenerationId, OrganizationId, Turn};

/// Which answer is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The business.
    pub organization: OrganizationId,
    /// The agent; the default one if absent.
    pub agent: Option<AgentId>,
    /// The conversation.
    pub conversation: Option<ConversationId>,
    /// Turns of it to read at most.
    pub turns: usize,
}

/// What a question meets.
#[derive(Debug, Clone)]
pub struct Met {
    /// Who answers.
    pub agent: Agent,
    /// Counts the changes of the organization's documents and agents.
    pub revision: i64,
    /// The index in force.
    pub generation: Option<GenerationId>,
    /// The conversation so far, newest first.
    pub turns: Vec<Turn>,
}

/// An answer from the cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedAnswer {
    /// The answer as it was first given: id and times are that one's.
    pub answer: Answer,
}

/// Where and how long to keep an answer.
#[derive(Debug, Clone)]
pub struct NewCachedAnswer {
    /// What it is kept under.
    pub key: String,
    /// When it is forgotten, as the store writes times.
    pub expires_at: String,
}

/// Says that the organization's documents or agents are not what they were.
pub(super) fn outdate(c: &Connection, organization: OrganizationId) -> Result<()> {
    let sql = "UPDATE organizations SET revision = revision + 1 WHERE id = ?1";
    c.prepare_cached(sql)?.execute([organization.to_string()])?;
    Ok(())
}

/// Keeps a new answer, and lets those go that have expired.
pub(super) fn keep(c: &Connection, record: &QueryRecord, new: &NewCachedAnswer) -> Result<()> {
    c.prepare_cached("DELETE FROM answer_cache WHERE expires_at <= ?1")?.execute([&record.created_at])?;
    let cached = CachedAnswer { answer: record.answer.clone() };
    // Plain values cannot fail to serialise.
    let Ok(json) = serde_json::to_string(&cached) else { return Ok(()) };
    let sql = "INSERT INTO answer_cache (key, organization_id, answer, created_at, expires_at)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (key) DO UPDATE SET
                 answer = excluded.answer, created_at = excluded.created_at, expires_at = excluded.expires_at";
    let whose = record.organization_id.to_string();
    c.prepare_cached(sql)?.execute(params![new.key, whose, json, record.created_at, new.expires_at])?;
    Ok(())
}

fn meet(c: &Connection, wanted: Wanted) -> Result<Option<Met>> {
    let Wanted { organization, agent, conversation, turns } = wanted;
    let Some(agent) = agents::by_id_or_default(c, organization, agent)? else { return Ok(None) };
    let sql = "SELECT o.revision, g.id AS generation FROM organizations o
               LEFT JOIN index_generations g ON g.status = 'active' WHERE o.id = ?1";
    let (revision, generation) = c.prepare_cached(sql)?.query_row([organization.to_string()], |row| {
        Ok((row.get("revision")?, rows::parsed_opt(row, "generation")?))
    })?;
    let turns = match conversation {
        Some(conversation) if turns > 0 => queries::turns(c, organization, conversation, turns)?,
        _ => Vec::new(),
    };
    Ok(Some(Met { agent, revision, generation, turns }))
}

impl Store {
    /// What a question meets, and the answer cached under the key that `key_of` makes of it, if there is one
    /// and `key_of` wants one. One trip to the database. `None` if there is no such agent.
    pub async fn meet<F, T>(&self, wanted: Wanted, key_of: F) -> Result<Option<(T, Option<CachedAnswer>)>>
    where
        F: FnOnce(Met) -> (T, Option<String>) + Send + 'static,
        T: Send + 'static,
    {
        let now = self.clock.timestamp();
        self.read(move |c| {
            let Some(met) = meet(c, wanted)? else { return Ok(None) };
            let (made, key) = key_of(met);
            let Some(key) = key else { return Ok(Some((made, None))) };
            let sql = "SELECT answer FROM answer_cache
                       WHERE organization_id = ?1 AND key = ?2 AND expires_at > ?3";
            let cached: Option<String> = c
                .prepare_cached(sql)?
                .query_row(params![wanted.organization.to_string(), key, now], |row| row.get("answer"))
                .optional()?;
            // What an older program wrote and this one cannot read is as good as absent.
            Ok(Some((made, cached.and_then(|json| serde_json::from_str(&json).ok()))))
        })
        .await
    }
}
