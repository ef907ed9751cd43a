//! Bytes that begin to wait to become searchable: uploads, and requests to process a document again.
//!
//! `pending_hash` names the bytes that wait; a job `document.process` is recorded in the transaction that
//! sets it. The version before goes on answering until `versions.rs` commits the new one. Working on the
//! bytes, and how that ends, is in `claims.rs`.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::documents::{by_id, json};
use super::jobs::{self, NewJob};
use super::usage::check_room;
use super::{Store, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AgentId, Document, DocumentId, DocumentStatus, FileType, Metadata, OrganizationId};

/// Queue of the jobs that process documents.
const QUEUE: &str = "document.process";

/// A file that was received and lies among the blobs.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that alone may use it.
    pub agent_id: Option<AgentId>,
    /// File name without folders; a file of the same name and agent is a new version.
    pub filename: String,
    /// Kind of file.
    pub file_type: FileType,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub hash: String,
    /// The uploader's pairs.
    pub metadata: Metadata,
    /// Documents that the business may have; one more is refused, a new version is not.
    pub document_limit: Option<u64>,
}

/// What an upload has to know of the document it is a version of.
struct Known {
    id: DocumentId,
    status: DocumentStatus,
    content_hash: String,
    pending_hash: Option<String>,
    searchable: bool,
    metadata: Metadata,
}

fn known(c: &Connection, upload: &NewUpload) -> Result<Option<Known>> {
    let sql = "SELECT id, status, content_hash, pending_hash, chunk_count, metadata FROM documents
               WHERE organization_id = ?1 AND source = '' AND path = ?2 AND IFNULL(agent_id, '') = ?3";
    let agent = upload.agent_id.map(|a| a.to_string()).unwrap_or_default();
    let values = params![upload.organization_id.to_string(), upload.filename, agent];
    let found = c.prepare_cached(sql)?.query_row(values, |row| {
        Ok(Known {
            id: rows::parsed(row, "id")?,
            status: rows::word(row, "status", DocumentStatus::from_stored)?,
            content_hash: row.get("content_hash")?,
            pending_hash: row.get("pending_hash")?,
            searchable: row.get::<_, i64>("chunk_count")? > 0,
            metadata: rows::json(row, "metadata")?,
        })
    });
    Ok(found.optional()?)
}

impl Store {
    /// Records a received file with its job, in one transaction: a new document, or bytes that wait to
    /// become the next version of a known one. Bytes that are current already change nothing but the
    /// metadata.
    ///
    /// Fails with `QuotaExceeded`, code `document_limit_reached`, for a document beyond the limit.
    pub async fn receive_upload(&self, upload: NewUpload) -> Result<Document> {
        let (now, new_id, job) = (self.clock.timestamp(), self.clock.new_id(), self.clock.new_id());
        self.write(move |c| {
            let organization = upload.organization_id;
            check_agent(c, organization, upload.agent_id)?;
            let id = match known(c, &upload)? {
                None => {
                    let sql = "SELECT COUNT(*) FROM documents WHERE organization_id = ?1";
                    // Counted where it is written: of two at once only one may be the last.
                    check_room(c, sql, organization, upload.document_limit, "document")?;
                    insert(c, new_id, &upload, &now)?;
                    enqueue(c, job, organization, DocumentId(new_id), &now)?;
                    DocumentId(new_id)
                }
                Some(known) => {
                    if receive_again(c, &known, &upload, &now)? {
                        enqueue(c, job, organization, known.id, &now)?;
                    }
                    known.id
                }
            };
            by_id(c, organization, id)?.ok_or_else(|| Error::internal("an upload left no document"))
        })
        .await
    }

    /// Makes a document wait to be processed: the bytes that wait already, or its current ones.
    /// `None` if there is no such document; a conflict if it is being processed.
    pub async fn request_processing(
        &self,
        organization: OrganizationId,
        id: DocumentId,
    ) -> Result<Option<Document>> {
        let (now, job) = (self.clock.timestamp(), self.clock.new_id());
        self.write(move |c| {
            let Some(document) = by_id(c, organization, id)? else { return Ok(None) };
            if document.status == DocumentStatus::Processing {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!("`{}` is being processed already: wait until it is done", document.filename),
                )
                .with_code("already_processing"));
            }
            let sql = "UPDATE documents SET status = 'uploaded', processing_error = NULL, updated_at = ?3,
                              pending_size = IFNULL(pending_size, file_size),
                              pending_hash = IFNULL(pending_hash, content_hash)
                       WHERE organization_id = ?1 AND id = ?2";
            c.prepare_cached(sql)?.execute(params![organization.to_string(), id.to_string(), now])?;
            enqueue(c, job, organization, id, &now)?;
            by_id(c, organization, id)
        })
        .await
    }
}

/// Brings an upload to a known document; whether there is something to process.
fn receive_again(c: &Connection, known: &Known, upload: &NewUpload, now: &str) -> Result<bool> {
    let id = known.id.to_string();
    let waits = known.pending_hash.as_deref() == Some(upload.hash.as_str());
    let in_work = known.status == DocumentStatus::Processing;
    if waits && matches!(known.status, DocumentStatus::Uploaded | DocumentStatus::Processing) {
        // Whoever works on the bytes has read the pairs already: these come on top when that is done.
        let sql = if in_work {
            "UPDATE documents SET pending_metadata = json_patch(IFNULL(pending_metadata, metadata), ?2) WHERE id = ?1"
        } else {
            "UPDATE documents SET pending_metadata = ?2 WHERE id = ?1"
        };
        c.prepare_cached(sql)?.execute(params![id, json(&upload.metadata)])?;
        return Ok(!in_work);
    }
    // While other bytes are worked on these have to wait, or the others would come out last.
    if known.searchable && known.content_hash == upload.hash && !in_work {
        let mut metadata = known.metadata.clone();
        metadata.extend(upload.metadata.clone());
        let settled = known.status == DocumentStatus::Processed && known.pending_hash.is_none();
        if !settled || metadata != known.metadata {
            let sql = "UPDATE documents SET status = 'processed', processing_error = NULL, metadata = ?2, updated_at = ?3,
                              pending_hash = NULL, pending_size = NULL, pending_metadata = NULL
                       WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![id, json(&metadata), now])?;
        }
        return Ok(false);
    }
    let size = i64::try_from(upload.size).unwrap_or(i64::MAX);
    let sql = "UPDATE documents SET status = 'uploaded', processing_error = NULL, updated_at = ?2,
                      pending_hash = ?3, pending_size = ?4, pending_metadata = ?5
               WHERE id = ?1";
    c.prepare_cached(sql)?.execute(params![id, now, upload.hash, size, json(&upload.metadata)])?;
    if !known.searchable && !in_work {
        // Nobody ever saw the bytes before: these are the first version.
        let sql = "UPDATE documents SET content_hash = ?2, file_size = ?3, metadata = ?4 WHERE id = ?1";
        c.prepare_cached(sql)?.execute(params![id, upload.hash, size, json(&upload.metadata)])?;
    }
    Ok(true)
}

fn insert(c: &Connection, id: Uuid, upload: &NewUpload, now: &str) -> Result<()> {
    let sql = "INSERT INTO documents (id, organization_id, agent_id, filename, path, file_type, file_size, content_hash,
                                      status, metadata, version, created_at, updated_at,
                                      pending_hash, pending_size, pending_metadata)
               VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, 'uploaded', ?8, 1, ?9, ?9, ?7, ?6, ?8)";
    c.prepare_cached(sql)?.execute(params![
        id.to_string(),
        upload.organization_id.to_string(),
        upload.agent_id.map(|a| a.to_string()),
        upload.filename,
        upload.file_type.as_str(),
        i64::try_from(upload.size).unwrap_or(i64::MAX),
        upload.hash,
        json(&upload.metadata),
        now,
    ])?;
    Ok(())
}

/// The agent may have been deleted while the bytes came in.
fn check_agent(c: &Connection, organization: OrganizationId, agent: Option<AgentId>) -> Result<()> {
    let Some(agent) = agent else { return Ok(()) };
    let sql = "SELECT 1 FROM agents WHERE organization_id = ?1 AND id = ?2";
    let found =
        c.prepare_cached(sql)?.query_row(params![organization.to_string(), agent.to_string()], |_| Ok(()));
    found.optional()?.ok_or_else(|| Error::not_found(format!("there is no agent `{agent}`")))
}

/// Records the job that processes a document, unless one waits already. One that runs does not count:
/// it works on what waited when it began.
pub(super) fn enqueue(
    c: &Connection,
    job: Uuid,
    organization: OrganizationId,
    document: DocumentId,
    now: &str,
) -> Result<()> {
    // The order key is the document's id: what else works on it waits its turn.
    let new = NewJob::new(QUEUE, &serde_json::json!({ "documentId": document }))
        .for_organization(organization)
        .dedupe(format!("{QUEUE}:{document}"))
        .order(document.to_string());
    jobs::insert(c, job, &new, now)?;
    Ok(())
}

#[cfg(test)]
mod tests;
