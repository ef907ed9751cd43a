//! Which files a list of paths means.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Error, Result};
use crate::model::FileType;

/// A file to ingest, or why it cannot be.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Why it was not even looked at (missing, unreadable folder).
    pub problem: Option<String>,
}

/// Every file below `paths`, absolute, sorted, each once. Folders are searched with what `.gitignore`
/// and `.ignore` files and `exclude` say left out, and hidden files; a file that is named is taken.
pub fn discover(paths: &[PathBuf], exclude: &[String]) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for path in paths {
        let path = absolute(path)?;
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(&path, exclude, &mut files)?,
            Ok(_) => files.push(SourceFile { path, problem: None }),
            Err(e) => {
                let problem = Some(crate::error::plain_io(&e));
                files.push(SourceFile { path, problem });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
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

fn walk(folder: &Path, exclude: &[String], files: &mut Vec<SourceFile>) -> Result<()> {
    let excluded = excludes(folder, exclude)?;
    let walker = WalkBuilder::new(folder)
        // .gitignore files count wherever they are, also outside a repository.
        .require_git(false)
        .follow_links(true)
        .filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|t| t.is_dir());
            !excluded.matched(entry.path(), is_folder).is_ignore()
        })
        .build();
    for entry in walker {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|t| t.is_file()) => {
                files.push(SourceFile { path: entry.into_path(), problem: None });
            }
            Ok(_) => {}
            Err(error) => {
                let path = path_of(&error).unwrap_or_else(|| folder.to_path_buf());
                let problem = error.io_error().map_or_else(|| error.to_string(), crate::error::plain_io);
                files.push(SourceFile { path, problem: Some(problem) });
            }
        }
    }
    Ok(())
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
mod tests {
    use super::*;

    fn names(dir: &Path, exclude: &[&str]) -> Vec<String> {
        let exclude: Vec<String> = exclude.iter().map(|s| (*s).to_owned()).collect();
        let found = discover(&[dir.to_path_buf()], &exclude).unwrap();
        found.iter().map(|f| f.path.strip_prefix(dir).unwrap().display().to_string()).collect()
    }

    #[test]
    fn folders_are_searched_and_excludes_respected() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a.md", "sub/b.txt", "sub/skip/c.txt", "node_modules/d.md", ".hidden.md", "draft.tmp"] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        std::fs::write(dir.path().join(".gitignore"), "skip/\n").unwrap();
        assert_eq!(names(dir.path(), &["node_modules/", "*.tmp"]), ["a.md", "sub/b.txt"]);
    }

    #[test]
    fn a_missing_path_is_a_problem_of_its_own() {
        let found = discover(&["/nonexistent/a.pdf".into()], &[]).unwrap();
        assert_eq!(found[0].problem.as_deref(), Some("no such file or directory"));
    }

    #[test]
    fn one_file_has_one_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.md");
        std::fs::write(&file, "x").unwrap();
        let twice = [file.clone(), dir.path().join("sub/../a.md"), dir.path().to_path_buf()];
        assert_eq!(discover(&twice, &[]).unwrap().len(), 1);
    }
}
