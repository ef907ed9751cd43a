//! Ingesting files and folders: what is there, what is known of it, what has to be done.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Engine;
use crate::error::Result;
use crate::ingest::{
    Committer, DocumentReport, IngestEvent, IngestOptions, Leaving, Naming, OnEvent, Outcome, Pipeline, Plan,
    Removal, Stop, Vanished, Work, discover, plan_files, prepare_bytes, vanished,
};
use crate::model::DocumentId;

const MB: u64 = 1024 * 1024;

/// How many documents came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// New.
    pub ingested: usize,
    /// New versions.
    pub updated: usize,
    /// Same bytes as before.
    pub unchanged: usize,
    /// Same bytes as before, told by another name.
    pub moved: usize,
    /// Same bytes as another one.
    pub duplicates: usize,
    /// No documents.
    pub skipped: usize,
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
    /// What was asked for and not done, and why: one line each.
    pub problems: Vec<String>,
    /// Whether nothing was done: this is what would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Wall time.
    pub elapsed_ms: u64,
    /// Whether a path that was named is not there.
    #[serde(skip)]
    pub missing: bool,
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
        let config = &self.parts.config.ingest;
        let naming = Naming::of(options)?;
        let _lock = if options.dry_run {
            None
        } else {
            Some(self.parts.lock.alone(&stop, || on_event(IngestEvent::Waiting)).await?)
        };
        let whose = self.organization.id;
        let known = self.parts.store.known_files(whose, options.agent_id).await?;
        let gitignore = options.gitignore || config.gitignore;
        let mut discovered = discover(&options.paths, Leaving { exclude: &config.exclude, gitignore })?;
        let files = std::mem::take(&mut discovered.files);
        on_event(IngestEvent::Found(files.len() + usize::from(options.bytes.is_some())));

        let plan = plan_files(whose, files, &known, &naming, options, config.max_file_mb * MB, &stop);
        let Plan { mut works, mut reports, relabelled, renamed, found } = plan;
        if let Some((name, bytes)) = options.bytes.clone() {
            match prepare_bytes(whose, &name, bytes, &known, options, &self.parts.blobs, &self.parts.store)
                .await?
            {
                Ok(work) => works.push(work),
                Err(report) => reports.push(report),
            }
        }
        if !options.dry_run {
            if !renamed.is_empty() {
                self.parts.store.rename_documents(whose, renamed).await?;
            }
            for (id, metadata) in relabelled {
                self.parts.store.set_metadata(whose, id, metadata).await?;
            }
        }
        let mut problems = Vec::new();
        // What was not looked at any more may be there.
        if options.prune && !stop.requested() {
            match vanished(&discovered, &known, &found, &naming) {
                Ok(gone) => match allowed(&gone, options) {
                    Ok(()) => reports.extend(self.prune(gone.documents, options.dry_run).await?),
                    Err(problem) => problems.push(problem),
                },
                Err(problem) => problems.push(problem),
            }
        }
        for report in &reports {
            on_event(IngestEvent::Done(report.clone()));
        }
        if options.dry_run {
            let planned = works.into_iter().map(|work| {
                let outcome = match (&work.moved_from, work.known) {
                    (Some(_), _) => Outcome::Moved,
                    (None, Some(_)) => Outcome::Updated,
                    (None, None) => Outcome::Ingested,
                };
                let reason = work.moved_from.as_ref().map(|before| format!("it was {before}"));
                DocumentReport { reason, ..DocumentReport::new(work.place(), work.known, outcome) }
            });
            for report in planned {
                on_event(IngestEvent::Done(report.clone()));
                reports.push(report);
            }
        } else {
            // What is removed makes room.
            let (works, refused) = self.within_plan(works).await?;
            for report in &refused {
                on_event(IngestEvent::Done(report.clone()));
            }
            reports.extend(refused);
            reports.extend(self.process(works, &on_event, &stop).await?);
            self.tidy_if_needed(&on_event).await?;
        }
        reports.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(IngestReport {
            problems,
            dry_run: options.dry_run,
            missing: !discovered.missing.is_empty(),
            stopped: stop.requested(),
            ..self.report(reports, begun)
        })
    }

    async fn prune(&self, gone: Vec<(DocumentId, String)>, dry_run: bool) -> Result<Vec<DocumentReport>> {
        if dry_run {
            return Ok(gone.into_iter().map(|(id, path)| DocumentReport::removed(path, id)).collect());
        }
        self.remove_documents(gone).await
    }

    pub(super) fn report(&self, documents: Vec<DocumentReport>, begun: DateTime<Utc>) -> IngestReport {
        let elapsed = self.parts.clock.now().signed_duration_since(begun).num_milliseconds();
        IngestReport {
            totals: totals(&documents),
            documents,
            problems: Vec::new(),
            dry_run: false,
            elapsed_ms: u64::try_from(elapsed).unwrap_or_default(),
            missing: false,
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
            max_text: usize::try_from(self.parts.config.ingest.max_text_mb * MB).unwrap_or(usize::MAX),
            workers: self.parts.config.ingest.workers,
            on_event: Arc::clone(on_event),
            stop: stop.clone(),
        })
    }
}

/// Whether documents may be removed; if not, why.
fn allowed(gone: &Vanished, options: &IngestOptions) -> std::result::Result<(), String> {
    if options.dry_run || !gone.are_many() {
        return Ok(());
    }
    let removal = Removal { documents: gone.documents.len(), of: gone.of };
    if options.confirm.as_ref().is_some_and(|confirm| confirm.allows(removal)) {
        return Ok(());
    }
    Err(format!(
        "nothing was removed: the files of {} of {} documents are gone, more than half. Look at them with --dry-run; \
         if they shall go, say --yes",
        removal.documents, removal.of
    ))
}

fn totals(reports: &[DocumentReport]) -> Totals {
    let mut totals = Totals::default();
    for report in reports {
        match report.status {
            Outcome::Ingested => totals.ingested += 1,
            Outcome::Updated => totals.updated += 1,
            Outcome::Unchanged => totals.unchanged += 1,
            Outcome::Moved => totals.moved += 1,
            Outcome::Duplicate => totals.duplicates += 1,
            Outcome::Skipped => totals.skipped += 1,
            Outcome::Failed => totals.failed += 1,
            Outcome::Removed => totals.removed += 1,
        }
        if matches!(report.status, Outcome::Ingested | Outcome::Updated) {
            totals.chunks += report.chunks as usize;
        }
    }
    totals
}
