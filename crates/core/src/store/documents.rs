//! Documents: one row a file and agent; finding, listing and deleting them.
//!
//! How a row gets its bytes is in `uploads.rs`, how it becomes searchable in `versions.rs`. A document is
//! searchable while it has chunks, whatever its status: the status speaks of the bytes that came last.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::jobs::{self, NewJob};
use super::rows::Cells;
use super::{Store, answer_cache, rows};
use crate::error::Result;
use crate::model::{
    AgentId, Document, DocumentId, DocumentStatus, FileType, Metadata, OrganizationId, ParseNote,
};

pub(super) const COLUMNS: &str = "id, organization_id, agent_id, filename, source, path, file_type, file_size, content_hash, status, \
                       metadata, parse_notes, processing_error, chunk_count, page_count, version, created_at, updated_at, processed_at";

/// Reads [`COLUMNS`], which come first in the statement.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Document> {
    let mut cells = Cells::of(row);
    Ok(Document {
        id: cells.parsed()?,
        organization_id: cells.parsed()?,
        agent_id: cells.parsed_opt()?,
        filename: cells.get()?,
        source: cells.get()?,
        path: cells.get()?,
        file_type: cells.word("file type", FileType::from_stored)?,
        file_size: cells.get::<i64>()?.unsigned_abs(),
        content_hash: cells.get()?,
        status: cells.word("status", DocumentStatus::from_stored)?,
        metadata: cells.json()?,
        notes: cells.json()?,
        processing_error: cells.get()?,
        chunk_count: cells.get()?,
        page_count: cells.get()?,
        version: cells.get()?,
        created_at: cells.get()?,
        updated_at: cells.get()?,
        processed_at: cells.get()?,
    })
}

/// What is known of a file that was ingested before.
#[derive(Debug, Clone)]
pub struct KnownFile {
    /// Its document.
    pub id: DocumentId,
    /// The named source it was ingested from; empty if from none.
    pub source: String,
    /// What it is told by within its source.
    pub path: String,
    /// Where its file was read last: an absolute path. `None`: it came from no file.
    pub location: Option<String>,
    /// SHA-256 of its bytes, hexadecimal.
    pub content_hash: String,
    /// Whether these bytes are searchable; if not, they have to be processed whatever their hash.
    pub searchable: bool,
    /// Current version.
    pub version: u32,
    /// Pages of it.
    pub page_count: u32,
    /// Chunks of it.
    pub chunk_count: u32,
    /// Its metadata.
    pub metadata: Metadata,
    /// What of it was not read, and what is not sure.
    pub notes: Vec<ParseNote>,
}

/// What a document from a file is told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The named source; empty if there is none.
    pub source: String,
    /// The path below the root of the source, or the absolute path.
    pub path: String,
    /// The absolute path; `None`: it is no file.
    pub location: Option<String>,
    /// The name without folders, as people read it.
    pub filename: String,
}

impl Document {
    /// What it is told by, for a version of its present bytes. Where its file lies stays as it is.
    pub(crate) fn name(&self) -> FileName {
        let (source, path, filename) = (self.source.clone(), self.path.clone(), self.filename.clone());
        FileName { source, path, location: None, filename }
    }
}

/// In which order to list documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DocumentOrder {
    /// By where they came from.
    #[default]
    ByPath,
    /// The last one that came is the first.
    NewestFirst,
}

/// Which documents to list.
#[derive(Debug, Clone, Default)]
pub struct DocumentFilter {
    /// Only those of this agent.
    pub agent_id: Option<AgentId>,
    /// Only those in this state.
    pub status: Option<DocumentStatus>,
    /// Only those that can be found, whatever their state.
    pub searchable: bool,
    /// In which order; ties are broken, so that pages neither overlap nor leave gaps.
    pub order: DocumentOrder,
    /// Skip that many.
    pub offset: u64,
    /// At most that many.
    pub limit: Option<u64>,
}

impl Store {
    /// The documents of an agent, or of every agent's, as files that may be ingested again.
    pub async fn known_files(
        &self,
        organization: OrganizationId,
        agent: Option<AgentId>,
    ) -> Result<Vec<KnownFile>> {
        self.read(move |c| {
            let sql =
                "SELECT id, source, path, location, content_hash, version, page_count, chunk_count, metadata, parse_notes
                       FROM documents WHERE organization_id = ?1 AND IFNULL(agent_id, '') = ?2";
            let agent = agent.map(|a| a.to_string()).unwrap_or_default();
            let mut statement = c.prepare_cached(sql)?;
            let files = statement.query_map(params![organization.to_string(), agent], |row| {
                let chunk_count = row.get("chunk_count")?;
                let path: String = row.get("path")?;
                // Documents from before locations were kept.
                let location: Option<String> = row.get("location")?;
                let location = location.or_else(|| path.starts_with('/').then(|| path.clone()));
                Ok(KnownFile {
                    id: rows::parsed(row, "id")?,
                    source: row.get("source")?,
                    path,
                    location,
                    content_hash: row.get("content_hash")?,
                    searchable: chunk_count > 0,
                    version: row.get("version")?,
                    page_count: row.get("page_count")?,
                    chunk_count,
                    metadata: rows::json(row, "metadata")?,
                    notes: rows::json(row, "parse_notes")?,
                })
            })?;
            Ok(files.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Documents whose files are told by another name now; all of them or none. The documents stay the same.
    pub async fn rename_documents(
        &self,
        organization: OrganizationId,
        renamed: Vec<(DocumentId, FileName)>,
    ) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql =
                "UPDATE documents SET source = ?3, path = ?4, location = ?5, filename = ?6, updated_at = ?7
                       WHERE organization_id = ?1 AND id = ?2";
            let mut statement = c.prepare_cached(sql)?;
            for (id, name) in renamed {
                let FileName { source, path, location, filename } = name;
                let (organization, id) = (organization.to_string(), id.to_string());
                statement.execute(params![organization, id, source, path, location, filename, now])?;
            }
            answer_cache::outdate(c, organization)
        })
        .await
    }

    /// Replaces a document's metadata.
    pub async fn set_metadata(
        &self,
        organization: OrganizationId,
        id: DocumentId,
        metadata: Metadata,
    ) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql =
                "UPDATE documents SET metadata = ?3, updated_at = ?4 WHERE organization_id = ?1 AND id = ?2";
            c.execute(sql, params![organization.to_string(), id.to_string(), json(&metadata), now])?;
            answer_cache::outdate(c, organization)
        })
        .await
    }

    /// A document by id.
    pub async fn document(&self, organization: OrganizationId, id: DocumentId) -> Result<Option<Document>> {
        self.read(move |c| by_id(c, organization, id)).await
    }

    /// Documents that pass the filter, in its order, and how many pass it in all.
    pub async fn documents(
        &self,
        organization: OrganizationId,
        filter: DocumentFilter,
    ) -> Result<(Vec<Document>, u64)> {
        self.read(move |c| {
            // Only the conditions that are asked for, so that an index answers both statements.
            let mut condition = "organization_id = ?".to_owned();
            let mut values = vec![Value::Text(organization.to_string())];
            if let Some(agent) = filter.agent_id {
                condition.push_str(" AND agent_id = ?");
                values.push(Value::Text(agent.to_string()));
            }
            if let Some(status) = filter.status {
                condition.push_str(" AND status = ?");
                values.push(Value::Text(status.as_str().to_owned()));
            }
            if filter.searchable {
                condition.push_str(" AND chunk_count > 0");
            }
            let count = format!("SELECT COUNT(*) FROM documents WHERE {condition}");
            let total: i64 = c.prepare_cached(&count)?.query_row(params_from_iter(&values), |r| r.get(0))?;
            let order = match filter.order {
                DocumentOrder::ByPath => "source, path, id",
                DocumentOrder::NewestFirst => "created_at DESC, id DESC",
            };
            let sql = format!(
                "SELECT {COLUMNS} FROM documents WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
            );
            values.push(Value::Integer(filter.limit.and_then(|l| i64::try_from(l).ok()).unwrap_or(-1)));
            values.push(Value::Integer(i64::try_from(filter.offset).unwrap_or(i64::MAX)));
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(params_from_iter(&values), read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }

    /// Every document of every organization that can be found: what an index is rebuilt from.
    pub async fn searchable_documents(&self) -> Result<Vec<Document>> {
        self.read(|c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM documents WHERE chunk_count > 0 ORDER BY organization_id, source, path, id"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map([], read)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Deletes documents with their chunks and leaves a job that tidies the index and the blobs. Returns
    /// the ids of those that were there.
    pub async fn delete_documents(
        &self,
        organization: OrganizationId,
        ids: Vec<DocumentId>,
        tidy: NewJob,
    ) -> Result<Vec<DocumentId>> {
        let now = self.clock.timestamp();
        let job_id = self.clock.new_id();
        self.write(move |c| {
            let sql = "DELETE FROM documents WHERE organization_id = ?1 AND id = ?2";
            let mut gone = Vec::new();
            for id in ids {
                if c.prepare_cached(sql)?.execute(params![organization.to_string(), id.to_string()])? > 0 {
                    gone.push(id);
                }
            }
            if !gone.is_empty() {
                answer_cache::outdate(c, organization)?;
                jobs::insert(c, job_id, &tidy, &now)?;
            }
            Ok(gone)
        })
        .await
    }

    /// Whether any document of any organization has these bytes, or waits to have them.
    pub async fn content_is_used(&self, hash: &str) -> Result<bool> {
        let hash = hash.to_owned();
        self.read(move |c| {
            // Two lookups, for each column has an index of its own.
            let sql = "SELECT 1 FROM documents WHERE content_hash = ?1
                       UNION ALL SELECT 1 FROM documents WHERE pending_hash = ?1 LIMIT 1";
            Ok(c.prepare_cached(sql)?.query_row([hash], |_| Ok(())).optional()?.is_some())
        })
        .await
    }

    /// The hashes of all bytes that any document has or waits to have.
    pub async fn contents_in_use(&self) -> Result<HashSet<String>> {
        self.read(|c| {
            let sql = "SELECT content_hash FROM documents
                       UNION SELECT pending_hash FROM documents WHERE pending_hash IS NOT NULL";
            let mut statement = c.prepare_cached(sql)?;
            let hashes = statement.query_map([], |row| row.get(0))?;
            Ok(hashes.collect::<Result<_, _>>()?)
        })
        .await
    }
}

pub(super) fn by_id(
    c: &Connection,
    organization: OrganizationId,
    id: DocumentId,
) -> Result<Option<Document>> {
    let sql = format!("SELECT {COLUMNS} FROM documents WHERE organization_id = ?1 AND id = ?2");
    Ok(c.prepare_cached(&sql)?
        .query_row(params![organization.to_string(), id.to_string()], read)
        .optional()?)
}

/// Maps of text cannot fail to serialise.
pub(super) fn json(metadata: &Metadata) -> String {
    serde_json::to_string(metadata).unwrap_or_else(|_| "{}".to_owned())
}

/// Nor can notes.
pub(super) fn notes_json(notes: &[ParseNote]) -> String {
    serde_json::to_string(notes).unwrap_or_else(|_| "[]".to_owned())
}
