//! The documents of a run: which are unchanged, which cannot be read, which have to be parsed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::blobs::{hash_bytes, hash_file};
use super::known::{Elsewhere, KnownFiles, Naming};
use super::source::{SourceFile, Unread, sniff};
use super::{Blobs, DocumentReport, IngestOptions, Outcome, Stop};
use crate::error::Result;
use crate::model::{AgentId, ChunkText, DocumentId, FileType, Metadata, OrganizationId, ParseNote, place};
use crate::store::{FileName, KnownFile, Origin, Store};

/// A document that has to be parsed.
#[derive(Debug, Clone)]
pub struct Work {
    /// The business.
    pub organization_id: OrganizationId,
    /// Id of the known document, if it is one.
    pub known: Option<DocumentId>,
    /// Where the bytes came from.
    pub origin: Origin,
    /// The agent that alone may use it.
    pub agent_id: Option<AgentId>,
    /// What it is told by.
    pub name: FileName,
    /// What it was told by before, if only its place is new. It is read again all the same: names and folders say
    /// for whom a document is, and whether it counts.
    pub moved_from: Option<String>,
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

impl Work {
    /// What reports call it.
    pub fn place(&self) -> String {
        place(&self.name.source, &self.name.path)
    }
}

/// A parsed document on its way to the embedder.
pub(crate) struct Prepared {
    pub work: Work,
    pub metadata: Metadata,
    pub notes: Vec<ParseNote>,
    pub page_count: u32,
    pub chunks: Vec<ChunkText>,
}

/// What has to be done about files.
#[derive(Debug, Default)]
pub struct Plan {
    /// Documents to parse.
    pub works: Vec<Work>,
    /// On all other files.
    pub reports: Vec<DocumentReport>,
    /// Documents whose pairs change.
    pub relabelled: Vec<(DocumentId, Metadata)>,
    /// Documents whose files have another name by now.
    pub renamed: Vec<(DocumentId, FileName)>,
    /// Known documents whose files were found, whatever can be done with them.
    pub found: HashSet<DocumentId>,
}

/// A file that was looked at.
struct Looked<'a> {
    file: PathBuf,
    name: FileName,
    known: Option<&'a KnownFile>,
    bytes: std::result::Result<Bytes, Unread>,
}

struct Bytes {
    file_type: FileType,
    size: u64,
    hash: String,
}

/// Looks at files: which are unchanged, which cannot be read, which have to be parsed.
pub fn plan_files(
    organization: OrganizationId,
    files: Vec<SourceFile>,
    known: &[KnownFile],
    naming: &Naming,
    options: &IngestOptions,
    max_bytes: u64,
    stop: &Stop,
) -> Plan {
    let (mut plan, mut index) = (Plan::default(), KnownFiles::new(known, naming));
    let mut looked = Vec::with_capacity(files.len());
    // All of them first: whether a file was moved or copied shows once every known one has been looked for.
    for SourceFile { path, unread } in files {
        if stop.requested() {
            break;
        }
        let name = match naming.name(&path) {
            Ok(name) => name,
            Err(reason) => {
                plan.reports.push(DocumentReport::failed(super::name::text_of(&path), None, reason));
                continue;
            }
        };
        let known = index.by_name(&name);
        let bytes = unread.map_or_else(|| look(&path, max_bytes), Err);
        if let Some(known) = known {
            index.found(known, bytes.as_ref().ok().map(|bytes| bytes.hash.clone()));
        }
        looked.push(Looked { file: path, name, known, bytes });
    }
    for Looked { file, name, known: by_name, bytes } in looked {
        let path = place(&name.source, &name.path);
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(unread) => {
                plan.reports.push(unread_report(path, by_name, unread));
                continue;
            }
        };
        let old = match by_name {
            Some(old) => Some(old),
            None => match index.elsewhere(known, &name, &bytes.hash) {
                Elsewhere::New => None,
                Elsewhere::Was(old) => Some(old),
                Elsewhere::CopyOf(other) => {
                    let reason = format!("the same bytes as {other}");
                    plan.reports.push(DocumentReport::new(path, None, Outcome::Duplicate).because(reason));
                    continue;
                }
            },
        };
        match old {
            Some(old)
                if old.searchable
                    && old.content_hash == bytes.hash
                    && !options.force
                    && (by_name.is_some() || old.location == name.location) =>
            {
                if let Some(metadata) = changed_metadata(&old.metadata, &options.metadata) {
                    plan.relabelled.push((old.id, metadata));
                }
                plan.reports.push(if by_name.is_some() {
                    unchanged(path, old)
                } else {
                    let before = place(&old.source, &old.path);
                    let report = DocumentReport { status: Outcome::Moved, ..unchanged(path, old) };
                    report.because(format!("it was {before}"))
                });
                if by_name.is_none() || old.location != name.location {
                    plan.renamed.push((old.id, name));
                }
            }
            _ => {
                let moved = old.filter(|old| by_name.is_none() && old.content_hash == bytes.hash);
                // A new version says again what it is of; what only moved keeps what was said.
                let mut metadata = moved.map(|old| old.metadata.clone()).unwrap_or_default();
                metadata.extend(options.metadata.clone());
                plan.works.push(Work {
                    organization_id: organization,
                    origin: Origin::Source,
                    known: old.map(|k| k.id),
                    agent_id: options.agent_id,
                    name,
                    moved_from: moved.map(|old| place(&old.source, &old.path)),
                    file_type: bytes.file_type,
                    size: bytes.size,
                    hash: bytes.hash,
                    file: Some(file),
                    metadata,
                });
            }
        }
    }
    plan.found = index.found_ids();
    plan
}

/// The bytes of a file, or why it is not read.
fn look(path: &Path, max_bytes: u64) -> std::result::Result<Bytes, Unread> {
    let file_type = FileType::from_name(path).ok_or_else(|| Unread::Skipped(unsupported(path)))?;
    let size = std::fs::metadata(path).map(|m| m.len()).unwrap_or_default();
    if size > max_bytes {
        let limit = max_bytes / (1024 * 1024);
        return Err(Unread::Failed(format!("the file is larger than {limit} MB (ingest.max_file_mb)")));
    }
    let (hash, size) = hash_file(path).map_err(|e| Unread::Failed(crate::error::plain_io(&e)))?;
    if size == 0 {
        return Err(Unread::Skipped("the file is empty".to_owned()));
    }
    Ok(Bytes { file_type, size, hash })
}

/// Nothing is lost with a file that never was a document; with one that was, what answers is of yesterday.
fn unread_report(path: String, known: Option<&KnownFile>, unread: Unread) -> DocumentReport {
    match (unread, known) {
        (Unread::Skipped(reason), None) => DocumentReport::skipped(path, reason),
        (Unread::Skipped(reason), Some(known)) => {
            let reason = format!("{reason}; the version before goes on answering");
            DocumentReport::failed(path, Some(known.id), reason)
        }
        (Unread::Failed(reason), known) => DocumentReport::failed(path, known.map(|k| k.id), reason),
    }
}

/// The same for a document given as bytes. Its type is what its name or its first bytes say.
pub async fn prepare_bytes(
    organization: OrganizationId,
    name: &str,
    bytes: Vec<u8>,
    known: &[KnownFile],
    options: &IngestOptions,
    blobs: &Blobs,
    store: &Store,
) -> Result<std::result::Result<Work, DocumentReport>> {
    let path = format!("stdin:{name}");
    let old = known.iter().find(|k| k.source.is_empty() && k.path == path);
    let file_type = FileType::from_name(name).unwrap_or_else(|| sniff(&bytes));
    let hash = hash_bytes(&bytes);
    if bytes.is_empty() {
        return Ok(Err(DocumentReport::failed(path, old.map(|k| k.id), "standard input is empty")));
    }
    if let Some(old) = old.filter(|k| k.searchable && k.content_hash == hash && !options.force) {
        if let Some(metadata) = changed_metadata(&old.metadata, &options.metadata)
            && !options.dry_run
        {
            store.set_metadata(organization, old.id, metadata).await?;
        }
        return Ok(Err(unchanged(path, old)));
    }
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if !options.dry_run && !store.content_is_used(&hash).await? {
        blobs.put_bytes(bytes, &hash).await?;
    }
    Ok(Ok(Work {
        organization_id: organization,
        origin: Origin::Source,
        known: old.map(|k| k.id),
        agent_id: options.agent_id,
        name: FileName { source: String::new(), path, location: None, filename: name.to_owned() },
        moved_from: None,
        file_type,
        size,
        hash,
        file: None,
        metadata: options.metadata.clone(),
    }))
}

fn unchanged(path: String, known: &KnownFile) -> DocumentReport {
    DocumentReport {
        version: Some(known.version),
        pages: known.page_count,
        chunks: known.chunk_count,
        notes: known.notes.clone(),
        ..DocumentReport::new(path, Some(known.id), Outcome::Unchanged)
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
