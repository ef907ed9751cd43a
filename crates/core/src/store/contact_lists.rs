//! Reading contacts for people: lists, one with everything it is known by, and all that is kept of one as
//! JSON, which is what the law entitles them to.
//!
//! Who is who is decided in `contacts.rs`; erasing is in `erasure.rs`. The export leaves out the raw bodies
//! of webhooks: every message in it has what Meta said about it, and the bodies hold other people's, too.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

use super::rows::Cells;
use super::{Store, contacts, exports, rows};
use crate::error::Result;
use crate::model::{Contact, ContactDetails, ContactId, ContactIdentifier, OrganizationId};
use crate::whatsapp::identity::phone_key;

/// Contacts that are counted at most: an exact number beyond would cost a scan.
const COUNTED: u32 = 10_000;

/// Digits from which a search looks at phone numbers: fewer are in all of them.
const DIGITS: usize = 3;

/// Name of a part of the export, and the statement that reads it; `?1` is the contact.
const PARTS: [(&str, &str); 5] = [
    (
        "identifiers",
        "SELECT kind, value, created_at AS createdAt FROM contact_identifiers
         WHERE contact_id = ?1 ORDER BY created_at, key",
    ),
    (
        "conversations",
        "SELECT id, phone_number_id AS phoneNumberId, agent_id AS agentId, status, state,
                last_inbound_at AS lastInboundAt, last_message_at AS lastMessageAt, created_at AS createdAt
         FROM conversations WHERE contact_id = ?1 ORDER BY created_at, id",
    ),
    (
        "messages",
        "SELECT m.id, m.conversation_id AS conversationId, m.direction, m.author, m.message_type AS messageType,
                m.whatsapp_message_id AS whatsappMessageId, m.content, m.details, m.reply_to AS replyTo, m.status,
                m.is_from_rag AS isFromRag, m.rag_sources AS ragSources, m.sent_at AS sentAt,
                m.edited_at AS editedAt, m.revoked_at AS revokedAt, m.created_at AS createdAt
         FROM messages m JOIN conversations v ON v.id = m.conversation_id
         WHERE v.contact_id = ?1 ORDER BY m.number",
    ),
    (
        "notes",
        "SELECT n.id, n.conversation_id AS conversationId, n.content, n.created_at AS createdAt
         FROM conversation_notes n JOIN conversations v ON v.id = n.conversation_id
         WHERE v.contact_id = ?1 ORDER BY n.created_at, n.id",
    ),
    (
        "queries",
        "SELECT q.id, q.conversation_id AS conversationId, q.agent_id AS agentId, q.question, q.answer, q.sources,
                q.refused, q.outcome, q.cached, q.model, q.created_at AS createdAt, f.rating, f.comment
         FROM conversations v
         JOIN rag_queries q ON q.organization_id = v.organization_id AND q.conversation_id = v.id
         LEFT JOIN query_feedback f ON f.query_id = q.id
         WHERE v.contact_id = ?1 ORDER BY q.created_at, q.id",
    ),
];

const CONTACT: &str = "SELECT id, name, username, phone, user_id AS userId, opted_out_at AS optedOutAt,
                              blocked_at AS blockedAt, created_at AS createdAt, updated_at AS updatedAt
                       FROM contacts WHERE id = ?1 AND organization_id = ?2";

/// A text for LIKE, with `\` before what means something there.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

fn identifier(row: &Row<'_>) -> rusqlite::Result<ContactIdentifier> {
    Ok(ContactIdentifier { kind: row.get("kind")?, value: row.get("value")? })
}

fn details(c: &Connection, organization: OrganizationId, id: ContactId) -> Result<Option<ContactDetails>> {
    let key = id.to_string();
    let sql = format!(
        "SELECT {}, k.created_at FROM contacts k WHERE k.id = ?1 AND k.organization_id = ?2",
        contacts::COLUMNS
    );
    let found = c.prepare_cached(&sql)?.query_row(params![key, organization.to_string()], |row| {
        let mut cells = Cells::of(row);
        Ok((contacts::read(&mut cells)?, cells.get()?))
    });
    let Some((contact, created_at)) = found.optional()? else { return Ok(None) };
    let sql = "SELECT kind, value FROM contact_identifiers WHERE contact_id = ?1 ORDER BY created_at, key";
    let mut statement = c.prepare_cached(sql)?;
    let identifiers = statement.query_map([&key], identifier)?.collect::<Result<_, _>>()?;
    let sql = "SELECT id FROM conversations WHERE contact_id = ?1 ORDER BY id";
    let mut statement = c.prepare_cached(sql)?;
    let conversations =
        statement.query_map([&key], |row| rows::parsed(row, "id"))?.collect::<Result<_, _>>()?;
    Ok(Some(ContactDetails { contact, identifiers, conversations, created_at }))
}

impl Store {
    /// A page of contacts, newest first, and how many there are (10,000 at most are counted). With
    /// `search`, those whose name, username, number or user id contains it. Pages count from 1.
    pub async fn contacts(
        &self,
        organization: OrganizationId,
        search: Option<String>,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<Contact>, u64)> {
        self.read(move |c| {
            let digits: Option<String> =
                search.as_deref().map(|text| text.chars().filter(char::is_ascii_digit).collect());
            let digits = digits.filter(|digits| digits.len() >= DIGITS).map(|digits| pattern(&digits));
            let text = search.as_deref().map(pattern);
            let condition = "k.organization_id = ?1
                 AND (?2 IS NULL OR k.name LIKE ?2 ESCAPE '\\' OR k.username LIKE ?2 ESCAPE '\\'
                      OR k.user_id LIKE ?2 ESCAPE '\\' OR k.phone LIKE ?3 ESCAPE '\\')";
            let whose = organization.to_string();
            let sql =
                format!("SELECT COUNT(*) FROM (SELECT 1 FROM contacts k WHERE {condition} LIMIT {COUNTED})");
            let total: u32 =
                c.prepare_cached(&sql)?.query_row(params![whose, text, digits], |row| row.get(0))?;
            let sql = format!(
                "SELECT {} FROM contacts k WHERE {condition} ORDER BY k.id DESC LIMIT ?4 OFFSET ?5",
                contacts::COLUMNS
            );
            let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let offset = signed(page.saturating_sub(1).saturating_mul(limit));
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement
                .query_map(params![whose, text, digits, signed(limit), offset], |row| {
                    contacts::read(&mut Cells::of(row))
                })?
                .collect::<Result<_, _>>()?;
            Ok((found, total.into()))
        })
        .await
    }

    /// A contact with everything it is known by.
    pub async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
    ) -> Result<Option<ContactDetails>> {
        self.read(move |c| details(c, organization, id)).await
    }

    /// The contact that a phone number, however it is written, or a user id belongs to.
    pub async fn contact_by_address(
        &self,
        organization: OrganizationId,
        address: String,
    ) -> Result<Option<ContactId>> {
        self.read(move |c| contacts::holder(c, organization, &phone_key(&address))).await
    }

    /// Everything about a contact; `None` if there is no such contact.
    pub async fn export_contact(&self, organization: OrganizationId, id: ContactId) -> Result<Option<Value>> {
        let now = self.clock.timestamp();
        self.read(move |c| {
            // One transaction: the parts belong together.
            let transaction = c.unchecked_transaction()?;
            let key = id.to_string();
            let values = params![key, organization.to_string()];
            let Some(contact) = transaction.query_row(CONTACT, values, exports::object).optional()? else {
                return Ok(None);
            };
            let mut export = Map::new();
            export.insert("exportedAt".to_owned(), json!(now));
            export.insert("contact".to_owned(), contact);
            for (name, sql) in PARTS {
                export.insert(name.to_owned(), exports::objects(&transaction, sql, &key)?);
            }
            Ok(Some(Value::Object(export)))
        })
        .await
    }
}
