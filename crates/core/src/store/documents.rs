//! Documents: one row a file and agent, and how a new version replaces an old one.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::jobs::{self, NewJob};
use super::{ChunkRow, Store, chunks, generations, rows};
use crate::error::Result;
use crate::model::{
    AgentId, Document, DocumentId, DocumentStatus, FileType, GenerationId, Metadata, OrganizationId,
};

const COLUMNS: &str = "id, organization_id, agent_id, filename, path, file_type, file_size, content_hash, status, \
                       metadata, processing_error, chunk_count, page_count, version, created_at, updated_at, processed_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        id: rows::parsed(row, "id")?,
        organization_id: rows::parsed(row, "organization_id")?,
        agent_id: rows::parsed_opt(row, "agent_id")?,
        filename: row.get("filename")?,
        path: row.get("path")?,
        file_type: rows::word(row, "file_type", FileType::from_stored)?,
        file_size: row.get::<_, i64>("file_size")?.unsigned_abs(),
        content_hash: row.get("content_hash")?,
        status: rows::word(row, "status", DocumentStatus::from_stored)?,
        metadata: rows::json(row, "metadata")?,
        processing_error: row.get("processing_error")?,
        chunk_count: row.get("chunk_count")?,
        page_count: row.get("page_count")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        processed_at: row.get("processed_at")?,
    })
}

/// What is known of a file that was ingested before.
#[derive(Debug, Clone)]
pub struct KnownFile {
    /// Its document.
    pub id: DocumentId,
    /// SHA-256 of its bytes, hexadecimal.
    pub content_hash: String,
    /// Current version.
    pub version: u32,
    /// Pages of it.
    pub page_count: u32,
    /// Chunks of it.
    pub chunk_count: u32,
    /// Its metadata.
    pub metadata: Metadata,
}

/// A new document, or a new version of a known one, ready to be searched.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The document's id: the known one for a new version.
    pub id: DocumentId,
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that alone may use it.
    pub agent_id: Option<AgentId>,
    /// File name without folders.
    pub filename: String,
    /// Absolute path, or the name given for standard input.
    pub path: String,
    /// Kind of file.
    pub file_type: FileType,
    /// Size in bytes.
    pub file_size: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub content_hash: String,
    /// What the file says of itself and the operator's pairs.
    pub metadata: Metadata,
    /// Number of pages.
    pub page_count: u32,
    /// Its chunks in order.
    pub chunks: Vec<ChunkRow>,
}

/// What committing a version did.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The version that is current now.
    pub version: u32,
    /// Hash of the bytes that were current before, if they were others.
    pub replaced_hash: Option<String>,
}

/// Which documents to list.
#[derive(Debug, Clone, Default)]
pub struct DocumentFilter {
    /// Only those of this agent.
    pub agent_id: Option<AgentId>,
    /// Only those in this state.
    pub status: Option<DocumentStatus>,
    /// Skip that many.
    pub offset: u64,
    /// At most that many.
    pub limit: Option<u64>,
}

impl Store {
    /// Files that were ingested before, by path.
    pub async fn known_files(
        &self,
        organization: OrganizationId,
        agent: Option<AgentId>,
    ) -> Result<HashMap<String, KnownFile>> {
        self.read(move |c| {
            let sql =
                "SELECT id, path, content_hash, version, page_count, chunk_count, metadata FROM documents
                       WHERE organization_id = ?1 AND IFNULL(agent_id, '') = ?2 AND status = 'processed'";
            let agent = agent.map(|a| a.to_string()).unwrap_or_default();
            let mut statement = c.prepare_cached(sql)?;
            let files = statement.query_map(params![organization.to_string(), agent], |row| {
                let known = KnownFile {
                    id: rows::parsed(row, "id")?,
                    content_hash: row.get("content_hash")?,
                    version: row.get("version")?,
                    page_count: row.get("page_count")?,
                    chunk_count: row.get("chunk_count")?,
                    metadata: rows::json(row, "metadata")?,
                };
                Ok((row.get("path")?, known))
            })?;
            Ok(files.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Makes new versions current, all of them or none: rows, chunks (old ones go), and a job that
    /// tidies the index.
    pub async fn commit_versions(&self, versions: Vec<NewVersion>, tidy: NewJob) -> Result<Vec<Committed>> {
        let now = self.clock.timestamp();
        let job_id = self.clock.new_id();
        self.write(move |c| {
            let committed = versions.iter().map(|v| commit(c, v, &now)).collect::<Result<_>>()?;
            jobs::insert(c, job_id, &tidy, &now)?;
            Ok(committed)
        })
        .await
    }

    /// Puts a generation in force together with the versions it was built from, all or nothing.
    pub async fn commit_generation(
        &self,
        id: GenerationId,
        versions: Vec<NewVersion>,
        tidy: NewJob,
    ) -> Result<()> {
        let now = self.clock.timestamp();
        let job_id = self.clock.new_id();
        self.write(move |c| {
            for version in &versions {
                // A document that was deleted meanwhile stays deleted.
                if exists(c, version.id)? {
                    commit(c, version, &now)?;
                }
            }
            generations::activate(c, id, &now)?;
            jobs::insert(c, job_id, &tidy, &now)
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
            Ok(())
        })
        .await
    }

    /// A document by id.
    pub async fn document(&self, organization: OrganizationId, id: DocumentId) -> Result<Option<Document>> {
        self.read(move |c| {
            let sql = format!("SELECT {COLUMNS} FROM documents WHERE organization_id = ?1 AND id = ?2");
            Ok(c.prepare_cached(&sql)?
                .query_row(params![organization.to_string(), id.to_string()], read)
                .optional()?)
        })
        .await
    }

    /// Documents that pass the filter by path, and how many pass it in all.
    pub async fn documents(
        &self,
        organization: OrganizationId,
        filter: DocumentFilter,
    ) -> Result<(Vec<Document>, u64)> {
        self.read(move |c| {
            let condition =
                "organization_id = ?1 AND (?2 IS NULL OR agent_id = ?2) AND (?3 IS NULL OR status = ?3)";
            let agent = filter.agent_id.map(|a| a.to_string());
            let status = filter.status.map(DocumentStatus::as_str);
            let whose = organization.to_string();
            let count = format!("SELECT COUNT(*) FROM documents WHERE {condition}");
            let total: i64 =
                c.prepare_cached(&count)?.query_row(params![whose, agent, status], |r| r.get(0))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM documents WHERE {condition} ORDER BY path, id LIMIT ?4 OFFSET ?5"
            );
            let limit = filter.limit.and_then(|l| i64::try_from(l).ok()).unwrap_or(-1);
            let offset = i64::try_from(filter.offset).unwrap_or(i64::MAX);
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(params![whose, agent, status, limit, offset], read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }

    /// Deletes documents with their chunks and leaves a job that tidies the index. Returns the
    /// content hashes that no other document has: their blobs may go.
    pub async fn delete_documents(
        &self,
        organization: OrganizationId,
        ids: Vec<DocumentId>,
        tidy: NewJob,
    ) -> Result<Vec<String>> {
        let now = self.clock.timestamp();
        let job_id = self.clock.new_id();
        self.write(move |c| {
            let mut orphans = Vec::new();
            for id in ids {
                let sql =
                    "DELETE FROM documents WHERE organization_id = ?1 AND id = ?2 RETURNING content_hash";
                let hash: Option<String> = c
                    .prepare_cached(sql)?
                    .query_row(params![organization.to_string(), id.to_string()], |r| r.get(0))
                    .optional()?;
                orphans.extend(hash);
            }
            orphans.sort_unstable();
            orphans.dedup();
            let mut unused = Vec::new();
            for hash in orphans {
                if !hash_is_used(c, &hash)? {
                    unused.push(hash);
                }
            }
            jobs::insert(c, job_id, &tidy, &now)?;
            Ok(unused)
        })
        .await
    }

    /// Whether any document has these bytes.
    pub async fn content_is_used(&self, hash: &str) -> Result<bool> {
        let hash = hash.to_owned();
        self.read(move |c| hash_is_used(c, &hash)).await
    }
}

fn hash_is_used(c: &Connection, hash: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM documents WHERE content_hash = ?1 LIMIT 1";
    Ok(c.prepare_cached(sql)?.query_row([hash], |_| Ok(())).optional()?.is_some())
}

fn exists(c: &Connection, id: DocumentId) -> Result<bool> {
    let sql = "SELECT 1 FROM documents WHERE id = ?1";
    Ok(c.prepare_cached(sql)?.query_row([id.to_string()], |_| Ok(())).optional()?.is_some())
}

fn commit(c: &Connection, version: &NewVersion, now: &str) -> Result<Committed> {
    let before = "SELECT content_hash FROM documents WHERE id = ?1";
    let before: Option<String> =
        c.prepare_cached(before)?.query_row([version.id.to_string()], |r| r.get(0)).optional()?;
    let sql = "INSERT INTO documents (id, organization_id, agent_id, filename, path, file_type, file_size, content_hash,
                                      status, metadata, chunk_count, page_count, version, created_at, updated_at, processed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'processed', ?9, ?10, ?11, 1, ?12, ?12, ?12)
               ON CONFLICT (id) DO UPDATE SET
                 filename = excluded.filename, file_type = excluded.file_type, file_size = excluded.file_size,
                 version = version + (content_hash <> excluded.content_hash), content_hash = excluded.content_hash,
                 status = 'processed', metadata = excluded.metadata, processing_error = NULL,
                 chunk_count = excluded.chunk_count, page_count = excluded.page_count,
                 updated_at = excluded.updated_at, processed_at = excluded.processed_at
               RETURNING version";
    let number = c.prepare_cached(sql)?.query_row(
        params![
            version.id.to_string(),
            version.organization_id.to_string(),
            version.agent_id.map(|a| a.to_string()),
            version.filename,
            version.path,
            version.file_type.as_str(),
            i64::try_from(version.file_size).unwrap_or(i64::MAX),
            version.content_hash,
            json(&version.metadata),
            i64::try_from(version.chunks.len()).unwrap_or(i64::MAX),
            version.page_count,
            now,
        ],
        |row| row.get(0),
    )?;
    chunks::replace(c, version.organization_id, version.id, &version.chunks, now)?;
    Ok(Committed { version: number, replaced_hash: before.filter(|hash| *hash != version.content_hash) })
}

/// Maps of text cannot fail to serialise.
fn json(metadata: &Metadata) -> String {
    serde_json::to_string(metadata).unwrap_or_else(|_| "{}".to_owned())
}
