//! `[ingest]`: what is read, and within which limits.

use ignore::gitignore::GitignoreBuilder;
use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[ingest]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IngestConfig {
    /// Files larger than this are refused, in megabytes.
    pub max_file_mb: u64,
    /// Time for one document, in seconds.
    pub timeout_seconds: u64,
    /// Address space of a parser process, in megabytes.
    pub memory_mb: u64,
    /// Most pages of a document.
    pub max_pages: u32,
    /// Most bytes a compressed document may unpack to, in megabytes.
    pub max_unpacked_mb: u64,
    /// Most text a document may have, in megabytes.
    pub max_text_mb: u64,
    /// Tesseract languages, joined by `+`.
    pub ocr_languages: String,
    /// Parser processes at work at the same time.
    pub workers: usize,
    /// Patterns in `.gitignore` syntax that are left out of folders.
    pub exclude: Vec<String>,
    /// Whether what `.gitignore` files say is left out of folders.
    pub gitignore: bool,
    /// Program that parses, with its arguments; empty: the running program.
    pub parser_command: Vec<String>,
}

impl Section for IngestConfig {
    const NAME: &'static str = "ingest";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("max_file_mb", &self.max_file_mb, 1..=4096)?;
        Problem::unless_within("timeout_seconds", &self.timeout_seconds, 1..=3600)?;
        Problem::unless_within("memory_mb", &self.memory_mb, 128..=65536)?;
        Problem::unless_within("max_pages", &self.max_pages, 1..=100_000)?;
        Problem::unless_within("max_unpacked_mb", &self.max_unpacked_mb, 1..=4096)?;
        Problem::unless_within("max_text_mb", &self.max_text_mb, 1..=1024)?;
        Problem::unless_within("workers", &self.workers, 1..=64)?;
        let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '+';
        if self.ocr_languages.is_empty() || !self.ocr_languages.chars().all(known) {
            return Err(Problem::new(
                "ocr_languages",
                "Tesseract language names joined by `+` are accepted, e.g. \"por+eng\"",
            ));
        }
        let mut patterns = GitignoreBuilder::new("");
        for pattern in &self.exclude {
            patterns.add_line(None, pattern).map_err(|e| {
                let text = format!("`{pattern}` is not a pattern in .gitignore syntax: {e}");
                Problem::new("exclude", text)
            })?;
        }
        patterns.build().map(drop).map_err(|e| Problem::new("exclude", e.to_string()))
    }
}
