//! Makes documents searchable, all of a document or nothing.
//!
//! First the new rows go into the index, then one SQLite transaction makes them current and lets the
//! old ones go; search only shows what SQLite calls current. Whatever is left in the index by a crash
//! in between, or by the version before, is removed by `tidy.rs`.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::tidy::tidy_job;
use super::work::Prepared;
use super::{Blobs, DocumentReport, Outcome};
use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::index::{Entry, Generation};
use crate::model::{ChunkId, ChunkText, DocumentId, Locale, OrganizationId};
use crate::store::{ChunkRow, FileName, NewVersion, Origin, Store};
use crate::text::{TermSet, chunk_terms, detect};

/// Rows written to the index in one go.
const ROWS: usize = 1024;
/// What is complete waits no longer than this for more of it: it would be lost with the process.
const AT_MOST: Duration = Duration::from_secs(10);

/// Collects vectors and commits documents.
pub(crate) struct Committer<'a> {
    pub store: &'a Store,
    pub generation: &'a Generation,
    pub blobs: &'a Blobs,
    pub clock: &'a SharedClock,
    pub language: Locale,
    /// Documents are kept back for [`Committer::into_versions`]: a generation in the making.
    pub staged: bool,
    open: VecDeque<Open>,
    entries: Vec<Entry>,
    /// Rows on their way into the index while the next are embedded: one write at a time. Dropped with this.
    writing: JoinSet<Result<()>>,
    complete: Vec<(Open, NewVersion)>,
    given_up: HashSet<DocumentId>,
    committed_at: Instant,
}

/// A document whose chunks are being embedded.
struct Open {
    path: String,
    moved_from: Option<String>,
    version: NewVersion,
    /// Of the document: a table or a list of names alone does not tell.
    language: Locale,
    asked: usize,
    answered: usize,
}

impl<'a> Committer<'a> {
    pub fn new(
        store: &'a Store,
        generation: &'a Generation,
        blobs: &'a Blobs,
        clock: &'a SharedClock,
        language: Locale,
        staged: bool,
    ) -> Self {
        Self {
            store,
            generation,
            blobs,
            clock,
            language,
            staged,
            open: VecDeque::new(),
            entries: Vec::new(),
            writing: JoinSet::new(),
            complete: Vec::new(),
            given_up: HashSet::new(),
            committed_at: Instant::now(),
        }
    }

    /// Takes a parsed document; its chunks get their ids.
    pub fn begin(&mut self, document: Prepared) {
        let Prepared { work, metadata, notes, page_count, chunks } = document;
        let id = work.known.unwrap_or_else(|| DocumentId(self.clock.new_id()));
        let language = language_of(&chunks, self.language);
        let chunks =
            chunks.into_iter().map(|text| ChunkRow::new(ChunkId(self.clock.new_id()), text)).collect();
        self.open.push_back(Open {
            path: work.place(),
            moved_from: work.moved_from,
            language,
            asked: 0,
            answered: 0,
            version: NewVersion {
                id,
                known: work.known.is_some(),
                origin: work.origin,
                organization_id: work.organization_id,
                agent_id: work.agent_id,
                name: work.name,
                file_type: work.file_type,
                file_size: work.size,
                content_hash: work.hash,
                metadata,
                notes,
                page_count,
                chunks,
            },
        });
    }

    /// Chunks whose text was not handed out yet.
    pub fn waiting(&self) -> usize {
        self.open.iter().map(|o| o.version.chunks.len() - o.asked).sum()
    }

    /// Keeps only documents that one more group of texts completes, those with the least left first: it is time to
    /// stop, and the rest is given up.
    pub fn keep_what_fits(&mut self, most: usize) {
        let left = |open: &Open| open.version.chunks.len() - open.asked;
        let mut open: Vec<Open> = self.open.drain(..).collect();
        open.sort_by_key(left);
        let mut sum = 0;
        let fits = open.iter().take_while(|open| {
            sum += left(open);
            sum <= most
        });
        let dropped = open.split_off(fits.count());
        self.given_up.extend(dropped.into_iter().map(|open| open.version.id));
        self.open = open.into();
    }

    /// Texts to embed next, at most `most`: what a chunk says, under its headings.
    pub fn next_texts(&mut self, most: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for document in &mut self.open {
            let left = &document.version.chunks[document.asked..];
            let take = left.len().min(most - texts.len());
            texts.extend(left[..take].iter().map(embedded_text));
            document.asked += take;
        }
        texts
    }

    /// Takes the vectors of the texts handed out last, in their order.
    pub async fn take_vectors(&mut self, vectors: Vec<Vec<f32>>) -> Result<()> {
        let now = self.clock.timestamp();
        let mut vectors = vectors.into_iter();
        for document in &mut self.open {
            while document.answered < document.asked {
                let vector =
                    vectors.next().ok_or_else(|| Error::internal("the embedder returned too few vectors"))?;
                let entry = entry(&mut document.version, document.answered, vector, document.language, &now);
                self.entries.push(entry);
                document.answered += 1;
            }
        }
        while self.open.front().is_some_and(|o| o.answered == o.version.chunks.len()) {
            if let Some(mut done) = self.open.pop_front() {
                let version = std::mem::replace(&mut done.version, empty_version());
                self.complete.push((done, version));
            }
        }
        // A long document goes into the index piece by piece: its rows are not current yet.
        if self.entries.len() >= ROWS {
            self.begin_to_write().await?;
        }
        Ok(())
    }

    /// Hands the rows to the index and goes on, once it has taken those before.
    async fn begin_to_write(&mut self) -> Result<()> {
        self.written().await?;
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            let generation = self.generation.clone();
            self.writing.spawn(async move { generation.add(&entries).await });
        }
        Ok(())
    }

    /// Waits until the index has what it was handed.
    async fn written(&mut self) -> Result<()> {
        while let Some(done) = self.writing.join_next().await {
            done.map_err(|e| Error::internal("writing to the index was cut off").with_source(e))??;
        }
        Ok(())
    }

    async fn write_entries(&mut self) -> Result<()> {
        self.begin_to_write().await?;
        self.written().await
    }

    /// Commits what is complete once there is enough of it, or some time has passed.
    pub async fn flush_if_due(&mut self) -> Result<Vec<DocumentReport>> {
        let rows: usize = self.complete.iter().map(|(_, v)| v.chunks.len()).sum();
        let due = rows >= ROWS || (rows > 0 && self.committed_at.elapsed() >= AT_MOST);
        if self.staged || !due { Ok(Vec::new()) } else { self.commit().await }
    }

    /// Commits everything that is complete. What a stop left incomplete is given up: its rows that the index
    /// has are never current, and a job is left to remove them.
    pub async fn flush(&mut self) -> Result<Vec<DocumentReport>> {
        let mut given_up = std::mem::take(&mut self.given_up);
        given_up.extend(self.open.drain(..).map(|open| open.version.id));
        if !given_up.is_empty() && !self.staged {
            self.entries.retain(|entry| !given_up.contains(&entry.document_id));
            self.store.enqueue(tidy_job()).await?;
        }
        self.commit().await
    }

    async fn commit(&mut self) -> Result<Vec<DocumentReport>> {
        self.committed_at = Instant::now();
        self.write_entries().await?;
        if self.staged || self.complete.is_empty() {
            return Ok(Vec::new());
        }
        let (documents, versions): (Vec<Open>, Vec<NewVersion>) =
            std::mem::take(&mut self.complete).into_iter().unzip();
        let facts: Vec<_> =
            versions.iter().map(|v| (v.id, v.page_count, v.chunks.len(), v.notes.clone())).collect();
        let committed = self.store.commit_versions(versions, tidy_job()).await?;
        let mut reports = Vec::new();
        let mut replaced = Vec::new();
        for ((document, (id, pages, chunks, notes)), done) in documents.into_iter().zip(facts).zip(committed)
        {
            let Some(done) = done else {
                reports.push(DocumentReport::removed(document.path, id));
                continue;
            };
            replaced.extend(done.replaced_hash);
            let status = match &document.moved_from {
                _ if done.first => Outcome::Ingested,
                Some(_) => Outcome::Moved,
                None => Outcome::Updated,
            };
            reports.push(DocumentReport {
                version: Some(done.version),
                pages,
                chunks: u32::try_from(chunks).unwrap_or(u32::MAX),
                notes,
                reason: document.moved_from.map(|before| format!("it was {before}")),
                ..DocumentReport::new(document.path, Some(id), status)
            });
        }
        self.blobs.release(self.store, replaced).await?;
        Ok(reports)
    }

    /// The versions of a generation in the making, to be committed with its activation.
    pub async fn into_versions(mut self) -> Result<Vec<NewVersion>> {
        self.write_entries().await?;
        Ok(self.complete.into_iter().map(|(_, v)| v).collect())
    }
}

/// Chunks that a document's language is told by.
const SAMPLE: usize = 8;

/// The language of a document; `expected` if it does not tell.
fn language_of(chunks: &[ChunkText], expected: Locale) -> Locale {
    let sample: Vec<&str> = chunks.iter().take(SAMPLE).map(|chunk| chunk.content.as_str()).collect();
    detect(&sample.join("\n"), expected)
}

/// What is embedded of a chunk: a paragraph that says "30 days" means little without its headings.
fn embedded_text(row: &ChunkRow) -> String {
    match &row.text.heading {
        Some(heading) => format!("{heading}\n\n{}", row.text.content),
        None => row.text.content.clone(),
    }
}

/// The row of a chunk in the index; the chunk learns its terms.
fn entry(version: &mut NewVersion, index: usize, vector: Vec<f32>, language: Locale, now: &str) -> Entry {
    let ChunkRow { id, text, terms } = &mut version.chunks[index];
    let words = chunk_terms(&text.content, text.heading.as_deref(), language);
    *terms = TermSet::of(words.iter().map(String::as_str));
    Entry {
        chunk_id: *id,
        organization_id: version.organization_id,
        agent_id: version.agent_id,
        document_id: version.id,
        chunk_index: u32::try_from(index).unwrap_or(u32::MAX),
        page_number: text.page_number,
        filename: version.name.filename.clone(),
        document_type: version.file_type,
        content: text.content.clone(),
        terms: words.join(" "),
        created_at: now.to_owned(),
        vector,
    }
}

fn empty_version() -> NewVersion {
    NewVersion {
        id: DocumentId(uuid::Uuid::nil()),
        known: true,
        origin: Origin::Rebuild,
        organization_id: OrganizationId(uuid::Uuid::nil()),
        agent_id: None,
        name: FileName {
            source: String::new(),
            path: String::new(),
            location: None,
            filename: String::new(),
        },
        file_type: crate::model::FileType::Txt,
        file_size: 0,
        content_hash: String::new(),
        metadata: crate::model::Metadata::new(),
        notes: Vec::new(),
        page_count: 0,
        chunks: Vec::new(),
    }
}
