//! The steps of an ingest, overlapped: while chunks are embedded, the next documents are parsed and the
//! chunks before are written to the index.
//!
//! Bounded queues between the steps bound the memory, whatever the size of the folder. A stop is heard in
//! the middle of a document: what is complete is committed, the rest is left for the next run.

use std::future::Future;
use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::mpsc;

use super::chunk::{ChunkSize, chunk_pages};
use super::commit::Committer;
use super::normalise::normalise;
use super::parse::{Input, ParseFailure, Sandbox};
use super::work::{Prepared, Work};
use super::{Blobs, DocumentReport, IngestEvent, OnEvent, Stop};
use crate::embed::{SharedEmbedder, TokenCounter};
use crate::error::{Error, Result};
use crate::model::{ChunkText, ParseNote};

/// Chunks embedded in one call: enough to sort by length.
const EMBED_GROUP: usize = 256;
/// Documents parsed and waiting to be embedded.
const PARSED_AHEAD: usize = 4;

/// What the steps need.
pub struct Pipeline {
    /// Reads files in child processes.
    pub sandbox: Arc<Sandbox>,
    /// Keeps the bytes.
    pub blobs: Blobs,
    /// Makes the vectors.
    pub embedder: SharedEmbedder,
    /// Measures chunks.
    pub counter: Arc<dyn TokenCounter>,
    /// How to cut.
    pub size: ChunkSize,
    /// Documents parsed at the same time.
    pub workers: usize,
    /// Told what happens.
    pub on_event: OnEvent,
    /// Asks to stop.
    pub stop: Stop,
}

impl Pipeline {
    /// Takes documents through all steps. Reports come in no order.
    ///
    /// An error of the run (disk full, model gone) ends it; what was committed before stays.
    pub(crate) async fn run(
        &self,
        works: Vec<Work>,
        committer: &mut Committer<'_>,
    ) -> Result<Vec<DocumentReport>> {
        let (prepared, mut queue) =
            mpsc::channel::<std::result::Result<Prepared, DocumentReport>>(PARSED_AHEAD);
        let parsing = async move {
            let mut parsed = futures::stream::iter(works)
                .take_while(|_| futures::future::ready(!self.stop.requested()))
                .map(|work| self.prepare(work))
                .buffer_unordered(self.workers);
            while let Some(one) = parsed.next().await {
                let Some(one) = one? else { continue };
                if prepared.send(one).await.is_err() {
                    break;
                }
            }
            Ok::<_, Error>(())
        };
        let embedding = async move {
            let mut reports = Vec::new();
            while let Some(one) = queue.recv().await {
                match one {
                    Ok(document) if !self.stop.requested() => {
                        committer.begin(document);
                        self.embed_down_to(EMBED_GROUP, committer).await?;
                        self.report(committer.flush_if_full().await?, &mut reports);
                    }
                    Ok(_) => {}
                    Err(failed) => self.report(vec![failed], &mut reports),
                }
            }
            self.embed_down_to(1, committer).await?;
            self.report(committer.flush().await?, &mut reports);
            Ok::<_, Error>(reports)
        };
        let ((), reports) = futures::try_join!(parsing, embedding)?;
        Ok(reports)
    }

    /// Embeds chunks a document already has: for a rebuild, when its bytes can no longer be read.
    pub(crate) async fn keep(
        &self,
        work: Work,
        notes: Vec<ParseNote>,
        page_count: u32,
        chunks: Vec<ChunkText>,
        committer: &mut Committer<'_>,
    ) -> Result<()> {
        let metadata = work.metadata.clone();
        committer.begin(Prepared { work, metadata, notes, page_count, chunks });
        self.embed_down_to(1, committer).await
    }

    fn report(&self, done: Vec<DocumentReport>, reports: &mut Vec<DocumentReport>) {
        for report in done {
            (self.on_event)(IngestEvent::Done(report.clone()));
            reports.push(report);
        }
    }

    /// Stores the bytes, parses, normalises, cuts. A document that cannot be read is a report and
    /// leaves nothing behind; `None`: it was time to stop.
    async fn prepare(&self, work: Work) -> Result<Option<std::result::Result<Prepared, DocumentReport>>> {
        if let Some(file) = &work.file
            && let Err(error) = self.blobs.put_file(file, &work.hash).await
        {
            use crate::error::ErrorKind as K;
            return match error.kind() {
                K::Storage if !error.to_string().contains("permission denied") => Err(error),
                _ => Ok(Some(Err(DocumentReport::failed(work.path, work.known, error.to_string())))),
            };
        }
        let started = work.path.clone();
        let input = Input::Path(self.blobs.local_path(&work.hash));
        // Given up, the process that parses it is ended.
        let parsed = match self.unless_stopped(self.sandbox.parse(input, work.file_type)).await {
            None => return Ok(None),
            Some(Ok(parsed)) => parsed,
            Some(Err(ParseFailure { kind, reason })) => {
                let failed = DocumentReport::failed(work.path, work.known, reason);
                return Ok(Some(Err(DocumentReport { retryable: kind.is_environmental(), ..failed })));
            }
        };
        tracing::debug!(path = %started, pages = parsed.pages.len(), "parsed");
        let (counter, size) = (Arc::clone(&self.counter), self.size);
        let cut = tokio::task::spawn_blocking(move || {
            let pages = normalise(&parsed);
            let chunks = chunk_pages(&pages, size, counter.as_ref())?;
            Ok::<_, Error>((parsed.metadata, parsed.notes, pages.len(), chunks))
        });
        let (own, notes, pages, chunks) =
            cut.await.map_err(|e| Error::internal("cutting a document was cut off").with_source(e))??;
        if chunks.is_empty() {
            let reason = "the document has no text";
            return Ok(Some(Err(DocumentReport::failed(work.path, work.known, reason))));
        }
        let mut metadata = own;
        metadata.extend(work.metadata.clone());
        let page_count = u32::try_from(pages).unwrap_or(u32::MAX);
        Ok(Some(Ok(Prepared { work, metadata, notes, page_count, chunks })))
    }

    /// Embeds chunks in groups until fewer than `most` wait, or it is time to stop.
    async fn embed_down_to(&self, most: usize, committer: &mut Committer<'_>) -> Result<()> {
        while committer.waiting() >= most && !self.stop.requested() {
            let texts = committer.next_texts(EMBED_GROUP);
            let Some(vectors) = self.unless_stopped(self.embedder.embed_passages(&texts)).await else {
                break;
            };
            (self.on_event)(IngestEvent::Embedded(texts.len()));
            committer.take_vectors(vectors?).await?;
        }
        Ok(())
    }

    /// What `work` gives; `None` if it is time to stop before.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stop.wait() => None,
            done = work => Some(done),
        }
    }
}
