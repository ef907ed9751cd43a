//! Forgetting: what is older than an organization keeps it, people who left, organizations that were
//! deleted. Statements about conversations are in `forgetting.rs`.
//!
//! Everything goes in batches, so that no single transaction holds the writer up for long, and everything
//! may be cut off and run again. Vectors and blobs follow with the job that tidies. Why and when to forget
//! is decided in `engine/retention.rs`.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::forgetting::{remove_conversations, remove_messages};
use super::jobs::{self, NewJob};
use super::{Store, answer_cache, rows};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{OrganizationId, OrganizationSettings, Retention, UserId};

/// How long an organization keeps things, by its settings; `None` if they cannot be read: then nothing is
/// forgotten, for what they say might be longer than the defaults.
fn retention_of(settings: &str) -> Option<Retention> {
    serde_json::from_str::<OrganizationSettings>(settings)
        .ok()
        .map(|settings| settings.retention)
        // A zero was written beside the program: it would remove everything.
        .filter(|r| r.conversations_days > 0 && r.inactive_documents_days > 0)
}

/// What a batch removed; adds up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Questions with their answers.
    pub queries: u64,
    /// Ratings of those answers.
    pub feedback: u64,
    /// Documents.
    pub documents: u64,
    /// Chunks of those documents.
    pub chunks: u64,
    /// Messages of customers and to them.
    pub messages: u64,
    /// Notes about their conversations.
    pub notes: u64,
    /// Conversations of which nothing was left.
    pub conversations: u64,
    /// Contacts that had no other conversation.
    pub contacts: u64,
}

impl Expired {
    /// Whether nothing was removed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.queries += other.queries;
        self.feedback += other.feedback;
        self.documents += other.documents;
        self.chunks += other.chunks;
        self.messages += other.messages;
        self.notes += other.notes;
        self.conversations += other.conversations;
        self.contacts += other.contacts;
    }
}

/// What one step of purging did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// What was removed.
    pub removed: Expired,
    /// Whether the organization itself is gone: nothing is left to do.
    pub done: bool,
}

impl Store {
    /// The organizations that were not deleted, and how long each keeps things.
    pub async fn retention_rules(&self) -> Result<Vec<(OrganizationId, Retention)>> {
        self.read(|c| {
            let sql = "SELECT id, settings FROM organizations WHERE deleted_at IS NULL ORDER BY id";
            let mut statement = c.prepare_cached(sql)?;
            let all = statement.query_map([], |row| {
                Ok((rows::parsed(row, "id")?, retention_of(&row.get::<_, String>("settings")?)))
            })?;
            let all: Vec<(OrganizationId, _)> = all.collect::<Result<_, _>>()?;
            let known = all.into_iter().filter_map(|(id, retention)| {
                if retention.is_none() {
                    tracing::warn!(organization = %id, "its settings cannot be read: nothing of it is forgotten");
                }
                Some((id, retention?))
            });
            Ok(known.collect())
        })
        .await
    }

    /// Removes one batch, at most `batch` of a kind, of what an organization keeps no longer, and keeps
    /// the audit log's line `run` in step: its total is `so_far` and this batch.
    pub async fn expire(
        &self,
        organization: OrganizationId,
        rules: Retention,
        run: uuid::Uuid,
        so_far: Expired,
        batch: u32,
        tidy: NewJob,
    ) -> Result<Expired> {
        let (now, clock) = (self.clock.now(), self.clock.clone());
        self.write(move |c| {
            let whose = organization.to_string();
            let said_before = days_before(now, rules.conversations_days);
            let documents_before = days_before(now, rules.inactive_documents_days);
            let mut removed = remove_said(c, &whose, Some(&said_before), batch)?;
            removed.add(remove_documents(c, &whose, Some(&documents_before), batch)?);
            if removed.is_nothing() {
                return Ok(removed);
            }
            let now = format_timestamp(now);
            if removed.documents > 0 {
                answer_cache::outdate(c, organization)?;
                jobs::insert(c, clock.new_id(), &tidy, &now)?;
            }
            let mut total = so_far;
            total.add(removed);
            record(c, run, organization, total, rules, &now)?;
            Ok(removed)
        })
        .await
    }

    /// Takes what is personal from at most `batch` accounts that were deleted before `before`: the
    /// questions they asked go, and the rows of the accounts stay, nameless, so that what others see of the
    /// past keeps its shape. How many were done.
    pub async fn purge_users(&self, before: DateTime<Utc>, batch: u32) -> Result<u64> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "SELECT id, email FROM users WHERE deleted_at <= ?1 AND purged_at IS NULL
                       ORDER BY deleted_at LIMIT ?2";
            let mut statement = c.prepare_cached(sql)?;
            let due = statement.query_map(params![format_timestamp(before), batch], due)?;
            let due: Vec<(UserId, String)> = due.collect::<Result<_, _>>()?;
            for (id, email) in &due {
                purge_user(c, *id, email, &now)?;
            }
            Ok(due.len() as u64)
        })
        .await
    }

    /// The organizations that were deleted and are still there.
    pub async fn deleted_organizations(&self) -> Result<Vec<OrganizationId>> {
        self.read(|c| {
            let sql = "SELECT id FROM organizations WHERE deleted_at IS NOT NULL ORDER BY id";
            let mut statement = c.prepare_cached(sql)?;
            let ids = statement.query_map([], |row| rows::parsed(row, "id"))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes a batch of what a deleted organization had; once that is nothing, the organization with
    /// everything else that is its own.
    pub async fn purge_organization(
        &self,
        organization: OrganizationId,
        batch: u32,
        tidy: NewJob,
    ) -> Result<Purged> {
        let (now, job) = (self.clock.timestamp(), self.clock.new_id());
        self.write(move |c| {
            let whose = organization.to_string();
            let sql = "SELECT 1 FROM organizations WHERE id = ?1 AND deleted_at IS NOT NULL";
            if c.prepare_cached(sql)?.query_row([&whose], |_| Ok(())).optional()?.is_none() {
                return Ok(Purged { done: true, ..Purged::default() });
            }
            let mut removed = remove_said(c, &whose, None, batch)?;
            removed.add(remove_documents(c, &whose, None, batch)?);
            let done = removed.is_nothing();
            if done {
                c.execute("DELETE FROM organizations WHERE id = ?1", [&whose])?;
            } else {
                jobs::insert(c, job, &tidy, &now)?;
            }
            Ok(Purged { removed, done })
        })
        .await
    }
}

fn days_before(now: DateTime<Utc>, days: u32) -> String {
    // Longer than the calendar reaches: nothing is that old.
    let then = now.checked_sub_signed(chrono::TimeDelta::days(i64::from(days))).unwrap_or_default();
    format_timestamp(then)
}

/// Removes at most `batch` of each kind of what was said, that before a time or all.
fn remove_said(c: &Connection, organization: &str, before: Option<&str>, batch: u32) -> Result<Expired> {
    let mut removed = remove_queries(c, organization, before, batch)?;
    removed.add(remove_messages(c, organization, before, batch)?);
    removed.add(remove_conversations(c, organization, before, batch)?);
    Ok(removed)
}

/// Removes at most `batch` questions, those before a time or all, with their ratings.
fn remove_queries(c: &Connection, organization: &str, before: Option<&str>, batch: u32) -> Result<Expired> {
    let batch_of = "SELECT id FROM rag_queries WHERE organization_id = ?1 AND (?2 IS NULL OR created_at < ?2)
                    ORDER BY created_at, id LIMIT ?3";
    let feedback = format!("DELETE FROM query_feedback WHERE query_id IN ({batch_of})");
    let feedback = c.prepare_cached(&feedback)?.execute(params![organization, before, batch])?;
    let queries = format!("DELETE FROM rag_queries WHERE id IN ({batch_of})");
    let queries = c.prepare_cached(&queries)?.execute(params![organization, before, batch])?;
    Ok(Expired { queries: queries as u64, feedback: feedback as u64, ..Expired::default() })
}

/// Removes at most `batch` documents, those nobody changed or cited since a time or all, with their
/// chunks.
fn remove_documents(c: &Connection, organization: &str, before: Option<&str>, batch: u32) -> Result<Expired> {
    let sql = "SELECT id FROM documents WHERE organization_id = ?1
                 AND (?2 IS NULL OR (updated_at < ?2 AND (processed_at IS NULL OR processed_at < ?2)
                                     AND (last_cited_at IS NULL OR last_cited_at < ?2)))
               LIMIT ?3";
    let mut statement = c.prepare_cached(sql)?;
    let ids = statement.query_map(params![organization, before, batch], |row| row.get(0))?;
    let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
    let mut removed = Expired::default();
    for id in ids {
        let chunks =
            c.prepare_cached("DELETE FROM document_chunks WHERE document_id = ?1")?.execute([&id])?;
        c.prepare_cached("DELETE FROM documents WHERE id = ?1")?.execute([&id])?;
        removed.documents += 1;
        removed.chunks += chunks as u64;
    }
    Ok(removed)
}

/// One line a run in the organization's audit log, so that an owner sees what was removed.
fn record(
    c: &Connection,
    run: uuid::Uuid,
    organization: OrganizationId,
    total: Expired,
    rules: Retention,
    now: &str,
) -> Result<()> {
    let details = serde_json::json!({ "removed": total, "rules": rules });
    let sql = "INSERT INTO audit_log (id, organization_id, actor_type, action, resource, resource_id, details, created_at)
               VALUES (?1, ?2, 'system', 'retention.run', 'organization', ?2, ?3, ?4)
               ON CONFLICT (id) DO UPDATE SET details = excluded.details";
    let values = params![run.to_string(), organization.to_string(), details.to_string(), now];
    c.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn due(row: &Row<'_>) -> rusqlite::Result<(UserId, String)> {
    Ok((rows::parsed(row, "id")?, row.get("email")?))
}

fn purge_user(c: &Connection, id: UserId, email: &str, now: &str) -> Result<()> {
    let id = id.to_string();
    let sql = "UPDATE users SET email = 'deleted-' || id, password_hash = NULL, first_name = NULL, last_name = NULL,
                      is_active = 0, email_verified_at = NULL, last_login_at = NULL, purged_at = ?2, updated_at = ?2
               WHERE id = ?1";
    c.prepare_cached(sql)?.execute(params![id, now])?;
    for sql in [
        // What they asked was theirs. What they wrote to customers and noted about them is the business's
        // correspondence, and the customers': it stays until its time, without their name.
        "DELETE FROM rag_queries WHERE user_id = ?1",
        "UPDATE messages SET user_id = NULL WHERE user_id = ?1",
        "UPDATE conversation_notes SET user_id = NULL WHERE user_id = ?1",
        "UPDATE audit_log SET address = NULL WHERE actor_id = ?1 AND address IS NOT NULL",
        "DELETE FROM refresh_tokens WHERE user_id = ?1",
        "DELETE FROM user_organizations WHERE user_id = ?1",
        "UPDATE invitations SET email = NULL WHERE accepted_by = ?1",
    ] {
        c.prepare_cached(sql)?.execute([&id])?;
    }
    // An open invitation keeps its address: without one anybody could accept it, and it may be meant for
    // a new account of the same person.
    let sql = "DELETE FROM invitations WHERE email = ?1 AND accepted_at IS NULL AND expires_at < ?2";
    c.prepare_cached(sql)?.execute(params![email, now])?;
    Ok(())
}

#[cfg(test)]
mod tests;
