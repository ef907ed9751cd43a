//! Listing and deleting documents, and what is left to tidy afterwards. Ingesting them is in `ingest.rs`.

use std::path::Path;
use std::sync::Arc;

use super::{Engine, open};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result, plain_io};
use crate::ingest::parse::{FailureKind, Input};
use crate::ingest::{
    DocumentReport, Extracted, ExtractedPage, IngestEvent, OnEvent, Stop, TIDY_QUEUE, Tidied, absolute,
    normalise, tidy, tidy_job,
};
use crate::model::{Chunk, Document, DocumentId, FileType};
use crate::store::DocumentFilter;

impl Engine {
    /// Brings the index and the blobs in line with the store, waiting for whoever changes the index:
    /// the job `index.tidy`, and the end of a command that deleted. How the index was.
    pub async fn tidy(&self, stop: Stop) -> Result<Tidied> {
        let _lock = self.parts.lock.alone(&stop, || {}).await?;
        self.tidy_all(&quiet()).await
    }

    /// Tidies if a job asks for it: after changes, and after an interrupted run. The caller holds the
    /// lock.
    pub(super) async fn tidy_if_needed(&self, on_event: &OnEvent) -> Result<()> {
        if !self.parts.store.waiting_jobs(TIDY_QUEUE).await?.is_empty() {
            self.tidy_all(on_event).await?;
        }
        Ok(())
    }

    async fn tidy_all(&self, on_event: &OnEvent) -> Result<Tidied> {
        let Some((_, table)) = self.generation().await? else {
            // Nothing was ever indexed; what asked for tidying are deletions.
            let jobs = self.parts.store.waiting_jobs(TIDY_QUEUE).await?;
            self.parts.store.finish_jobs(jobs.into_iter().map(|j| j.id).collect()).await?;
            self.parts.blobs.sweep(&self.parts.store).await?;
            return Ok(Tidied { removed: 0, missing: 0 });
        };
        on_event(IngestEvent::Optimising);
        let done = tidy(&self.parts.store, &table).await?;
        self.parts.blobs.sweep(&self.parts.store).await?;
        if done.missing > 0 {
            tracing::warn!(missing = done.missing, "the index lacks chunks: run `agentctl reindex`");
        }
        Ok(done)
    }

    /// Deletes documents; their vectors and bytes go with the job that tidies.
    pub(super) async fn remove_documents(
        &self,
        gone: Vec<(DocumentId, String)>,
    ) -> Result<Vec<DocumentReport>> {
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let ids = gone.iter().map(|(id, _)| *id).collect();
        let deleted = self.parts.store.delete_documents(self.organization.id, ids, tidy_job()).await?;
        let gone = gone.into_iter().filter(|(id, _)| deleted.contains(id));
        Ok(gone.map(|(id, path)| DocumentReport::removed(path, id)).collect())
    }

    /// Documents that pass the filter, in its order, and how many pass it in all.
    pub async fn documents(&self, filter: DocumentFilter) -> Result<(Vec<Document>, u64)> {
        self.parts.store.documents(self.organization.id, filter).await
    }

    /// A document by id.
    pub async fn document(&self, id: DocumentId) -> Result<Document> {
        let found = self.parts.store.document(self.organization.id, id).await?;
        found.ok_or_else(|| {
            Error::not_found(format!("there is no document {id}: `agentctl documents list` shows them"))
        })
    }

    /// A document's chunks in order.
    pub async fn chunks(&self, id: DocumentId) -> Result<Vec<Chunk>> {
        self.document(id).await?;
        self.parts.store.chunks(self.organization.id, id).await
    }

    /// A page of a document's chunks in order, and how many there are in all.
    pub async fn chunks_page(&self, id: DocumentId, offset: u64, limit: u64) -> Result<(Vec<Chunk>, u64)> {
        let total = self.document(id).await?.chunk_count;
        let chunks = self.parts.store.chunks_page(self.organization.id, id, offset, limit).await?;
        Ok((chunks, u64::from(total)))
    }

    /// Deletes a document with its chunks, also while it is being processed. It is found no more when
    /// this returns; its vectors and, if no other document has them, its bytes go when [`Engine::tidy`]
    /// runs, for which a job is left.
    pub async fn delete_document(&self, id: DocumentId) -> Result<Document> {
        let document = self.document(id).await?;
        self.remove_documents(vec![(id, document.place())]).await?;
        Ok(document)
    }

    /// Reads one file as ingest would, without a deployment and without storing anything.
    pub async fn extract(config: &Config, path: &Path) -> Result<Extracted> {
        let path = absolute(path)?;
        let refused = |reason: String| Error::invalid(format!("{}: {reason}", path.display()));
        let meta = std::fs::metadata(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::io("read", &path, e),
            _ => refused(plain_io(&e)),
        })?;
        if meta.is_dir() {
            return Err(refused("it is a folder: extract reads one file".to_owned()));
        }
        let file_type = FileType::from_name(&path).ok_or_else(|| {
            refused(
                "files of this type are not supported: PDF, DOCX, Markdown, text, PNG and JPEG are"
                    .to_owned(),
            )
        })?;
        let sandbox = open::sandbox(config)?;
        let parsed = sandbox.parse(Input::Path(path.clone()), file_type).await.map_err(|f| match f.kind {
            FailureKind::MissingTool => Error::missing(f.reason),
            FailureKind::Unreadable => {
                Error::new(ErrorKind::Storage, format!("{}: {}", path.display(), f.reason))
            }
            _ => refused(f.reason),
        })?;
        let pages = normalise(&parsed);
        if pages.iter().all(|p| p.text.is_empty()) {
            return Err(refused("the document has no text".to_owned()));
        }
        let pages = pages.into_iter().map(|p| ExtractedPage { number: p.number, text: p.text }).collect();
        Ok(Extracted { pages, metadata: parsed.metadata, notes: parsed.notes, file_type })
    }
}

/// Tells nobody.
pub(super) fn quiet() -> OnEvent {
    Arc::new(|_| {})
}
