//! Working on bytes that wait: taking them, and every way in which that ends but success, which is in
//! `versions.rs`.
//!
//! A document that cannot be read gives its bytes up; one that a fault of the machine stopped keeps them
//! waiting. Whatever ends here leaves newer bytes alone.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::documents::{COLUMNS, read};
use super::uploads::enqueue;
use super::{Store, rows};
use crate::error::Result;
use crate::model::{Document, DocumentId, DocumentStatus, Metadata, OrganizationId};

/// Waiting bytes that somebody now works on.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The document as it was before.
    pub document: Document,
    /// SHA-256 of the bytes to process.
    pub hash: String,
    /// Their size.
    pub size: u64,
    /// Pairs that the new version gets beside what the file says of itself.
    pub metadata: Metadata,
    /// Nothing waited: these are the current bytes, claimed to be processed once more.
    pub again: bool,
}

impl Store {
    /// Takes the waiting bytes of a document to work on them. `None` if none wait, or there is no such
    /// document. With `again`, the current bytes are taken if none wait.
    pub async fn claim_processing(
        &self,
        organization: OrganizationId,
        id: DocumentId,
        again: bool,
    ) -> Result<Option<Claim>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = format!(
                "SELECT {COLUMNS}, pending_hash, pending_size, pending_metadata FROM documents
                 WHERE organization_id = ?1 AND id = ?2"
            );
            let found = c
                .prepare_cached(&sql)?
                .query_row(params![organization.to_string(), id.to_string()], read_claim)
                .optional()?;
            let Some(claim) = found.filter(|claim| again || !claim.again) else { return Ok(None) };
            let sql = "UPDATE documents SET status = 'processing', processing_error = NULL, updated_at = ?2,
                              pending_hash = ?3, pending_size = ?4
                       WHERE id = ?1";
            let size = i64::try_from(claim.size).unwrap_or(i64::MAX);
            c.prepare_cached(sql)?.execute(params![id.to_string(), now, claim.hash, size])?;
            Ok(Some(claim))
        })
        .await
    }

    /// Ends work on bytes that could not be made searchable, and says why. With `keep` they go on
    /// waiting for somebody to ask again. Nothing happens if newer bytes wait by now.
    pub async fn fail_processing(&self, claim: &Claim, reason: String, keep: bool) -> Result<()> {
        let status = DocumentStatus::Failed;
        self.end_claim(claim, status, Some(reason), keep).await
    }

    /// Ends work that was broken off: everything is as before the claim, or waits for the next one.
    pub async fn release_processing(&self, claim: &Claim) -> Result<()> {
        let status = if claim.again { claim.document.status } else { DocumentStatus::Uploaded };
        let error = claim.document.processing_error.clone().filter(|_| claim.again);
        self.end_claim(claim, status, error, !claim.again).await
    }

    async fn end_claim(
        &self,
        claim: &Claim,
        status: DocumentStatus,
        error: Option<String>,
        keep: bool,
    ) -> Result<()> {
        let (id, hash, now) = (claim.document.id, claim.hash.clone(), self.clock.timestamp());
        self.write(move |c| {
            // Pairs that came meanwhile with bytes that are current anyway are not given up with the work.
            let sql = "UPDATE documents SET status = ?3, processing_error = ?4, updated_at = ?5,
                              metadata = CASE WHEN NOT ?6 AND content_hash = pending_hash AND pending_metadata IS NOT NULL
                                         THEN json_patch(metadata, pending_metadata) ELSE metadata END,
                              pending_hash = CASE WHEN ?6 THEN pending_hash END,
                              pending_size = CASE WHEN ?6 THEN pending_size END,
                              pending_metadata = CASE WHEN ?6 THEN pending_metadata END
                       WHERE id = ?1 AND pending_hash = ?2";
            let values = params![id.to_string(), hash, status.as_str(), error, now, keep];
            c.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
        .await
    }

    /// Whether documents wait that no job will take up: the process that worked on them died.
    pub async fn has_stranded_documents(&self) -> Result<bool> {
        self.read(|c| Ok(!stranded(c)?.is_empty())).await
    }

    /// Gives stranded documents a job again. One whose job was given up has failed: it is not tried
    /// once more behind the operator's back, for it may be what kills the process. How many of both.
    pub async fn recover_stranded(&self) -> Result<(usize, usize)> {
        let (now, clock) = (self.clock.timestamp(), self.clock.clone());
        self.write(move |c| {
            let (mut again, mut failed) = (0, 0);
            for Stranded { id, organization_id, given_up } in stranded(c)? {
                let (status, reason) = if given_up {
                    failed += 1;
                    (
                        DocumentStatus::Failed,
                        Some("processing it was cut off time and again; process it again"),
                    )
                } else {
                    again += 1;
                    enqueue(c, clock.new_id(), organization_id, id, &now)?;
                    (DocumentStatus::Uploaded, None)
                };
                let sql =
                    "UPDATE documents SET status = ?2, processing_error = ?3, updated_at = ?4 WHERE id = ?1";
                c.prepare_cached(sql)?.execute(params![id.to_string(), status.as_str(), reason, now])?;
            }
            Ok((again, failed))
        })
        .await
    }
}

fn read_claim(row: &Row<'_>) -> rusqlite::Result<Claim> {
    let document = read(row)?;
    let hash: Option<String> = row.get("pending_hash")?;
    let again = hash.is_none();
    let size = row.get::<_, Option<i64>>("pending_size")?.map_or(document.file_size, i64::unsigned_abs);
    let metadata = match row.get::<_, Option<String>>("pending_metadata")? {
        Some(_) => rows::json(row, "pending_metadata")?,
        None => document.metadata.clone(),
    };
    let hash = hash.unwrap_or_else(|| document.content_hash.clone());
    Ok(Claim { document, hash, size, metadata, again })
}

struct Stranded {
    id: DocumentId,
    organization_id: OrganizationId,
    given_up: bool,
}

/// Documents whose bytes wait while no job waits or runs for them.
fn stranded(c: &Connection) -> Result<Vec<Stranded>> {
    let sql = "SELECT d.id, d.organization_id,
                      EXISTS (SELECT 1 FROM jobs j WHERE j.order_key = d.id AND j.updated_at >= d.updated_at
                                                     AND j.status = 'dead') AS given_up
               FROM documents d
               WHERE d.pending_hash IS NOT NULL AND d.status IN ('uploaded', 'processing')
                 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.order_key = d.id
                                                        AND j.status IN ('available', 'running'))";
    let mut statement = c.prepare_cached(sql)?;
    let found = statement.query_map([], |row| {
        Ok(Stranded {
            id: rows::parsed(row, "id")?,
            organization_id: rows::parsed(row, "organization_id")?,
            given_up: row.get("given_up")?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
