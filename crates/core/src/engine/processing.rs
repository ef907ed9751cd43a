//! Making uploaded documents searchable, and stored ones once more.
//!
//! A document that cannot be read has failed: that is a result, and the version before goes on answering.
//! An error is what stopped the work (no model, a full disk): the bytes keep waiting for another attempt.
//! Deleted documents stay deleted, newer uploads stay waiting; `store/claims.rs` and `store/versions.rs`
//! see to that in their transactions.

use super::Engine;
use super::documents::quiet;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{DocumentReport, IngestEvent, OnEvent, Outcome, Stop, Work};
use crate::model::{Document, DocumentId, FileType};
use crate::store::{Claim, Origin};

impl Engine {
    /// Makes the waiting bytes of a document searchable: the job `document.process`. May be repeated:
    /// if none wait any more, it reports how things are. Tidying the index is left to the job that the
    /// commit records.
    ///
    /// Fails at once, with nothing parsed, while the embedding service is left alone (`circuit_open`).
    pub async fn process_document(&self, id: DocumentId, stop: Stop) -> Result<DocumentReport> {
        self.check_embedding()?;
        let _lock = self.parts.lock.together(&stop).await?;
        self.process_waiting(id, false, &quiet(), &stop).await
    }

    /// The same for a document of which no bytes wait: its current version is parsed, cut and embedded
    /// again.
    pub async fn reindex_document(&self, id: DocumentId, stop: Stop) -> Result<DocumentReport> {
        self.document(id).await?;
        self.check_embedding()?;
        let _lock = self.parts.lock.together(&stop).await?;
        self.process_waiting(id, true, &quiet(), &stop).await
    }

    /// The same at the command line: tells what happens and tidies the index afterwards.
    pub async fn reprocess(&self, id: DocumentId, on_event: OnEvent, stop: Stop) -> Result<DocumentReport> {
        let document = self.document(id).await?;
        let _lock = self.parts.lock.alone(&stop, || on_event(IngestEvent::Waiting)).await?;
        on_event(IngestEvent::Found(1));
        let report = self.process_waiting(document.id, true, &on_event, &stop).await?;
        self.tidy_if_needed(&on_event).await?;
        Ok(report)
    }

    /// Makes a document wait to be processed and leaves a job for it: what waits already, or the current
    /// version once more. Fails with `Conflict`, code `already_processing`, while it is in work.
    pub async fn request_processing(&self, id: DocumentId) -> Result<Document> {
        let requested = self.parts.store.request_processing(self.organization.id, id).await?;
        requested.ok_or_else(|| missing(id))
    }

    /// Gives a job again to documents whose process died over them. Cheap if there are none.
    pub(super) async fn recover_processing(&self) -> Result<()> {
        if !self.parts.store.has_stranded_documents().await? {
            return Ok(());
        }
        // While another process has the index, the documents may be the ones it works on.
        let Some(_lock) = self.parts.lock.if_free()? else { return Ok(()) };
        let (again, failed) = self.parts.store.recover_stranded().await?;
        tracing::info!(again, failed, "documents whose processing was cut off");
        Ok(())
    }

    /// The caller holds the lock.
    async fn process_waiting(
        &self,
        id: DocumentId,
        again: bool,
        on_event: &OnEvent,
        stop: &Stop,
    ) -> Result<DocumentReport> {
        let whose = self.organization.id;
        let Some(claim) = self.parts.store.claim_processing(whose, id, again).await? else {
            let document = self.parts.store.document(whose, id).await?;
            return Ok(document
                .map_or_else(|| DocumentReport::removed(id.to_string(), id), |document| settled(&document)));
        };
        let begun = self.parts.clock.now();
        let outcome = self.work_on(&claim, on_event, stop).await;
        let label = match &outcome {
            Ok(report) if report.status == Outcome::Failed => "failed",
            Ok(report) if report.status == Outcome::Removed => "removed",
            Ok(_) => "processed",
            Err(error) if error.kind() == ErrorKind::Cancelled => "stopped",
            Err(_) => "error",
        };
        let elapsed = self.parts.clock.now().signed_duration_since(begun).to_std().unwrap_or_default();
        measure(claim.document.file_type, label, elapsed);
        tracing::info!(document = %id, outcome = label, elapsed_ms = elapsed.as_millis(), "document processed");
        outcome
    }

    async fn work_on(&self, claim: &Claim, on_event: &OnEvent, stop: &Stop) -> Result<DocumentReport> {
        let store = &self.parts.store;
        match self.process(vec![work_of(claim)], on_event, stop).await {
            Ok(reports) => match reports.into_iter().next() {
                Some(report) if report.status == Outcome::Failed => {
                    // Bytes that the machine could not read now are the user's only copy here.
                    let keep = report.retryable && !claim.again;
                    store.fail_processing(claim, report.error.clone().unwrap_or_default(), keep).await?;
                    self.parts.blobs.release(store, [claim.hash.clone()]).await?;
                    Ok(report)
                }
                Some(report) => Ok(report),
                None => {
                    store.release_processing(claim).await?;
                    let path = claim.document.place();
                    Err(Error::new(ErrorKind::Cancelled, format!("stopped before {path} was done")))
                }
            },
            Err(error) => {
                // The first error is the one to tell.
                let ended = if claim.again || error.kind() == ErrorKind::Cancelled {
                    store.release_processing(claim).await
                } else {
                    store.fail_processing(claim, error.to_string(), true).await
                };
                if let Err(second) = ended {
                    tracing::error!(error = ?second, "a document's state could not be recorded");
                }
                Err(error)
            }
        }
    }
}

fn missing(id: DocumentId) -> Error {
    Error::not_found(format!("there is no document {id}: `agentctl documents list` shows them"))
}

/// Claimed bytes as work: they are a blob already.
fn work_of(claim: &Claim) -> Work {
    let document = claim.document.clone();
    Work {
        organization_id: document.organization_id,
        known: Some(document.id),
        origin: Origin::Pending,
        agent_id: document.agent_id,
        name: document.name(),
        moved_from: None,
        file_type: document.file_type,
        size: claim.size,
        hash: claim.hash.clone(),
        file: None,
        metadata: claim.metadata.clone(),
    }
}

/// How a document is of which nothing waits.
fn settled(document: &Document) -> DocumentReport {
    if let Some(error) = &document.processing_error {
        return DocumentReport::failed(document.place(), Some(document.id), error);
    }
    DocumentReport {
        version: Some(document.version),
        pages: document.page_count,
        chunks: document.chunk_count,
        notes: document.notes.clone(),
        ..DocumentReport::new(document.place(), Some(document.id), Outcome::Unchanged)
    }
}

fn measure(file_type: FileType, outcome: &'static str, elapsed: std::time::Duration) {
    let labels = [("file_type", file_type.as_str()), ("outcome", outcome)];
    metrics::histogram!("document_processing_duration_seconds", &labels).record(elapsed.as_secs_f64());
}
