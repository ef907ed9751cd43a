//! What a document may cost, and the ways in which it can fail.
//!
//! Both travel between the program and its parser processes, so they are plain values that serde
//! can write. Enforcing a limit is the business of the parser that meets it; time and memory are
//! enforced from outside, by `sandbox` and `worker`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Upper bounds for one document, and the run-time files its parsers need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Wall-clock time for one document, OCR included; 120 s.
    pub timeout: Duration,
    /// Address space a parser process may take beyond what it starts with, in bytes; 1 GiB.
    pub memory_bytes: u64,
    /// Pages of one document; 5,000.
    pub max_pages: u32,
    /// Bytes that a compressed document may unpack to, all its parts together; 256 MiB.
    pub max_unpacked_bytes: u64,
    /// Bytes of the file itself; 256 MiB.
    pub max_file_bytes: u64,
    /// Pixels of one image; 100 million.
    pub max_pixels: u64,
    /// Languages for OCR in Tesseract's notation; `por+eng`.
    pub ocr_languages: String,
    /// The pdfium shared library; looked up by the dynamic linker if absent.
    pub pdfium_library: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(2),
            memory_bytes: 1 << 30,
            max_pages: 5_000,
            max_unpacked_bytes: 256 << 20,
            max_file_bytes: 256 << 20,
            max_pixels: 100_000_000,
            ocr_languages: "por+eng".to_owned(),
            pdfium_library: None,
        }
    }
}

/// Why a document could not be read, coarse enough to count and to decide on a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The file has no bytes.
    Empty,
    /// A password is needed.
    Encrypted,
    /// The content breaks the rules of its format.
    Corrupt,
    /// A text file that holds something else.
    NotText,
    /// A format that is not read.
    Unsupported,
    /// A limit was met.
    TooLarge,
    /// It opened, and there is no text in it.
    NoText,
    /// It took longer than `Limits::timeout`.
    Timeout,
    /// It needed more than `Limits::memory_bytes`.
    OutOfMemory,
    /// The parser died.
    Crashed,
    /// A program or library the parser needs is not installed.
    MissingTool,
    /// The file could not be opened or read.
    Unreadable,
}

impl FailureKind {
    /// Whether the cause is the machine rather than the document, so that the same bytes may
    /// succeed later.
    pub fn is_environmental(self) -> bool {
        matches!(self, Self::MissingTool | Self::Unreadable)
    }
}

/// A document that could not be read: what kind of failure, and the reason in the operator's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParseFailure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What is wrong and what to do; never a piece of the document.
    pub reason: String,
}

impl ParseFailure {
    /// A failure of `kind` with its reason.
    pub fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

impl fmt::Display for ParseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for ParseFailure {}

/// A number of bytes as a person reads it: `256 MiB`, `12 KiB`.
pub(super) fn plain_bytes(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{}.{} GiB", bytes >> 30, (bytes & 0x3fff_ffff) * 10 / 0x4000_0000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_survive_the_wire_and_missing_fields_take_their_default() {
        let limits = Limits { max_pages: 3, ..Limits::default() };
        let text = serde_json::to_string(&limits).unwrap();
        assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), limits);
        assert_eq!(serde_json::from_str::<Limits>("{}").unwrap(), Limits::default());
    }

    #[test]
    fn a_failure_prints_its_reason() {
        let failure = ParseFailure::new(FailureKind::Empty, "the file is empty");
        assert_eq!(failure.to_string(), "the file is empty");
        assert!(!failure.kind.is_environmental());
    }

    #[test]
    fn bytes_read_well() {
        assert_eq!(plain_bytes(12), "12 bytes");
        assert_eq!(plain_bytes(256 << 20), "256 MiB");
        assert_eq!(plain_bytes(3 << 29), "1.5 GiB");
    }
}
