//! Rebuilding the index beside the one that answers.
//!
//! Every searchable document of every organization, for all share the index, is parsed, cut and embedded
//! again into a new generation; then, in one transaction, its chunks and the generation take over. Until
//! that moment nothing changes for those who ask. The generation before stays for a rollback, older ones
//! are dropped. Uploads that wait are not touched: their jobs go on afterwards.

use super::documents::quiet;
use super::{Engine, IngestReport};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{Committer, DocumentReport, IngestEvent, OnEvent, Outcome, Stop, Work, tidy_job};
use crate::model::{Chunk, Document};
use crate::store::Origin;

impl Engine {
    /// Rebuilds the index of the whole deployment with the configured model and language.
    pub async fn reindex(&self, on_event: OnEvent, stop: Stop) -> Result<IngestReport> {
        let begun = self.parts.clock.now();
        let _lock = self.parts.lock.alone(&stop, || on_event(IngestEvent::Waiting)).await?;
        self.drop_leftovers().await?;
        let documents = self.parts.store.searchable_documents().await?;
        on_event(IngestEvent::Found(documents.len()));

        let profile = self.model_profile()?;
        let language = self.parts.config.index.language;
        let record = self.parts.store.begin_generation(&profile.name, profile.dimension, language).await?;
        let table = self.parts.index.create(record.id, profile.dimension).await?;
        let pipeline = self.pipeline(&on_event, &stop).await?;
        let mut committer =
            Committer::new(&self.parts.store, &table, &self.parts.blobs, &self.parts.clock, language, true);
        let works = documents.iter().cloned().map(work_of).collect();
        let failed = pipeline.run(works, &mut committer).await?;
        // What cannot be read any more (Tesseract gone, a limit lowered) goes on answering as it did.
        let unread = documents.iter().filter(|d| failed.iter().any(|f| f.document_id == Some(d.id)));
        for document in unread.take_while(|_| !stop.requested()) {
            let chunks = self.parts.store.chunks(document.organization_id, document.id).await?;
            let chunks = chunks.into_iter().map(Chunk::into_text).collect();
            let (work, notes) = (work_of(document.clone()), document.notes.clone());
            pipeline.keep(work, notes, document.page_count, chunks, &mut committer).await?;
        }
        if stop.requested() {
            self.drop_leftovers().await?;
            return Err(Error::new(ErrorKind::Cancelled, "stopped: the index is as it was before"));
        }
        let versions = committer.into_versions().await?;
        let mut reports: Vec<DocumentReport> = documents
            .iter()
            .filter(|d| failed.iter().all(|f| f.document_id != Some(d.id)))
            .filter_map(|d| rebuilt(d, &versions))
            .collect();
        for report in &reports {
            on_event(IngestEvent::Done(report.clone()));
        }
        on_event(IngestEvent::Optimising);
        table.optimize().await?;
        self.parts.store.commit_generation(record.id, versions, tidy_job()).await?;
        self.tidy_if_needed(&quiet()).await?;
        self.drop_old().await?;

        reports.extend(failed);
        reports.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self.report(reports, begun))
    }

    /// Removes what interrupted rebuilds left.
    async fn drop_leftovers(&self) -> Result<()> {
        for generation in self.parts.store.generations().await?.into_iter().filter(|g| g.status == "building")
        {
            self.parts.index.drop_generation(generation.id).await?;
            self.parts.store.forget_generation(generation.id).await?;
        }
        Ok(())
    }

    /// Keeps the active generation and the one before it.
    async fn drop_old(&self) -> Result<()> {
        let retired: Vec<_> =
            self.parts.store.generations().await?.into_iter().filter(|g| g.status == "retired").collect();
        for generation in retired.iter().rev().skip(1) {
            self.parts.index.drop_generation(generation.id).await?;
            self.parts.store.forget_generation(generation.id).await?;
        }
        Ok(())
    }
}

/// The current version of a document as work: its bytes are a blob already.
fn work_of(document: Document) -> Work {
    Work {
        organization_id: document.organization_id,
        known: Some(document.id),
        origin: Origin::Rebuild,
        agent_id: document.agent_id,
        name: document.name(),
        moved_from: None,
        file_type: document.file_type,
        size: document.file_size,
        hash: document.content_hash,
        file: None,
        metadata: document.metadata,
    }
}

fn rebuilt(document: &Document, versions: &[crate::store::NewVersion]) -> Option<DocumentReport> {
    let version = versions.iter().find(|v| v.id == document.id)?;
    Some(DocumentReport {
        version: Some(document.version),
        pages: version.page_count,
        chunks: u32::try_from(version.chunks.len()).unwrap_or(u32::MAX),
        notes: version.notes.clone(),
        ..DocumentReport::new(document.place(), Some(document.id), Outcome::Updated)
    })
}
