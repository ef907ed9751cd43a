//! The layout rules of ARCHITECTURE.md as tests: imports point one way, every file says what it holds,
//! files stay short, and some crates are used in one place only.
//!
//! Reads the sources as text; knows nothing of types.

#![cfg(test)]

use std::fmt::Write as _;
use std::path::PathBuf;

mod budget;
mod headers;
mod imports;
mod vendors;

/// A source file of the shipped crates.
struct Source {
    /// Path from the root of the workspace.
    path: String,
    text: String,
}

impl Source {
    /// The part before the tests.
    fn shipped(&self) -> &str {
        let end = self.text.find("#[cfg(test)]").unwrap_or(self.text.len());
        &self.text[..end]
    }
}

fn root() -> PathBuf {
    // Where it is run, not where it was compiled: checkouts may share a target folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.join("../..")
}

/// Every `.rs` file below `folders`, by path.
fn sources(folders: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|f| root.join(f)).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().display().to_string();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no sources below {folders:?}");
    found
}

/// Fails with one line a complaint.
fn report(rule: &str, complaints: &[String]) {
    let mut text = String::new();
    for complaint in complaints {
        let _ = writeln!(text, "  {complaint}");
    }
    assert!(complaints.is_empty(), "{rule}\n{text}");
}
