//! The one error type of the library.
//!
//! A message is written for the person who runs the product: what was wrong, where, and what to do.
//! The cause, if any, is kept as `source` for the log and is never part of what a client reads.
//! Why documents fail to parse is not here: one bad document is a result, not an error of the run
//! (see `ingest::parse::ParseFailure`).

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Result of the library's fallible calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong; callers map it to an exit code or an HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input breaks a rule (empty question, number out of range).
    InvalidInput,
    /// The configuration is wrong: unknown key, bad value, missing secret.
    Config,
    /// What was asked for does not exist (agent, document, path).
    NotFound,
    /// It exists already, or another process holds it.
    Conflict,
    /// A file the program needs at run time is not installed (model, ONNX Runtime, pdfium).
    MissingRuntime,
    /// The data directory does not fit this program or this configuration.
    Incompatible,
    /// An external service could not be reached or refused.
    Unavailable,
    /// The disk is full or the file system refused.
    Storage,
    /// Nobody is logged in, or what they showed is not valid.
    Unauthenticated,
    /// Who they are is known; they may not do this.
    Forbidden,
    /// A limit of the plan is reached.
    QuotaExceeded,
    /// Too many requests; [`Error::retry_after`] says when to come back.
    TooManyRequests,
    /// The caller asked to stop.
    Cancelled,
    /// A defect of this program.
    Internal,
}

/// An error with its kind, a message for the user and, for the log, its cause.
pub struct Error {
    kind: ErrorKind,
    message: String,
    // Boxed: few errors have them, and every `Result` carries the size.
    extra: Option<Box<Extra>>,
    source: Option<Box<dyn StdError + Send + Sync + 'static>>,
}

#[derive(Debug, Default)]
struct Extra {
    code: Option<&'static str>,
    retry_after: Option<Duration>,
    fields: Vec<FieldProblem>,
}

/// A field of the caller's input that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// The field as the caller wrote it: `email`, `settings.retention`.
    pub field: String,
    /// What is wrong and what is accepted.
    pub message: String,
}

impl Error {
    /// An error of `kind` with a message for the user.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), extra: None, source: None }
    }

    /// Gives it a stable code that programs may depend on, finer than its kind: `registration_closed`.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.extra.get_or_insert_default().code = Some(code);
        self
    }

    /// Says when it is worth trying again.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.extra.get_or_insert_default().retry_after = Some(after);
        self
    }

    /// Names a field that breaks a rule.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        let problem = FieldProblem { field: field.into(), message: message.into() };
        self.extra.get_or_insert_default().fields.push(problem);
        self
    }

    /// The stable code, if it has one of its own.
    pub fn code(&self) -> Option<&'static str> {
        self.extra.as_ref()?.code
    }

    /// When it is worth trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.extra.as_ref()?.retry_after
    }

    /// The fields that break a rule.
    pub fn fields(&self) -> &[FieldProblem] {
        self.extra.as_ref().map_or(&[], |e| &e.fields)
    }

    /// Keeps `source` as the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind, for exit codes and HTTP statuses.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The caller's input breaks a rule.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// The configuration is wrong.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Nothing of that name or id.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// A run-time file is not installed.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::MissingRuntime, message)
    }

    /// An external service failed.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// The data directory does not fit.
    pub fn incompatible(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Incompatible, message)
    }

    /// A defect of this program.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// A file operation failed at `path`; a full disk is said in plain words.
    pub fn io(what: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Storage,
        };
        Self::new(kind, format!("cannot {what} {}: {}", path.display(), plain_io(&source)))
            .with_source(source)
    }
}

/// An I/O error in the user's words, without the operating system's error number.
pub fn plain_io(error: &std::io::Error) -> String {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "no such file or directory".into(),
        K::PermissionDenied => "permission denied".into(),
        K::StorageFull => "the disk is full; free some space and run it again".into(),
        K::ReadOnlyFilesystem => "the file system is read-only".into(),
        K::IsADirectory => "it is a directory".into(),
        _ => error.to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut d = f.debug_struct("Error");
        d.field("kind", &self.kind).field("message", &self.message);
        if let Some(source) = &self.source {
            d.field("source", source);
        }
        // Code, fields and the time to come back are for clients.
        d.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_in_plain_words() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("write", std::path::Path::new("/data/x"), full);
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.to_string().contains("/data/x: the disk is full"), "{error}");
    }

    #[test]
    fn the_cause_is_kept_out_of_the_message() {
        let error = Error::unavailable("the model service did not answer").with_source("secret detail");
        assert!(!error.to_string().contains("secret"));
        assert!(error.source().is_some());
    }
}
