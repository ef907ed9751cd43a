//! The documents of a run: which are unchanged, which cannot be read, which have to be parsed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::blobs::{hash_bytes, hash_file};
use super::source::{SourceFile, sniff};
use super::{Blobs, DocumentReport, IngestOptions, Outcome};
use crate::error::Result;
use crate::model::{AgentId, ChunkText, DocumentId, FileType, Metadata, OrganizationId, ParseNote};
use crate::store::{KnownFile, Origin, Store};

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
    pub notes: Vec<ParseNote>,
    pub page_count: u32,
    pub chunks: Vec<ChunkText>,
}

/// Looks at files: which are unchanged, which cannot be read, which have to be parsed.
pub fn prepare_files(
    organization: OrganizationId,
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
            Some(old) if old.searchable && old.content_hash == hash && !options.force => {
                if let Some(metadata) = changed_metadata(&old.metadata, &options.metadata) {
                    relabelled.push((old.id, metadata));
                }
                reports.push(unchanged(path, old));
            }
            _ => works.push(Work {
                organization_id: organization,
                origin: Origin::Source,
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
    organization: OrganizationId,
    name: &str,
    bytes: Vec<u8>,
    known: &HashMap<String, KnownFile>,
    options: &IngestOptions,
    blobs: &Blobs,
    store: &Store,
) -> Result<std::result::Result<Work, DocumentReport>> {
    let path = format!("stdin:{name}");
    let old = known.get(&path);
    let file_type = FileType::from_name(name).unwrap_or_else(|| sniff(&bytes));
    let hash = hash_bytes(&bytes);
    if bytes.is_empty() {
        return Ok(Err(DocumentReport::failed(path, old.map(|k| k.id), "standard input is empty")));
    }
    if let Some(old) = old.filter(|k| k.searchable && k.content_hash == hash && !options.force) {
        if let Some(metadata) = changed_metadata(&old.metadata, &options.metadata) {
            store.set_metadata(organization, old.id, metadata).await?;
        }
        return Ok(Err(unchanged(path, old)));
    }
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if !store.content_is_used(&hash).await? {
        blobs.put_bytes(bytes, &hash).await?;
    }
    Ok(Ok(Work {
        organization_id: organization,
        origin: Origin::Source,
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
        notes: known.notes.clone(),
        retryable: false,
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
