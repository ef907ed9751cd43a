//! The steps of an ingest, overlapped: while chunks are embedded, the next documents are parsed and the
//! chunks before are written to the index.
//!
//! Bounded queues between the steps bound the memory, whatever the size of the folder. A stop is heard in
//! the middle of a document: what the group in hand completes is committed, and what was read already and one more
//! group completes; the rest is left for the next run.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio::sync::mpsc;

use super::chunk::{ChunkSize, chunk_pages};
use super::commit::Committer;
use super::normalise::normalise;
use super::parse::{FailureKind, Input, ParseFailure, Sandbox};
use super::work::{Prepared, Work};
use super::{Blobs, DocumentReport, IngestEvent, OnEvent, Stop};
use crate::embed::{SharedEmbedder, TokenCounter};
use crate::error::{Error, Result};
use crate::model::{ChunkText, FileType, ParseNote};
use crate::store::Origin;

/// Chunks embedded in one call: enough to sort by length, and not more than are embedded while somebody who asked
/// to stop waits.
const EMBED_GROUP: std::ops::RangeInclusive<usize> = 16..=256;
/// How long a group should take at most.
const EMBED_TIME: Duration = Duration::from_secs(2);
/// How long somebody who asked to stop waits for the group in hand.
const PATIENCE: Duration = Duration::from_secs(10);
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
    /// Characters of text that a document may have.
    pub max_text: usize,
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
            let (mut reports, mut group) = (Vec::new(), *EMBED_GROUP.start() * 4);
            while let Some(one) = queue.recv().await {
                match one {
                    Ok(document) => {
                        committer.begin(document);
                        while committer.waiting() >= group && !self.stop.requested() {
                            group = self.embed(group, committer).await?;
                            self.report(committer.flush_if_due().await?, &mut reports);
                        }
                    }
                    Err(unread) => self.report(vec![unread], &mut reports),
                }
            }
            while committer.waiting() > 0 && !self.stop.requested() {
                group = self.embed(group, committer).await?;
                self.report(committer.flush_if_due().await?, &mut reports);
            }
            if self.stop.requested() && group > 0 {
                committer.keep_what_fits(group);
                self.embed(group, committer).await?;
            }
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
        while committer.waiting() > 0 && !self.stop.requested() {
            self.embed(*EMBED_GROUP.end(), committer).await?;
        }
        Ok(())
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
                _ => Ok(Some(Err(DocumentReport::failed(work.place(), work.known, error.to_string())))),
            };
        }
        let path = work.place();
        (self.on_event)(IngestEvent::Reading(path.clone()));
        let input = Input::Path(self.blobs.local_path(&work.hash));
        // Given up, the process that parses it is ended.
        let parsed = match self.unless_stopped(self.sandbox.parse(input, work.file_type)).await {
            None => return Ok(None),
            Some(Ok(parsed)) => parsed,
            Some(Err(ParseFailure { kind: FailureKind::NoText | FailureKind::Empty, reason })) => {
                return Ok(Some(Err(without_text(&work, reason))));
            }
            Some(Err(ParseFailure { kind, reason })) => {
                let failed = DocumentReport::failed(path, work.known, reason);
                return Ok(Some(Err(DocumentReport { retryable: kind.is_environmental(), ..failed })));
            }
        };
        tracing::debug!(%path, pages = parsed.pages.len(), "parsed");
        let (counter, size, max_text) = (Arc::clone(&self.counter), self.size, self.max_text);
        let cut = tokio::task::spawn_blocking(move || {
            let pages = normalise(&parsed);
            let text = pages.iter().map(|page| page.text.len()).sum::<usize>();
            let chunks =
                if text > max_text { None } else { Some(chunk_pages(&pages, size, counter.as_ref())?) };
            Ok::<_, Error>((parsed.metadata, parsed.notes, pages.len(), chunks))
        });
        let (own, notes, pages, chunks) =
            cut.await.map_err(|e| Error::internal("cutting a document was cut off").with_source(e))??;
        let Some(chunks) = chunks else {
            let most = max_text / (1024 * 1024);
            let reason = format!(
                "the document has more than {most} MB of text: split it, leave it out (ingest.exclude), or raise \
                 ingest.max_text_mb"
            );
            return Ok(Some(Err(DocumentReport::failed(path, work.known, reason))));
        };
        if chunks.is_empty() {
            return Ok(Some(Err(without_text(&work, "the document has no text".to_owned()))));
        }
        let mut metadata = own;
        metadata.extend(work.metadata.clone());
        let page_count = u32::try_from(pages).unwrap_or(u32::MAX);
        (self.on_event)(IngestEvent::Read { path, pages: page_count, chunks: chunks.len() });
        Ok(Some(Ok(Prepared { work, metadata, notes, page_count, chunks })))
    }

    /// Embeds one group of at most so many chunks, to its end also if it is time to stop. Returns how many the next
    /// group may have: a slow machine gets small ones, so that nobody waits for long. None if the group took too
    /// long after all and was given up.
    async fn embed(&self, group: usize, committer: &mut Committer<'_>) -> Result<usize> {
        let texts = committer.next_texts(group);
        if texts.is_empty() {
            return Ok(group);
        }
        let begun = Instant::now();
        let vectors = tokio::select! {
            biased;
            vectors = self.embedder.embed_passages(&texts) => vectors?,
            () = self.patience() => return Ok(0),
        };
        let took = begun.elapsed();
        (self.on_event)(IngestEvent::Embedded(texts.len()));
        committer.take_vectors(vectors).await?;
        let next = match () {
            () if took > EMBED_TIME => group / 2,
            () if took < EMBED_TIME / 2 => group * 2,
            () => group,
        };
        Ok(next.clamp(*EMBED_GROUP.start(), *EMBED_GROUP.end()))
    }

    /// Returns some time after it was time to stop.
    async fn patience(&self) {
        self.stop.wait().await;
        tokio::time::sleep(PATIENCE).await;
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

/// A note without a word and a photo of a cake are no documents. Of other formats text was expected, and of a document
/// that had some before.
fn without_text(work: &Work, reason: String) -> DocumentReport {
    let nothing_lost = work.known.is_none()
        && work.origin == Origin::Source
        && matches!(work.file_type, FileType::Txt | FileType::Md | FileType::Image);
    if nothing_lost {
        DocumentReport::skipped(work.place(), reason)
    } else {
        DocumentReport::failed(work.place(), work.known, reason)
    }
}
