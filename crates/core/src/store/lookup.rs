//! Finding things by what people type: the beginning of an id, or a document's name.

use rusqlite::params;
use uuid::Uuid;

use super::Store;
use crate::error::Result;
use crate::model::{DocumentId, OrganizationId};

/// Matches that are told apart at most; more are as ambiguous.
const MOST: u32 = 6;

/// What has ids that people type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A document.
    Document,
    /// An agent.
    Agent,
    /// A conversation.
    Conversation,
    /// A contact.
    Contact,
    /// An answered question.
    Query,
    /// A job, of any organization.
    Job,
}

impl Kind {
    fn table(self) -> &'static str {
        match self {
            Self::Document => "documents",
            Self::Agent => "agents",
            Self::Conversation => "conversations",
            Self::Contact => "contacts",
            Self::Query => "rag_queries",
            Self::Job => "jobs",
        }
    }
}

impl Store {
    /// Ids that begin with `prefix`, which is lower case and of the characters of a UUID: six at most, in order.
    /// Jobs are looked for in every organization, everything else in this one.
    pub async fn ids_with_prefix(
        &self,
        organization: OrganizationId,
        kind: Kind,
        prefix: &str,
    ) -> Result<Vec<Uuid>> {
        let (first, last) = (prefix.to_owned(), format!("{prefix}~"));
        self.read(move |c| {
            let table = kind.table();
            let whose = if kind == Kind::Job { "?3 = ?3" } else { "organization_id = ?3" };
            let sql = format!(
                "SELECT id FROM {table} WHERE id >= ?1 AND id < ?2 AND {whose} ORDER BY id LIMIT {MOST}"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement
                .query_map(params![first, last, organization.to_string()], |row| row.get::<_, String>(0))?;
            let ids: Vec<String> = found.collect::<Result<_, _>>()?;
            Ok(ids.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect())
        })
        .await
    }

    /// Documents whose file name, path, or end of path from a folder on is `name`: six at most, by path.
    pub async fn documents_named(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<Vec<(DocumentId, String)>> {
        let name = name.to_owned();
        self.read(move |c| {
            let sql = format!(
                "SELECT id, path FROM documents WHERE organization_id = ?1
                 AND (filename = ?2 OR path = ?2 OR substr(path, -length(?2) - 1) = '/' || ?2)
                 ORDER BY path LIMIT {MOST}"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(params![organization.to_string(), name], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            let rows: Vec<(String, String)> = found.collect::<Result<_, _>>()?;
            let rows = rows.into_iter().filter_map(|(id, path)| Some((id.parse().ok()?, path)));
            Ok(rows.collect())
        })
        .await
    }
}
