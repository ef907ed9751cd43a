//! Which files a list of paths means.
//!
//! A path that is named is read, whatever an ignore file above it says. What is found and cannot be read is not
//! passed over in silence: it is left out with a reason if it is no document (a pipe, a link that leads nowhere),
//! and has failed if it may be one.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Error, Result, plain_io};
use crate::model::FileType;

/// A file to ingest, or why it cannot be.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Why it was not even looked at.
    pub unread: Option<Unread>,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is no document: nothing is lost.
    Skipped(String),
    /// It may be one.
    Failed(String),
}

/// Everything that a list of paths means.
#[derive(Debug, Clone, Default)]
pub struct Discovered {
    /// Every file, by path, each once.
    pub files: Vec<SourceFile>,
    /// The folders that were named.
    pub folders: Vec<Folder>,
    /// Named paths that are not there.
    pub missing: Vec<PathBuf>,
}

/// A folder that was named and searched.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Absolute path.
    pub path: PathBuf,
    /// Device and inode: another file system in its place is another folder.
    pub identity: (u64, u64),
    /// Whether nothing at all lies in it.
    pub empty: bool,
    /// What in it could not be looked into: whatever was below may be there.
    pub closed: Vec<PathBuf>,
}

/// What to leave out of folders. Hidden files are always left out.
#[derive(Debug, Clone, Copy)]
pub struct Leaving<'a> {
    /// Patterns in `.gitignore` syntax.
    pub exclude: &'a [String],
    /// Whether what `.gitignore` files say is left out, beside what `.ignore` files say.
    pub gitignore: bool,
}

/// Every file below `paths`. Folders are searched with what `leaving` and `.ignore` files in them say left out;
/// a file that is named is taken.
pub fn discover(paths: &[PathBuf], leaving: Leaving<'_>) -> Result<Discovered> {
    let mut found = Discovered::default();
    for path in paths {
        let path = absolute(path)?;
        let unread = match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => {
                walk(path, &meta, leaving, &mut found)?;
                continue;
            }
            Ok(meta) => no_file(meta.file_type()).map(|what| Unread::Skipped(what.to_owned())),
            Err(error) => {
                if error.kind() == std::io::ErrorKind::NotFound {
                    found.missing.push(path.clone());
                }
                Some(Unread::Failed(plain_io(&error)))
            }
        };
        found.files.push(SourceFile { path, unread });
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.files.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// An absolute path with symbolic links kept: the path the operator knows.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(|e| Error::io("find", path, e))?;
    // `std::path::absolute` keeps `..`; the same file must have one name.
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            std::path::Component::CurDir => {}
            other => clean.push(other),
        }
    }
    Ok(clean)
}

/// The type that the first bytes of a file speak for; text if none does.
pub(super) fn sniff(bytes: &[u8]) -> FileType {
    const MAGIC: [(&[u8], FileType); 4] = [
        (b"%PDF-", FileType::Pdf),
        (b"PK\x03\x04", FileType::Docx),
        (b"\x89PNG", FileType::Image),
        (b"\xff\xd8\xff", FileType::Image),
    ];
    MAGIC
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map_or(FileType::Txt, |(_, file_type)| *file_type)
}

/// What tells a folder from another in its place.
pub(super) fn identity(meta: &std::fs::Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

/// Whether nothing lies in a folder. One that cannot be read is not empty.
pub(super) fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn walk(path: PathBuf, meta: &std::fs::Metadata, leaving: Leaving<'_>, found: &mut Discovered) -> Result<()> {
    let mut folder = Folder { identity: identity(meta), empty: is_empty(&path), path, closed: Vec::new() };
    let excluded = excludes(&folder.path, leaving.exclude)?;
    let walker = WalkBuilder::new(&folder.path)
        // A folder that is named is wanted: what lies above it has no say.
        .parents(false)
        .git_ignore(leaving.gitignore)
        .git_global(false)
        .git_exclude(false)
        // .gitignore files count wherever they are, also outside a repository.
        .require_git(false)
        .follow_links(true)
        .filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|t| t.is_dir());
            entry.depth() == 0 || !excluded.matched(entry.path(), is_folder).is_ignore()
        })
        .build();
    for entry in walker {
        match entry {
            Ok(entry) => match entry.file_type() {
                Some(kind) if kind.is_dir() => {}
                Some(kind) if kind.is_file() => {
                    found.files.push(SourceFile { path: entry.into_path(), unread: None });
                }
                kind => {
                    let what = kind.and_then(no_file).unwrap_or("it is no file");
                    let unread = Some(Unread::Skipped(what.to_owned()));
                    found.files.push(SourceFile { path: entry.into_path(), unread });
                }
            },
            Err(error) => {
                let path = path_of(&error).unwrap_or_else(|| folder.path.clone());
                let unread = why(&error, &path);
                if matches!(unread, Unread::Failed(_)) {
                    folder.closed.push(path.clone());
                }
                found.files.push(SourceFile { path, unread: Some(unread) });
            }
        }
    }
    found.folders.push(folder);
    Ok(())
}

/// What stands where a file might, if it is none: opening a pipe would wait for somebody who writes.
fn no_file(kind: std::fs::FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_fifo() {
        Some("a named pipe is not read")
    } else if kind.is_socket() {
        Some("a socket is not read")
    } else {
        Some("a device is not read")
    }
}

fn why(error: &ignore::Error, path: &Path) -> Unread {
    if is_loop(error) {
        return Unread::Skipped("the link leads back to a folder above it".to_owned());
    }
    // Asked again: what the search says of it repeats the path.
    let now = std::fs::metadata(path).err();
    let Some(io) = now.as_ref().or_else(|| error.io_error()) else {
        return Unread::Failed(error.to_string());
    };
    let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    if is_link && io.kind() == std::io::ErrorKind::NotFound {
        return Unread::Skipped("the link leads nowhere".to_owned());
    }
    if is_link && io.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return Unread::Skipped("the link leads to itself".to_owned());
    }
    Unread::Failed(plain_io(io))
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => is_loop(err),
        ignore::Error::Loop { .. } => true,
        _ => false,
    }
}

fn excludes(folder: &Path, patterns: &[String]) -> Result<Gitignore> {
    let mut builder = GitignoreBuilder::new(folder);
    for pattern in patterns {
        builder.add_line(None, pattern).map_err(|e| {
            Error::config(format!("ingest.exclude: `{pattern}` is not a pattern in .gitignore syntax: {e}"))
        })?;
    }
    builder.build().map_err(|e| Error::config(format!("ingest.exclude: {e}")))
}

fn path_of(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
