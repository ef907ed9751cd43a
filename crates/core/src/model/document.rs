//! A document, its type, and what a parser makes of its bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{AgentId, DocumentId, OrganizationId, ParseNote};

/// Metadata of a document by name: `title`, `author`, `pages`, `created_date`, `language`, and the
/// operator's own `--metadata` pairs.
pub type Metadata = BTreeMap<String, String>;

/// The supported kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    /// Portable Document Format.
    Pdf,
    /// Word, Office Open XML.
    Docx,
    /// Markdown.
    Md,
    /// Plain text in any encoding.
    Txt,
    /// PNG or JPEG, read by OCR.
    Image,
}

impl FileType {
    /// File name endings that are taken, in lower case.
    pub const EXTENSIONS: [(&'static str, Self); 9] = [
        ("pdf", Self::Pdf),
        ("docx", Self::Docx),
        ("md", Self::Md),
        ("markdown", Self::Md),
        ("txt", Self::Txt),
        ("text", Self::Txt),
        ("png", Self::Image),
        ("jpg", Self::Image),
        ("jpeg", Self::Image),
    ];

    /// The type a file name promises, if its ending is a supported one.
    pub fn from_name(name: impl AsRef<Path>) -> Option<Self> {
        let ending = name.as_ref().extension()?.to_str()?.to_ascii_lowercase();
        Self::EXTENSIONS.iter().find(|(e, _)| *e == ending).map(|(_, t)| *t)
    }

    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Md => "md",
            Self::Txt => "txt",
            Self::Image => "image",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Pdf, Self::Docx, Self::Md, Self::Txt, Self::Image].into_iter().find(|t| t.as_str() == text)
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a piece of a page is; decides where a chunk may end and what heads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading of level 1 (document) to 6.
    Heading(u8),
    /// Running text.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// The names of a table's columns, joined by ` | `: they hold for the rows that follow, up to the next
    /// block that is not a [`BlockKind::TableRow`]. A table that runs over pages has it on each of them.
    TableHeader,
    /// One row of a table, its cells joined by ` | `.
    TableRow,
    /// Preformatted text: spaces and line breaks mean something.
    Code,
}

/// A piece of a page as the parser found it, before normalisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its text; single line breaks may be inside.
    pub text: String,
}

/// A page of a document. Formats without pages have one page, number 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Page number, from 1.
    pub number: u32,
    /// The page's pieces in reading order.
    pub blocks: Vec<Block>,
}

/// What a parser made of a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parsed {
    /// At least one page; pages without text stay in the list.
    pub pages: Vec<Page>,
    /// What the file says of itself.
    pub metadata: Metadata,
    /// What was not read, and what the parser is not sure of.
    #[serde(default)]
    pub notes: Vec<ParseNote>,
}

/// Where the bytes of a document that came last are on their way into the index. A version before them
/// answers until they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentStatus {
    /// Stored, nothing done yet.
    Uploaded,
    /// Being parsed, embedded or indexed.
    Processing,
    /// Searchable.
    Processed,
    /// They could not be made searchable; `processing_error` says why.
    Failed,
}

impl DocumentStatus {
    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Uploaded, Self::Processing, Self::Processed, Self::Failed]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// A document as the store keeps it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Stays the same over versions.
    pub id: DocumentId,
    /// The business it belongs to.
    pub organization_id: OrganizationId,
    /// The agent that alone may use it; every agent if absent.
    pub agent_id: Option<AgentId>,
    /// File name without folders.
    pub filename: String,
    /// The named source it was ingested from; empty if from none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Where it came from: the path below the root of its source, the absolute path of the file, or the name given
    /// for standard input or an upload.
    pub path: String,
    /// Kind of file.
    pub file_type: FileType,
    /// Size in bytes.
    pub file_size: u64,
    /// SHA-256 of the bytes, hexadecimal; also the name of the blob.
    pub content_hash: String,
    /// Where it is on its way.
    pub status: DocumentStatus,
    /// What the file says of itself, and the operator's pairs.
    pub metadata: Metadata,
    /// What of the file was not read, and what is not sure, in the current version.
    pub notes: Vec<ParseNote>,
    /// Why it failed, if it did.
    pub processing_error: Option<String>,
    /// Number of chunks of the current version.
    pub chunk_count: u32,
    /// Number of pages of the current version.
    pub page_count: u32,
    /// From 1; one more with each change of the file.
    pub version: u32,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
    /// RFC 3339, UTC; when it last became searchable.
    pub processed_at: Option<String>,
}

impl Document {
    /// What tells it from every other document of its agent, for people: its path, after the name of its source.
    pub fn place(&self) -> String {
        place(&self.source, &self.path)
    }
}

/// A path, after the name of its source if it has one.
pub fn place(source: &str, path: &str) -> String {
    if source.is_empty() { path.to_owned() } else { format!("{source}:{path}") }
}
