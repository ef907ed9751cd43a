//! Which document a file is.
//!
//! A file is told by its path: the absolute one, or within a named source the one below the source's root, wherever
//! that lies on the day. A file that is not known by its path may be a known one all the same: it has another name
//! by now, or lies elsewhere. What tells it then are its bytes, if the file they were read from is no longer there;
//! if it is, this one is a copy.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::source::absolute;
use super::{IngestOptions, name};
use crate::error::{Error, Result};
use crate::model::{DocumentId, place};
use crate::store::{FileName, KnownFile};

/// How the files of a run are named.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// The named source; empty if there is none.
    source: String,
    /// What the paths of a named source are relative to.
    root: Option<PathBuf>,
}

impl Naming {
    /// How options want files to be named.
    pub fn of(options: &IngestOptions) -> Result<Self> {
        if options.source.is_none() && options.root.is_none() {
            return Ok(Self::default());
        }
        let root = match (&options.root, options.paths.as_slice()) {
            (Some(root), _) => absolute(root)?,
            (None, [only]) if !only.is_file() => absolute(only)?,
            (None, _) => {
                return Err(Error::invalid(
                    "which folder are the paths of the source relative to? Say it with --root: only where one folder \
                     is named, and nothing else, it is that folder",
                ));
            }
        };
        let source = match &options.source {
            Some(source) => source.trim().to_owned(),
            None => root.file_name().map(name::shown).unwrap_or_default(),
        };
        if source.is_empty() || source.chars().any(|c| c.is_control() || matches!(c, ':' | '/' | '\\')) {
            return Err(Error::invalid(format!(
                "`{source}` is no name for a source: letters, digits, spaces and dashes are, e.g. --source site"
            )));
        }
        Ok(Self { source, root: Some(root) })
    }

    /// What a file is told by.
    pub fn name(&self, file: &Path) -> Result<FileName, String> {
        let path = match &self.root {
            None => file,
            Some(root) => {
                file.strip_prefix(root).ok().filter(|path| path.file_name().is_some()).ok_or_else(|| {
                    format!("it does not lie below {}, the root of its source", root.display())
                })?
            }
        };
        Ok(FileName {
            source: self.source.clone(),
            path: name::text_of(path),
            location: Some(name::text_of(file)),
            filename: file.file_name().map(name::shown).unwrap_or_default(),
        })
    }

    /// Where the file of a known document lies, if it is still there.
    pub fn file_of(&self, known: &KnownFile) -> Option<PathBuf> {
        match &self.root {
            Some(root) if known.source == self.source => Some(root.join(name::path_of(&known.path))),
            _ => known.location.as_deref().map(name::path_of),
        }
    }
}

/// What is known of a file that is not known by its path.
pub(super) enum Elsewhere<'a> {
    /// Nothing: it is new.
    New,
    /// It is this document's file, by another name or in another place.
    Was(&'a KnownFile),
    /// The same bytes are read from this place already.
    CopyOf(String),
}

/// The known documents, by what a file may be told by.
pub(super) struct KnownFiles<'a> {
    naming: &'a Naming,
    by_path: HashMap<&'a str, &'a KnownFile>,
    by_location: HashMap<&'a str, &'a KnownFile>,
    by_hash: HashMap<&'a str, Vec<&'a KnownFile>>,
    /// Documents whose files were found in this run, with the bytes that they have now.
    found: HashMap<DocumentId, Option<String>>,
    /// Bytes of new files of this run, and where they are.
    new: HashMap<String, String>,
}

impl<'a> KnownFiles<'a> {
    pub fn new(known: &'a [KnownFile], naming: &'a Naming) -> Self {
        let ours = known.iter().filter(|k| k.source == naming.source);
        Self {
            naming,
            by_path: ours.map(|k| (k.path.as_str(), k)).collect(),
            by_location: HashMap::new(),
            by_hash: HashMap::new(),
            found: HashMap::new(),
            new: HashMap::new(),
        }
    }

    /// The document that a name tells.
    pub fn by_name(&self, name: &FileName) -> Option<&'a KnownFile> {
        self.by_path.get(name.path.as_str()).copied()
    }

    /// Notes that a document's file is there, with these bytes if it can be read.
    pub fn found(&mut self, known: &KnownFile, hash: Option<String>) {
        if let Some(hash) = hash.as_ref().filter(|hash| **hash != known.content_hash) {
            self.new.insert(hash.clone(), place(&known.source, &known.path));
        }
        self.found.insert(known.id, hash);
    }

    /// Documents whose files were found.
    pub fn found_ids(self) -> std::collections::HashSet<DocumentId> {
        self.found.into_keys().collect()
    }

    /// What is known of a file whose name tells nothing. Every file with a known name was noted before.
    pub fn elsewhere(&mut self, known: &'a [KnownFile], name: &FileName, hash: &str) -> Elsewhere<'a> {
        if self.by_hash.is_empty() {
            for file in known {
                self.by_hash.entry(&file.content_hash).or_default().push(file);
                if let Some(location) = &file.location {
                    self.by_location.insert(location, file);
                }
            }
        }
        let same_file = name.location.as_deref().and_then(|location| self.by_location.get(location).copied());
        // A file that two named sources have is a document of each.
        let may_be = |known: &KnownFile| {
            known.source == name.source || known.source.is_empty() || name.source.is_empty()
        };
        if let Some(known) = same_file.filter(|known| may_be(known) && !self.found.contains_key(&known.id)) {
            self.found(known, Some(hash.to_owned()));
            return Elsewhere::Was(known);
        }
        let mut copy = self.new.get(hash).cloned();
        let same_bytes = self.by_hash.get(hash).into_iter().flatten().copied().filter(|k| k.searchable);
        let mut moved = None;
        for known in same_bytes {
            match self.found.get(&known.id) {
                Some(now) if now.as_deref() == Some(hash) => {
                    copy = Some(place(&known.source, &known.path));
                }
                // Its file has other bytes by now, or does not tell.
                Some(_) => {}
                None => match self.naming.file_of(known) {
                    Some(file) if matches!(file.try_exists(), Ok(false)) => moved = moved.or(Some(known)),
                    _ => copy = Some(place(&known.source, &known.path)),
                },
            }
        }
        if let Some(known) = moved.filter(|_| copy.is_none()) {
            self.found(known, Some(hash.to_owned()));
            return Elsewhere::Was(known);
        }
        if let Some(copy) = copy {
            return Elsewhere::CopyOf(copy);
        }
        self.new.insert(hash.to_owned(), place(&name.source, &name.path));
        Elsewhere::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(source: Option<&str>, root: Option<&str>, paths: &[&str]) -> IngestOptions {
        IngestOptions {
            source: source.map(str::to_owned),
            root: root.map(PathBuf::from),
            paths: paths.iter().map(PathBuf::from).collect(),
            ..IngestOptions::default()
        }
    }

    #[test]
    fn a_file_of_a_source_is_told_by_its_path_below_the_root() {
        let naming = Naming::of(&options(Some("site"), Some("/build/7"), &["/build/7/docs"])).unwrap();
        let name = naming.name(Path::new("/build/7/docs/precos.md")).unwrap();
        assert_eq!((name.source.as_str(), name.path.as_str()), ("site", "docs/precos.md"));
        assert!(naming.name(Path::new("/elsewhere/precos.md")).is_err());
        let alone = Naming::of(&options(Some("site"), None, &["/build/7/docs"])).unwrap();
        assert_eq!(alone.name(Path::new("/build/7/docs/precos.md")).unwrap().path, "precos.md");
        let unnamed = Naming::of(&options(None, None, &["/build/7/docs"])).unwrap();
        assert_eq!(unnamed.name(Path::new("/build/7/docs/a.md")).unwrap().path, "/build/7/docs/a.md");
        let by_root = Naming::of(&options(None, Some("/build/docs"), &["/build/docs/a.md"])).unwrap();
        assert_eq!(by_root.name(Path::new("/build/docs/a.md")).unwrap().source, "docs");
    }

    #[test]
    fn a_source_needs_a_root_and_a_name() {
        for wrong in [
            options(Some("site"), None, &["/a", "/b"]),
            options(Some("a:b"), None, &["/a"]),
            options(Some(" "), None, &["/a"]),
        ] {
            assert_eq!(Naming::of(&wrong).unwrap_err().kind(), crate::error::ErrorKind::InvalidInput);
        }
    }
}
