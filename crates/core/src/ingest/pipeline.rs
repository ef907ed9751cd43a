//! The steps of an ingest, overlapped: while one document is embedded, the next are parsed and the
//! one before is written.
//!
//! Bounded queues between the steps bound the memory, whatever the size of the folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::mpsc;

use super::blobs::{hash_bytes, hash_file};
use super::chunk::{ChunkSize, chunk_pages};
use super::commit::Committer;
use super::normalise::normalise;
use super::parse::{Input, ParseFailure, Sandbox};
use super::source::SourceFile;
use super::{Blobs, DocumentReport, IngestEvent, IngestOptions, OnEvent, Outcome, Stop};
use crate::embed::{SharedEmbedder, TokenCounter};
use crate::error::{Error, Result};
use crate::model::{AgentId, ChunkText, DocumentId, FileType, Metadata};
use crate::store::{KnownFile, Store};

/// Chunks embedded in one call: enough to sort by length.
const EMBED_GROUP: usize = 256;
/// Documents parsed and waiting to be embedded.
const PARSED_AHEAD: usize = 4;

/// A document that has to be parsed.
#[derive(Debug, Clone)]
pub struct Work {
    /// Id of the known document, if it is one.
    pub known: Option<DocumentId>,
    /// The agent that alone may use it.
    pub agent_id: Option<AgentId>,
    /// Absolute path, or the name given for standard input.
    pub path: String,
    /// File name without folders.
    pub filename: String,
    /// Kind of file.
    pub file_type: FileType,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub hash: String,
    /// Where the bytes are now; `None`: stored as a blob already.
    pub file: Option<PathBuf>,
    /// The operator's pairs.
    pub metadata: Metadata,
}

/// A parsed document on its way to the embedder.
pub(crate) struct Prepared {
    pub work: Work,
    pub metadata: Metadata,
    pub page_count: u32,
    pub chunks: Vec<ChunkText>,
}

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
                if prepared.send(one?).await.is_err() {
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
                        self.embed(document, committer).await?;
                        self.report(committer.flush_if_full().await?, &mut reports);
                    }
                    Ok(_) => {}
                    Err(failed) => self.report(vec![failed], &mut reports),
                }
            }
            while committer.waiting() > 0 {
                self.embed_group(committer).await?;
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
        page_count: u32,
        chunks: Vec<ChunkText>,
        committer: &mut Committer<'_>,
    ) -> Result<()> {
        let metadata = work.metadata.clone();
        committer.begin(Prepared { work, metadata, page_count, chunks });
        while committer.waiting() > 0 {
            self.embed_group(committer).await?;
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
    /// leaves nothing behind.
    async fn prepare(&self, work: Work) -> Result<std::result::Result<Prepared, DocumentReport>> {
        if let Some(file) = &work.file
            && let Err(error) = self.blobs.put_file(file, &work.hash).await
        {
            use crate::error::ErrorKind as K;
            return match error.kind() {
                K::Storage if !error.to_string().contains("permission denied") => Err(error),
                _ => Ok(Err(DocumentReport::failed(work.path, work.known, error.to_string()))),
            };
        }
        let started = work.path.clone();
        let input = Input::Path(self.blobs.local_path(&work.hash));
        let parsed = match self.sandbox.parse(input, work.file_type).await {
            Ok(parsed) => parsed,
            Err(ParseFailure { reason, .. }) => {
                return Ok(Err(DocumentReport::failed(work.path, work.known, reason)));
            }
        };
        tracing::debug!(path = %started, pages = parsed.pages.len(), "parsed");
        let (counter, size) = (Arc::clone(&self.counter), self.size);
        let cut = tokio::task::spawn_blocking(move || {
            let pages = normalise(&parsed);
            let chunks = chunk_pages(&pages, size, counter.as_ref())?;
            Ok::<_, Error>((parsed.metadata, pages.len(), chunks))
        });
        let (own, pages, chunks) =
            cut.await.map_err(|e| Error::internal("cutting a document was cut off").with_source(e))??;
        if chunks.is_empty() {
            let reason = "the document has no text";
            return Ok(Err(DocumentReport::failed(work.path, work.known, reason)));
        }
        let mut metadata = own;
        metadata.extend(work.metadata.clone());
        let page_count = u32::try_from(pages).unwrap_or(u32::MAX);
        Ok(Ok(Prepared { work, metadata, page_count, chunks }))
    }

    async fn embed(&self, document: Prepared, committer: &mut Committer<'_>) -> Result<()> {
        committer.begin(document);
        while committer.waiting() >= EMBED_GROUP {
            self.embed_group(committer).await?;
        }
        Ok(())
    }

    async fn embed_group(&self, committer: &mut Committer<'_>) -> Result<()> {
        let texts = committer.next_texts(EMBED_GROUP);
        if !texts.is_empty() {
            let vectors = self.embedder.embed_passages(&texts).await?;
            (self.on_event)(IngestEvent::Embedded(texts.len()));
            committer.take_vectors(vectors).await?;
        }
        Ok(())
    }
}

/// Looks at files: which are unchanged, which cannot be read, which have to be parsed.
pub fn prepare_files(
    files: Vec<SourceFile>,
    known: &HashMap<String, KnownFile>,
    options: &IngestOptions,
    max_bytes: u64,
) -> (Vec<Work>, Vec<DocumentReport>, Vec<(DocumentId, Metadata)>) {
    let mut works = Vec::new();
    let mut reports = Vec::new();
    let mut relabelled = Vec::new();
    for file in files {
        let path = file.path.to_string_lossy().into_owned();
        let old = known.get(&path);
        let failed = |reason: String| DocumentReport::failed(path.clone(), old.map(|k| k.id), reason);
        if let Some(problem) = file.problem {
            reports.push(failed(problem));
            continue;
        }
        let Some(file_type) = FileType::from_name(&file.path) else {
            reports.push(failed(unsupported(&file.path)));
            continue;
        };
        let size = std::fs::metadata(&file.path).map(|m| m.len()).unwrap_or_default();
        if size > max_bytes {
            let limit = max_bytes / (1024 * 1024);
            reports.push(failed(format!("the file is larger than {limit} MB (ingest.max_file_mb)")));
            continue;
        }
        let (hash, size) = match hash_file(&file.path) {
            Ok(hashed) => hashed,
            Err(e) => {
                reports.push(failed(crate::error::plain_io(&e)));
                continue;
            }
        };
        if size == 0 {
            reports.push(failed("the file is empty".to_owned()));
            continue;
        }
        match old {
            Some(old) if old.content_hash == hash && !options.force => {
                if let Some(metadata) = changed_metadata(&old.metadata, &options.metadata) {
                    relabelled.push((old.id, metadata));
                }
                reports.push(unchanged(path, old));
            }
            _ => works.push(Work {
                known: old.map(|k| k.id),
                agent_id: options.agent_id,
                filename: file.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
                path,
                file_type,
                size,
                hash,
                file: Some(file.path),
                metadata: options.metadata.clone(),
            }),
        }
    }
    (works, reports, relabelled)
}

/// The same for a document given as bytes. Its type is what its name or its first bytes say.
pub async fn prepare_bytes(
    name: &str,
    bytes: Vec<u8>,
    known: &HashMap<String, KnownFile>,
    options: &IngestOptions,
    blobs: &Blobs,
    store: &Store,
) -> Result<std::result::Result<Work, DocumentReport>> {
    let path = format!("stdin:{name}");
    let old = known.get(&path);
    let file_type = FileType::from_name(name).unwrap_or_else(|| super::source::sniff(&bytes));
    let hash = hash_bytes(&bytes);
    if bytes.is_empty() {
        return Ok(Err(DocumentReport::failed(path, old.map(|k| k.id), "standard input is empty")));
    }
    if let Some(old) = old.filter(|k| k.content_hash == hash && !options.force) {
        return Ok(Err(unchanged(path, old)));
    }
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if !store.content_is_used(&hash).await? {
        blobs.put_bytes(bytes, &hash).await?;
    }
    Ok(Ok(Work {
        known: old.map(|k| k.id),
        agent_id: options.agent_id,
        path,
        filename: name.to_owned(),
        file_type,
        size,
        hash,
        file: None,
        metadata: options.metadata.clone(),
    }))
}

fn unchanged(path: String, known: &KnownFile) -> DocumentReport {
    DocumentReport {
        path,
        document_id: Some(known.id),
        status: Outcome::Unchanged,
        version: Some(known.version),
        pages: known.page_count,
        chunks: known.chunk_count,
        error: None,
    }
}

/// The metadata with the operator's pairs, if that is a change.
fn changed_metadata(old: &Metadata, pairs: &Metadata) -> Option<Metadata> {
    let mut new = old.clone();
    new.extend(pairs.clone());
    (new != *old).then_some(new)
}

fn unsupported(path: &Path) -> String {
    let ending = path.extension().map(|e| e.to_string_lossy().into_owned());
    let what = ending.map_or_else(|| "files without an ending are".to_owned(), |e| format!(".{e} files are"));
    format!("{what} not supported: PDF, DOCX, Markdown, text, PNG and JPEG are")
}
