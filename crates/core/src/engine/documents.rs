//! Ingesting, listing, deleting documents.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::lock::WriteLock;
use super::{Engine, open};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result, plain_io};
use crate::ingest::parse::Input;
use crate::ingest::{
    Committer, DocumentReport, Extracted, ExtractedPage, IngestEvent, IngestOptions, OnEvent, Outcome,
    Pipeline, Stop, Work, absolute, discover, normalise, prepare_bytes, prepare_files, tidy, tidy_job,
};
use crate::model::{Chunk, Document, DocumentId, FileType};
use crate::store::DocumentFilter;

/// How many documents came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// New.
    pub ingested: usize,
    /// New versions.
    pub updated: usize,
    /// Same bytes as before.
    pub unchanged: usize,
    /// Not readable.
    pub failed: usize,
    /// Gone with their files.
    pub removed: usize,
    /// Chunks of the new documents and versions.
    pub chunks: usize,
}

/// The report on an ingest.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IngestReport {
    /// Every document, by path.
    pub documents: Vec<DocumentReport>,
    /// How many came out how.
    pub totals: Totals,
    /// Wall time.
    pub elapsed_ms: u64,
    /// Whether it was asked to stop before everything was done.
    #[serde(skip)]
    pub stopped: bool,
}

impl Engine {
    /// Ingests files and folders. One bad document fails alone; the report says so.
    pub async fn ingest(
        &self,
        options: &IngestOptions,
        on_event: OnEvent,
        stop: Stop,
    ) -> Result<IngestReport> {
        let begun = self.clock.now();
        let waiting = Arc::clone(&on_event);
        let _lock =
            WriteLock::take(&self.config.paths.data_dir, move || waiting(IngestEvent::Waiting)).await?;
        let known = self.store.known_files(self.organization.id, options.agent_id).await?;
        let files = discover(&options.paths, &self.config.ingest.exclude)?;
        on_event(IngestEvent::Found(files.len() + usize::from(options.bytes.is_some())));

        let max_bytes = self.config.ingest.max_file_mb * 1024 * 1024;
        let (mut works, mut reports, relabelled) = prepare_files(files, &known, options, max_bytes);
        for (id, metadata) in relabelled {
            self.store.set_metadata(self.organization.id, id, metadata).await?;
        }
        if let Some((name, bytes)) = options.bytes.clone() {
            match prepare_bytes(&name, bytes, &known, options, &self.blobs, &self.store).await? {
                Ok(work) => works.push(work),
                Err(report) => reports.push(report),
            }
        }
        for report in &reports {
            on_event(IngestEvent::Done(report.clone()));
        }
        if options.prune {
            let gone = vanished(&options.paths, &known)?;
            reports.extend(self.remove_documents(gone).await?);
        }
        reports.extend(self.process(works, &on_event, &stop).await?);
        self.tidy_if_needed(&on_event).await?;

        reports.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(IngestReport { stopped: stop.requested(), ..self.report(reports, begun) })
    }

    pub(super) fn report(&self, documents: Vec<DocumentReport>, begun: DateTime<Utc>) -> IngestReport {
        let elapsed = self.clock.now().signed_duration_since(begun).num_milliseconds();
        IngestReport {
            totals: totals(&documents),
            documents,
            elapsed_ms: u64::try_from(elapsed).unwrap_or_default(),
            stopped: false,
        }
    }

    /// Parses, embeds and commits; the caller holds the lock.
    async fn process(
        &self,
        works: Vec<Work>,
        on_event: &OnEvent,
        stop: &Stop,
    ) -> Result<Vec<DocumentReport>> {
        if works.is_empty() {
            return Ok(Vec::new());
        }
        let (record, table) = self.generation_or_new().await?;
        let pipeline = self.pipeline(on_event, stop).await?;
        let hashes: Vec<String> = works.iter().map(|w| w.hash.clone()).collect();
        let mut committer = Committer::new(
            &self.store,
            &table,
            &self.blobs,
            &self.clock,
            self.organization.id,
            record.language,
            false,
        );
        let outcome = pipeline.run(works, &mut committer).await;
        // Bytes of documents that failed, or were left for the next run, belong to nobody.
        for hash in hashes {
            if !self.store.content_is_used(&hash).await? {
                self.blobs.remove(&hash).await?;
            }
        }
        outcome
    }

    pub(super) async fn pipeline(&self, on_event: &OnEvent, stop: &Stop) -> Result<Pipeline> {
        let (counter, size) = self.chunking()?;
        Ok(Pipeline {
            sandbox: Arc::clone(self.sandbox().await?),
            blobs: self.blobs.clone(),
            embedder: Arc::clone(self.embedder().await?),
            counter,
            size,
            workers: self.config.ingest.workers,
            on_event: Arc::clone(on_event),
            stop: stop.clone(),
        })
    }

    /// Tidies the index if a job asks for it: after changes, and after an interrupted run.
    pub(super) async fn tidy_if_needed(&self, on_event: &OnEvent) -> Result<()> {
        if self.store.waiting_jobs(crate::ingest::TIDY_QUEUE).await?.is_empty() {
            return Ok(());
        }
        if let Some((_, table)) = self.generation().await? {
            on_event(IngestEvent::Optimising);
            let done = tidy(&self.store, &table).await?;
            if done.missing > 0 {
                tracing::warn!(missing = done.missing, "the index lacks chunks: run `agentctl reindex`");
            }
        }
        Ok(())
    }

    async fn remove_documents(&self, gone: Vec<(DocumentId, String)>) -> Result<Vec<DocumentReport>> {
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let ids = gone.iter().map(|(id, _)| *id).collect();
        let unused = self.store.delete_documents(self.organization.id, ids, tidy_job()).await?;
        for hash in unused {
            self.blobs.remove(&hash).await?;
        }
        let report = |(id, path)| DocumentReport {
            path,
            document_id: Some(id),
            status: Outcome::Removed,
            version: None,
            pages: 0,
            chunks: 0,
            error: None,
        };
        Ok(gone.into_iter().map(report).collect())
    }

    /// Documents that pass the filter, by path, and how many pass it in all.
    pub async fn documents(&self, filter: DocumentFilter) -> Result<(Vec<Document>, u64)> {
        self.store.documents(self.organization.id, filter).await
    }

    /// A document by id.
    pub async fn document(&self, id: DocumentId) -> Result<Document> {
        let found = self.store.document(self.organization.id, id).await?;
        found.ok_or_else(|| {
            Error::not_found(format!("there is no document {id}: `agentctl documents list` shows them"))
        })
    }

    /// A document's chunks in order.
    pub async fn chunks(&self, id: DocumentId) -> Result<Vec<Chunk>> {
        self.document(id).await?;
        self.store.chunks(self.organization.id, id).await
    }

    /// Deletes a document with its chunks, its vectors and, if no other document has them, its bytes.
    pub async fn delete_document(&self, id: DocumentId) -> Result<Document> {
        let _lock = WriteLock::take(&self.config.paths.data_dir, || {}).await?;
        let document = self.document(id).await?;
        self.remove_documents(vec![(id, document.path.clone())]).await?;
        self.tidy_if_needed(&quiet()).await?;
        Ok(document)
    }

    /// Parses, cuts and embeds a stored document again.
    pub async fn reprocess(&self, id: DocumentId, on_event: OnEvent, stop: Stop) -> Result<DocumentReport> {
        let _lock = WriteLock::take(&self.config.paths.data_dir, || {}).await?;
        let document = self.document(id).await?;
        on_event(IngestEvent::Found(1));
        let path = document.path.clone();
        let reports = self.process(vec![work_of(document)], &on_event, &stop).await?;
        self.tidy_if_needed(&on_event).await?;
        reports
            .into_iter()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Cancelled, format!("stopped before {path} was done")))
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
        let parsed =
            sandbox.parse(Input::Path(path.clone()), file_type).await.map_err(|f| refused(f.reason))?;
        let pages = normalise(&parsed);
        if pages.iter().all(|p| p.text.is_empty()) {
            return Err(refused("the document has no text".to_owned()));
        }
        let pages = pages.into_iter().map(|p| ExtractedPage { number: p.number, text: p.text }).collect();
        Ok(Extracted { pages, metadata: parsed.metadata, file_type })
    }
}

/// A stored document as work: its bytes are a blob already.
pub(super) fn work_of(document: Document) -> Work {
    Work {
        known: Some(document.id),
        agent_id: document.agent_id,
        path: document.path,
        filename: document.filename,
        file_type: document.file_type,
        size: document.file_size,
        hash: document.content_hash,
        file: None,
        metadata: document.metadata,
    }
}

/// Known documents below the folders among `paths` whose files are gone.
fn vanished(
    paths: &[std::path::PathBuf],
    known: &std::collections::HashMap<String, crate::store::KnownFile>,
) -> Result<Vec<(DocumentId, String)>> {
    let folders: Vec<_> = paths.iter().map(|p| absolute(p)).collect::<Result<_>>()?;
    let gone = known.iter().filter(|(path, _)| {
        let path = Path::new(path);
        path.is_absolute() && folders.iter().any(|f| path.starts_with(f)) && !path.exists()
    });
    Ok(gone.map(|(path, file)| (file.id, path.clone())).collect())
}

/// Tells nobody.
pub(super) fn quiet() -> OnEvent {
    Arc::new(|_| {})
}

fn totals(reports: &[DocumentReport]) -> Totals {
    let mut totals = Totals::default();
    for report in reports {
        match report.status {
            Outcome::Ingested => totals.ingested += 1,
            Outcome::Updated => totals.updated += 1,
            Outcome::Unchanged => totals.unchanged += 1,
            Outcome::Failed => totals.failed += 1,
            Outcome::Removed => totals.removed += 1,
        }
        if matches!(report.status, Outcome::Ingested | Outcome::Updated) {
            totals.chunks += report.chunks as usize;
        }
    }
    totals
}
