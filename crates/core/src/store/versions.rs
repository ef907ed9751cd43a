//! How a version of a document becomes current: its row and its chunks in one transaction.
//!
//! A document that was deleted while its bytes were worked on stays deleted.

use rusqlite::{Connection, OptionalExtension, params};

use super::documents::{json, notes_json};
use super::jobs::{self, NewJob};
use super::{ChunkRow, FileName, Store, answer_cache, chunks, generations};
use crate::error::Result;
use crate::model::{AgentId, DocumentId, FileType, GenerationId, Metadata, OrganizationId, ParseNote};

/// Where the bytes of a version came from; decides what happens to bytes that still wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Read from the operator's files just now: nothing older waits any more.
    Source,
    /// Uploaded, or asked to be processed again: settles these bytes and leaves newer ones waiting.
    Pending,
    /// The bytes that were current before, for a new index: settles nothing, and is no change of the
    /// document.
    Rebuild,
}

/// A new document, or a new version of a known one, ready to be searched.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The document's id: the known one for a new version.
    pub id: DocumentId,
    /// Whether the document is known. If it is gone by now, it stays gone.
    pub known: bool,
    /// Where the bytes came from.
    pub origin: Origin,
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that alone may use it.
    pub agent_id: Option<AgentId>,
    /// What it is told by.
    pub name: FileName,
    /// Kind of file.
    pub file_type: FileType,
    /// Size in bytes.
    pub file_size: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub content_hash: String,
    /// What the file says of itself and the operator's pairs.
    pub metadata: Metadata,
    /// What of the file was not read, and what is not sure.
    pub notes: Vec<ParseNote>,
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
    /// Whether nothing of the document was searchable before.
    pub first: bool,
    /// Hash of the bytes that were current before, if they were others.
    pub replaced_hash: Option<String>,
}

impl Store {
    /// Makes new versions current, all of them or none: rows, chunks (old ones go), and a job that
    /// tidies the index. `None` for a known document that was deleted meanwhile.
    pub async fn commit_versions(
        &self,
        versions: Vec<NewVersion>,
        tidy: NewJob,
    ) -> Result<Vec<Option<Committed>>> {
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
                commit(c, version, &now)?;
            }
            generations::activate(c, id, &now)?;
            jobs::insert(c, job_id, &tidy, &now)?;
            Ok(())
        })
        .await
    }
}

fn commit(c: &Connection, version: &NewVersion, now: &str) -> Result<Option<Committed>> {
    let before = "SELECT content_hash, chunk_count FROM documents WHERE organization_id = ?1 AND id = ?2";
    let before: Option<(String, u32)> = c
        .prepare_cached(before)?
        .query_row(params![version.organization_id.to_string(), version.id.to_string()], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .optional()?;
    if version.known && before.is_none() {
        return Ok(None);
    }
    let number = upsert(c, version, now)?;
    settle(c, version, now)?;
    chunks::replace(c, version.organization_id, version.id, &version.chunks, now)?;
    answer_cache::outdate(c, version.organization_id)?;
    Ok(Some(Committed {
        version: number,
        first: before.as_ref().is_none_or(|(_, chunks)| *chunks == 0),
        replaced_hash: before.map(|(hash, _)| hash).filter(|hash| *hash != version.content_hash),
    }))
}

fn upsert(c: &Connection, version: &NewVersion, now: &str) -> Result<u32> {
    let sql = "INSERT INTO documents (id, organization_id, agent_id, filename, path, file_type, file_size, content_hash,
                                      status, metadata, chunk_count, page_count, version, created_at, updated_at, processed_at,
                                      source, location, parse_notes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'processed', ?9, ?10, ?11, 1, ?12, ?12, ?12, ?13, ?14, ?15)
               ON CONFLICT (id) DO UPDATE SET
                 filename = excluded.filename, source = excluded.source, path = excluded.path,
                 location = IFNULL(excluded.location, location), file_type = excluded.file_type, file_size = excluded.file_size,
                 version = version + (content_hash <> excluded.content_hash), content_hash = excluded.content_hash,
                 metadata = excluded.metadata, chunk_count = excluded.chunk_count, page_count = excluded.page_count,
                 parse_notes = excluded.parse_notes
               RETURNING version";
    Ok(c.prepare_cached(sql)?.query_row(
        params![
            version.id.to_string(),
            version.organization_id.to_string(),
            version.agent_id.map(|a| a.to_string()),
            version.name.filename,
            version.name.path,
            version.file_type.as_str(),
            i64::try_from(version.file_size).unwrap_or(i64::MAX),
            version.content_hash,
            json(&version.metadata),
            i64::try_from(version.chunks.len()).unwrap_or(i64::MAX),
            version.page_count,
            now,
            version.name.source,
            version.name.location,
            notes_json(&version.notes),
        ],
        |row| row.get(0),
    )?)
}

/// Brings the status and the waiting bytes in line with what became current.
fn settle(c: &Connection, version: &NewVersion, now: &str) -> Result<()> {
    let id = version.id.to_string();
    if version.origin == Origin::Rebuild {
        return Ok(());
    }
    if version.origin == Origin::Pending {
        // Pairs that came with the same bytes while these were worked on.
        let sql = "UPDATE documents SET metadata = json_patch(metadata, pending_metadata)
                   WHERE id = ?1 AND pending_hash = ?2 AND pending_metadata IS NOT NULL";
        c.prepare_cached(sql)?.execute(params![id, version.content_hash])?;
    }
    let sql = "UPDATE documents SET pending_hash = NULL, pending_size = NULL, pending_metadata = NULL
               WHERE id = ?1 AND (?2 OR pending_hash = ?3)";
    c.prepare_cached(sql)?.execute(params![id, version.origin == Origin::Source, version.content_hash])?;
    let sql = "UPDATE documents SET updated_at = ?2, processed_at = ?2, processing_error = NULL,
                      status = CASE WHEN pending_hash IS NULL THEN 'processed' ELSE 'uploaded' END
               WHERE id = ?1";
    c.prepare_cached(sql)?.execute(params![id, now])?;
    Ok(())
}
