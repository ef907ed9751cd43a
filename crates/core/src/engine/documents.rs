//! Ingesting, listing, deleting documents.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Engine, open};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result, plain_io};
use crate::ingest::parse::{FailureKind, Input};
use crate::ingest::{
    Committer, DocumentReport, Extracted, ExtractedPage, IngestEvent, IngestOptions, OnEvent, Outcome,
    Pipeline, Stop, TIDY_QUEUE, Tidied, Work, absolute, discover, normalise, prepare_bytes, prepare_files,
    tidy, tidy_job,
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
        let begun = self.parts.clock.now();
        let _lock = self.parts.lock.alone(&stop, || on_event(IngestEvent::Waiting)).await?;
        let whose = self.organization.id;
        let known = self.parts.store.known_files(whose, options.agent_id).await?;
        let files = discover(&options.paths, &self.parts.config.ingest.exclude)?;
        on_event(IngestEvent::Found(files.len() + usize::from(options.bytes.is_some())));

        let max_bytes = self.parts.config.ingest.max_file_mb * 1024 * 1024;
        let (mut works, mut reports, relabelled) = prepare_files(whose, files, &known, options, max_bytes);
        for (id, metadata) in relabelled {
            self.parts.store.set_metadata(whose, id, metadata).await?;
        }
        if let Some((name, bytes)) = options.bytes.clone() {
            match prepare_bytes(whose, &name, bytes, &known, options, &self.parts.blobs, &self.parts.store)
                .await?
            {
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
        // What is removed makes room.
        let (works, refused) = self.within_plan(works).await?;
        for report in &refused {
            on_event(IngestEvent::Done(report.clone()));
        }
        reports.extend(refused);
        reports.extend(self.process(works, &on_event, &stop).await?);
        self.tidy_if_needed(&on_event).await?;

        reports.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(IngestReport { stopped: stop.requested(), ..self.report(reports, begun) })
    }

    pub(super) fn report(&self, documents: Vec<DocumentReport>, begun: DateTime<Utc>) -> IngestReport {
        let elapsed = self.parts.clock.now().signed_duration_since(begun).num_milliseconds();
        IngestReport {
            totals: totals(&documents),
            documents,
            elapsed_ms: u64::try_from(elapsed).unwrap_or_default(),
            stopped: false,
        }
    }

    /// Parses, embeds and commits; the caller holds the lock.
    pub(super) async fn process(
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
            &self.parts.store,
            &table,
            &self.parts.blobs,
            &self.parts.clock,
            record.language,
            false,
        );
        let outcome = pipeline.run(works, &mut committer).await;
        // Bytes of documents that failed, or were left for the next run, belong to nobody.
        self.parts.blobs.release(&self.parts.store, hashes).await?;
        outcome
    }

    pub(super) async fn pipeline(&self, on_event: &OnEvent, stop: &Stop) -> Result<Pipeline> {
        let (counter, size) = self.chunking()?;
        Ok(Pipeline {
            sandbox: Arc::clone(self.sandbox().await?),
            blobs: self.parts.blobs.clone(),
            embedder: Arc::clone(self.embedder().await?),
            counter,
            size,
            workers: self.parts.config.ingest.workers,
            on_event: Arc::clone(on_event),
            stop: stop.clone(),
        })
    }

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
    async fn remove_documents(&self, gone: Vec<(DocumentId, String)>) -> Result<Vec<DocumentReport>> {
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
        self.remove_documents(vec![(id, document.path.clone())]).await?;
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

/// Known documents below the folders among `paths` whose files are gone. A file that cannot be looked at (no
/// permission, a disk that does not answer) may be there.
fn vanished(
    paths: &[std::path::PathBuf],
    known: &std::collections::HashMap<String, crate::store::KnownFile>,
) -> Result<Vec<(DocumentId, String)>> {
    let folders: Vec<_> = paths.iter().map(|p| absolute(p)).collect::<Result<_>>()?;
    let gone = known.iter().filter(|(path, _)| {
        let path = Path::new(path);
        path.is_absolute()
            && folders.iter().any(|f| path.starts_with(f))
            && matches!(path.try_exists(), Ok(false))
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
