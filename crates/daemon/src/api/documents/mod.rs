//! Documents: uploading, watching, deleting.

pub mod chunks;
pub mod delete;
pub mod list;
pub mod process;
pub mod show;
pub mod upload;

use std::collections::BTreeMap;

use agent_core::model::{Document, DocumentStatus, FileType, ParseNote};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a document is on its way.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusBody {
    /// Stored, waiting to be processed.
    Uploaded,
    /// Being parsed, embedded or indexed.
    Processing,
    /// Searchable.
    Processed,
    /// Could not be read: `processingError` says why.
    Failed,
}

impl From<DocumentStatus> for StatusBody {
    fn from(status: DocumentStatus) -> Self {
        match status {
            DocumentStatus::Uploaded => Self::Uploaded,
            DocumentStatus::Processing => Self::Processing,
            DocumentStatus::Processed => Self::Processed,
            DocumentStatus::Failed => Self::Failed,
        }
    }
}

impl From<StatusBody> for DocumentStatus {
    fn from(status: StatusBody) -> Self {
        match status {
            StatusBody::Uploaded => Self::Uploaded,
            StatusBody::Processing => Self::Processing,
            StatusBody::Processed => Self::Processed,
            StatusBody::Failed => Self::Failed,
        }
    }
}

/// Kind of file.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileTypeBody {
    /// Portable Document Format.
    Pdf,
    /// Word.
    Docx,
    /// Markdown.
    Md,
    /// Plain text.
    Txt,
    /// PNG or JPEG, read by OCR.
    Image,
}

impl From<FileType> for FileTypeBody {
    fn from(file_type: FileType) -> Self {
        match file_type {
            FileType::Pdf => Self::Pdf,
            FileType::Docx => Self::Docx,
            FileType::Md => Self::Md,
            FileType::Txt => Self::Txt,
            FileType::Image => Self::Image,
        }
    }
}

/// A remark on how a file, or one page of it, was read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParseNoteBody {
    /// The page it concerns, from 1; the whole file if null.
    page: Option<u32>,
    /// What kind of remark: `picture_not_read`, `part_not_read` and the like; there may be new ones.
    kind: &'static str,
    /// What it is about, in one line.
    detail: String,
    /// The whole remark in one line, as `agentctl ingest` shows it.
    text: String,
}

impl From<ParseNote> for ParseNoteBody {
    fn from(note: ParseNote) -> Self {
        Self { page: note.page, kind: note.kind.as_str(), text: note.to_string(), detail: note.detail }
    }
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentBody {
    /// Stays the same over versions.
    id: Uuid,
    /// The agent that alone may use it; every agent if null.
    agent_id: Option<Uuid>,
    /// File name.
    filename: String,
    /// Kind of file.
    file_type: FileTypeBody,
    /// Size in bytes.
    file_size: u64,
    /// Where it is on its way.
    status: StatusBody,
    /// What the file says of itself, and what was sent with it.
    metadata: BTreeMap<String, String>,
    /// What of the file was not read, and what is not sure, in the current version.
    notes: Vec<ParseNoteBody>,
    /// Why it failed, if it did.
    processing_error: Option<String>,
    /// Chunks of the current version.
    chunk_count: u32,
    /// Pages of the current version.
    page_count: u32,
    /// From 1; one more with each change.
    version: u32,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// RFC 3339, UTC; when it last became searchable.
    #[schema(format = DateTime)]
    processed_at: Option<String>,
}

impl From<Document> for DocumentBody {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.0,
            agent_id: document.agent_id.map(|a| a.0),
            filename: document.filename,
            file_type: document.file_type.into(),
            file_size: document.file_size,
            status: document.status.into(),
            metadata: document.metadata,
            notes: document.notes.into_iter().map(ParseNoteBody::from).collect(),
            processing_error: document.processing_error,
            chunk_count: document.chunk_count,
            page_count: document.page_count,
            version: document.version,
            created_at: document.created_at,
            updated_at: document.updated_at,
            processed_at: document.processed_at,
        }
    }
}
