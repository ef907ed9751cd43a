//! Everything that is kept about a person, as one JSON document: what the law entitles them to.
//!
//! Follows the person and not an organization, for the account is theirs in all of them. Hashes of
//! passwords and tokens are left out, and so is what is about somebody else: the addresses of those they
//! invited, and whom they wrote to. What is kept about a customer is in `contact_lists.rs`.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::Store;
use crate::error::Result;
use crate::model::UserId;

/// Columns that hold JSON as text.
const JSON: [&str; 4] = ["scopes", "sources", "ragSources", "details"];
/// Columns that hold yes or no as a number.
const FLAGS: [&str; 4] = ["isActive", "refused", "cached", "isFromRag"];

const ACCOUNT: &str =
    "SELECT id, email, first_name AS firstName, last_name AS lastName, role, is_active AS isActive,
            email_verified_at AS emailVerifiedAt, last_login_at AS lastLoginAt, created_at AS createdAt,
            updated_at AS updatedAt, deleted_at AS deletedAt
     FROM users WHERE id = ?1 AND purged_at IS NULL";

/// Name of a part, and the statement that reads it; `?1` is the person.
const PARTS: [(&str, &str); 9] = [
    (
        "memberships",
        "SELECT m.organization_id AS organizationId, o.name AS organizationName, m.role, m.created_at AS joinedAt
         FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
         WHERE m.user_id = ?1 ORDER BY m.created_at, m.id",
    ),
    (
        "sessions",
        "SELECT organization_id AS organizationId, status, created_at AS createdAt, used_at AS usedAt,
                expires_at AS expiresAt
         FROM refresh_tokens WHERE user_id = ?1 ORDER BY created_at, id",
    ),
    (
        "apiKeys",
        "SELECT id, organization_id AS organizationId, name, hint, scopes, created_at AS createdAt,
                expires_at AS expiresAt, last_used_at AS lastUsedAt, revoked_at AS revokedAt
         FROM api_keys WHERE created_by = ?1 ORDER BY created_at, id",
    ),
    (
        "invitationsMade",
        "SELECT id, organization_id AS organizationId, member_role AS memberRole, user_role AS userRole,
                created_at AS createdAt, expires_at AS expiresAt, accepted_at AS acceptedAt
         FROM invitations WHERE created_by = ?1 ORDER BY created_at, id",
    ),
    (
        "invitationsReceived",
        "SELECT id, organization_id AS organizationId, email, member_role AS memberRole, user_role AS userRole,
                created_at AS createdAt, expires_at AS expiresAt, accepted_at AS acceptedAt
         FROM invitations
         WHERE accepted_by = ?1 OR (accepted_by IS NULL AND email = (SELECT email FROM users WHERE id = ?1))
         ORDER BY created_at, id",
    ),
    (
        "queries",
        "SELECT q.id, q.organization_id AS organizationId, q.agent_id AS agentId, q.channel,
                q.conversation_id AS conversationId, q.question, q.answer, q.sources, q.refused, q.outcome, q.cached,
                q.model,
                q.created_at AS createdAt, f.rating, f.comment, f.updated_at AS ratedAt
         FROM rag_queries q LEFT JOIN query_feedback f ON f.query_id = q.id
         WHERE q.user_id = ?1 ORDER BY q.created_at, q.id",
    ),
    (
        "messages",
        "SELECT id, organization_id AS organizationId, conversation_id AS conversationId, content,
                created_at AS createdAt
         FROM messages WHERE user_id = ?1 ORDER BY number",
    ),
    (
        "notes",
        "SELECT id, organization_id AS organizationId, conversation_id AS conversationId, content,
                created_at AS createdAt
         FROM conversation_notes WHERE user_id = ?1 ORDER BY created_at, id",
    ),
    (
        "auditLog",
        "SELECT id, organization_id AS organizationId, action, resource, resource_id AS resourceId, details,
                request_id AS requestId, address, created_at AS createdAt
         FROM audit_log WHERE actor_type = 'user' AND actor_id = ?1 ORDER BY created_at, id",
    ),
];

impl Store {
    /// Everything about a person; `None` if there is no such account, or it was purged.
    pub async fn export_user(&self, id: UserId) -> Result<Option<Value>> {
        let now = self.clock.timestamp();
        self.read(move |c| {
            // One transaction: the parts belong together.
            let transaction = c.unchecked_transaction()?;
            let id = id.to_string();
            let Some(user) = transaction.query_row(ACCOUNT, [&id], object).optional()? else {
                return Ok(None);
            };
            let mut export = Map::new();
            export.insert("exportedAt".to_owned(), json!(now));
            export.insert("user".to_owned(), user);
            for (name, sql) in PARTS {
                export.insert(name.to_owned(), objects(&transaction, sql, &id)?);
            }
            Ok(Some(Value::Object(export)))
        })
        .await
    }
}

/// The rows of a statement, by the names of their columns; `?1` is `id`.
pub(super) fn objects(c: &Connection, sql: &str, id: &str) -> Result<Value> {
    let mut statement = c.prepare(sql)?;
    let found = statement.query_map([id], object)?;
    Ok(Value::Array(found.collect::<Result<_, _>>()?))
}

/// A row by the names of its columns.
pub(super) fn object(row: &Row<'_>) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    for (index, name) in row.as_ref().column_names().enumerate() {
        use rusqlite::types::Value as Sql;
        let value = match row.get::<_, Sql>(index)? {
            Sql::Null | Sql::Blob(_) => Value::Null,
            Sql::Integer(number) if FLAGS.contains(&name) => json!(number != 0),
            Sql::Integer(number) => json!(number),
            Sql::Real(number) => json!(number),
            Sql::Text(text) if JSON.contains(&name) => serde_json::from_str(&text).unwrap_or(json!(text)),
            Sql::Text(text) => json!(text),
        };
        object.insert(name.to_owned(), value);
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests;
