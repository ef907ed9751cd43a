//! Erasing a contact: everything personal of theirs, and of nobody else.
//!
//! In batches and in an order in which nothing is lost sight of: the contact itself goes last, so whatever
//! is cut off is done again from the start. What cannot be found by a key is found by what stands in it:
//! bodies of webhooks (`engine/contacts.rs` reads them), and the owner's alerts, which name the customer.
//! Files of theirs there are none: media are read when they are needed and not kept.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::{Store, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ContactId, ConversationId, MessageId, OrganizationId};
use crate::whatsapp::identity::phone_forms;

/// Code of the error while somebody is being answered who is to be erased.
pub const CONVERSATION_BUSY: &str = "conversation_busy";

/// What was erased; adds up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// Conversations.
    pub conversations: u64,
    /// Messages of both sides.
    pub messages: u64,
    /// Notes about them.
    pub notes: u64,
    /// Numbers and ids that they were known by.
    pub identifiers: u64,
    /// Questions with their answers and ratings.
    pub queries: u64,
    /// Cached answers to those questions.
    pub cached_answers: u64,
    /// Bodies of webhooks, whole: what else was in one is recorded elsewhere.
    pub webhooks: u64,
    /// Alerts to the owner about them.
    pub alerts: u64,
}

impl Erased {
    /// Adds what another step erased.
    pub fn add(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.notes += other.notes;
        self.identifiers += other.identifiers;
        self.queries += other.queries;
        self.cached_answers += other.cached_answers;
        self.webhooks += other.webhooks;
        self.alerts += other.alerts;
    }
}

/// What a contact left behind where no key leads to it.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// Numbers, in every way they may be written, and ids.
    pub identifiers: Vec<String>,
    /// Meta's ids of their messages, and of ours to them.
    pub whatsapp_ids: HashSet<String>,
    /// Their conversations.
    pub conversations: Vec<ConversationId>,
    /// When they were first heard of, as the store writes times.
    pub since: String,
}

fn traces(c: &Connection, organization: OrganizationId, contact: ContactId) -> Result<Option<Traces>> {
    let id = contact.to_string();
    let sql = "SELECT created_at, phone, user_id FROM contacts WHERE id = ?1 AND organization_id = ?2";
    let found = c.prepare_cached(sql)?.query_row(params![id, organization.to_string()], |row| {
        let known: [Option<String>; 2] = [row.get("phone")?, row.get("user_id")?];
        Ok((row.get("created_at")?, known))
    });
    let Some((since, known)) = found.optional()? else { return Ok(None) };
    let mut traces = Traces { since, ..Traces::default() };
    let mut statement =
        c.prepare_cached("SELECT key, value FROM contact_identifiers WHERE contact_id = ?1")?;
    let held = statement.query_map([&id], |row| Ok([row.get::<_, String>(0)?, row.get(1)?]))?;
    let held: Vec<[String; 2]> = held.collect::<Result<_, _>>()?;
    for text in held.into_iter().flatten().chain(known.into_iter().flatten()).filter(|t| !t.is_empty()) {
        for form in phone_forms(&text) {
            if !traces.identifiers.contains(&form) {
                traces.identifiers.push(form);
            }
        }
    }
    let sql = "SELECT id FROM conversations WHERE contact_id = ?1";
    let mut statement = c.prepare_cached(sql)?;
    traces.conversations =
        statement.query_map([&id], |r| rows::parsed(r, "id"))?.collect::<Result<_, _>>()?;
    let sql = "SELECT m.whatsapp_message_id FROM messages m JOIN conversations v ON v.id = m.conversation_id
               WHERE v.contact_id = ?1 AND m.whatsapp_message_id IS NOT NULL";
    let mut statement = c.prepare_cached(sql)?;
    traces.whatsapp_ids = statement.query_map([&id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(traces))
}

/// Notices of the product in other conversations that name the contact, or lead to a conversation of
/// theirs.
fn mentions(c: &Connection, organization: OrganizationId, traces: &Traces) -> Result<Vec<MessageId>> {
    let sql = "SELECT id, content, details, conversation_id FROM messages
               WHERE organization_id = ?1 AND created_at >= ?2 AND author = 'system' AND direction = 'outbound'";
    let mut statement = c.prepare_cached(sql)?;
    let mut found = Vec::new();
    let mut rows = statement.query(params![organization.to_string(), traces.since])?;
    while let Some(row) = rows.next()? {
        let own: ConversationId = rows::parsed(row, "conversation_id")?;
        if traces.conversations.contains(&own) {
            continue;
        }
        let (content, details): (String, String) = (row.get("content")?, row.get("details")?);
        let named = traces.identifiers.iter().any(|known| content.contains(known.as_str()));
        if named || traces.conversations.iter().any(|id| details.contains(&id.to_string())) {
            found.push(rows::parsed(row, "id")?);
        }
    }
    Ok(found)
}

fn erase_mention(c: &Connection, id: MessageId) -> Result<u64> {
    let sql = "DELETE FROM messages WHERE id = ?1 RETURNING conversation_id";
    let conversation: Option<String> =
        c.prepare_cached(sql)?.query_row([id.to_string()], |row| row.get(0)).optional()?;
    let Some(conversation) = conversation else { return Ok(0) };
    // Lists show the beginning of the latest message: it may have been this one.
    let sql = "UPDATE conversations SET last_text = COALESCE(
                 (SELECT substr(content, 1, 120) FROM messages WHERE conversation_id = ?1 ORDER BY number DESC LIMIT 1), '')
               WHERE id = ?1";
    c.prepare_cached(sql)?.execute([conversation])?;
    Ok(1)
}

/// At most `batch` of a kind. Nothing is left once all are zero.
fn erase_batch(c: &Connection, organization: &str, contact: &str, batch: u32) -> Result<Erased> {
    let queries = "SELECT q.id FROM conversations v
                   JOIN rag_queries q ON q.organization_id = v.organization_id AND q.conversation_id = v.id
                   WHERE v.contact_id = ?2 AND v.organization_id = ?1 LIMIT ?3";
    let values = params![organization, contact, batch];
    let sql = format!(
        "DELETE FROM answer_cache WHERE organization_id = ?1
           AND json_valid(answer) AND json_extract(answer, '$.answer.queryId') IN ({queries})"
    );
    let cached_answers = c.prepare_cached(&sql)?.execute(values)? as u64;
    let sql = format!("DELETE FROM rag_queries WHERE id IN ({queries})");
    let queries = c.prepare_cached(&sql)?.execute(values)? as u64;
    let of_theirs = |table: &str, key: &str| {
        format!(
            "DELETE FROM {table} WHERE {key} IN
               (SELECT t.{key} FROM {table} t JOIN conversations v ON v.id = t.conversation_id
                WHERE v.contact_id = ?2 AND v.organization_id = ?1 LIMIT ?3)"
        )
    };
    let messages = c.prepare_cached(&of_theirs("messages", "number"))?.execute(values)? as u64;
    let notes = c.prepare_cached(&of_theirs("conversation_notes", "id"))?.execute(values)? as u64;
    Ok(Erased { messages, notes, queries, cached_answers, ..Erased::default() })
}

/// A job that works on one of the conversations keeps what it read: what it writes would come after us.
fn refuse_while_busy(c: &Connection, contact: &str) -> Result<()> {
    let sql = "SELECT 1 FROM conversations v
               JOIN jobs j ON j.order_key IN ('whatsapp.process_message:' || v.id, 'whatsapp.send:' || v.id)
               WHERE v.contact_id = ?1 AND j.status = 'running'";
    if c.prepare_cached(sql)?.query_row([contact], |_| Ok(())).optional()?.is_none() {
        return Ok(());
    }
    let message = "the contact is being answered right now: erase them again in a moment";
    Err(Error::new(ErrorKind::Conflict, message).with_code(CONVERSATION_BUSY))
}

impl Store {
    /// What a contact left behind; `None` if there is no such contact.
    pub async fn contact_traces(
        &self,
        organization: OrganizationId,
        contact: ContactId,
    ) -> Result<Option<Traces>> {
        self.read(move |c| traces(c, organization, contact)).await
    }

    /// Erases what the product wrote about a contact to somebody else.
    pub async fn erase_mentions(&self, organization: OrganizationId, of: Traces) -> Result<u64> {
        let found = self.read(move |c| mentions(c, organization, &of)).await?;
        if found.is_empty() {
            return Ok(0);
        }
        self.write(move |c| found.into_iter().map(|id| erase_mention(c, id)).sum()).await
    }

    /// Erases at most `batch` messages, notes and questions of a contact; what was erased. `Conflict` with
    /// the code [`CONVERSATION_BUSY`] while they are being answered.
    pub async fn erase_contact_batch(
        &self,
        organization: OrganizationId,
        contact: ContactId,
        batch: u32,
    ) -> Result<Erased> {
        self.write(move |c| {
            let contact = contact.to_string();
            refuse_while_busy(c, &contact)?;
            erase_batch(c, &organization.to_string(), &contact, batch)
        })
        .await
    }

    /// Erases the contact itself, with what came since the last batch.
    pub async fn erase_contact(&self, organization: OrganizationId, contact: ContactId) -> Result<Erased> {
        self.write(move |c| {
            let (whose, contact) = (organization.to_string(), contact.to_string());
            refuse_while_busy(c, &contact)?;
            let mut erased = erase_batch(c, &whose, &contact, u32::MAX)?;
            let sql = "UPDATE conversations SET relay_to = NULL WHERE organization_id = ?1
                         AND relay_to IN (SELECT id FROM conversations WHERE contact_id = ?2)";
            c.prepare_cached(sql)?.execute([&whose, &contact])?;
            for (table, count) in [
                ("contact_identifiers", &mut erased.identifiers),
                ("conversations", &mut erased.conversations),
            ] {
                let sql = format!("DELETE FROM {table} WHERE organization_id = ?1 AND contact_id = ?2");
                *count = c.prepare_cached(&sql)?.execute([&whose, &contact])? as u64;
            }
            let sql = "DELETE FROM contacts WHERE organization_id = ?1 AND id = ?2";
            c.prepare_cached(sql)?.execute([&whose, &contact])?;
            Ok(erased)
        })
        .await
    }
}

#[cfg(test)]
mod tests;
