//! Which documents go because their files are gone.
//!
//! A folder that cannot be read, or a file system that is not mounted, looks as if everything in it were gone. So
//! nothing goes below a folder that was not searched whole, that is empty and was not, or that is another one by
//! the end of the search.

use std::collections::HashSet;
use std::path::Path;

use super::known::Naming;
use super::source::{Discovered, Folder, identity, is_empty};
use crate::model::{DocumentId, place};
use crate::store::KnownFile;

/// Documents to remove.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Vanished {
    /// Each with its path, for the report.
    pub documents: Vec<(DocumentId, String)>,
    /// How many documents came from the folders that were searched.
    pub of: usize,
}

impl Vanished {
    /// Whether so many go that somebody should be asked: more than one, and more than half.
    pub fn are_many(&self) -> bool {
        self.documents.len() > 1 && self.documents.len() * 2 > self.of
    }
}

/// Documents that came from below the folders and whose files were not found there: gone, or left out by now.
/// The error says why nothing may be removed.
pub fn vanished(
    discovered: &Discovered,
    known: &[KnownFile],
    found: &HashSet<DocumentId>,
    naming: &Naming,
) -> Result<Vanished, String> {
    if let Some(missing) = discovered.missing.first() {
        return Err(format!("nothing was removed, for {} is not there", missing.display()));
    }
    let mut vanished = Vanished::default();
    for folder in &discovered.folders {
        let below: Vec<_> = known
            .iter()
            .filter_map(|k| naming.file_of(k).map(|file| (k, file)))
            .filter(|(_, file)| file.starts_with(&folder.path))
            .collect();
        check(folder, below.len())?;
        vanished.of += below.len();
        let gone = below.iter().filter(|(known, file)| {
            !found.contains(&known.id)
                && !folder.closed.iter().any(|closed| file.starts_with(closed))
                // What cannot be looked at may be there; what is there was left out of the search.
                && file.try_exists().is_ok()
        });
        vanished.documents.extend(gone.map(|(known, _)| (known.id, place(&known.source, &known.path))));
    }
    // After the last look at files: a file system that went away meanwhile took them all along.
    for folder in &discovered.folders {
        check(folder, 1)?;
    }
    // Folders may lie in each other.
    vanished.documents.sort_by(|a, b| a.1.cmp(&b.1));
    vanished.documents.dedup_by(|a, b| a.0 == b.0);
    Ok(vanished)
}

/// Whether a folder is what it was when it was searched, and not empty where documents came from it.
fn check(folder: &Folder, documents: usize) -> Result<(), String> {
    let path = folder.path.display();
    if folder.closed.contains(&folder.path) {
        return Err(format!("nothing was removed, for {path} could not be read"));
    }
    if documents > 0 && (folder.empty || is_empty(&folder.path)) {
        return Err(format!(
            "nothing was removed: {path} is empty, and {} came from it. Is a disk not mounted? If they shall go, \
             delete them with `agentctl documents delete`",
            count(documents)
        ));
    }
    let now = std::fs::metadata(Path::new(&folder.path)).map(|meta| identity(&meta));
    if now.ok() != Some(folder.identity) {
        return Err(format!("nothing was removed, for {path} became another folder meanwhile: run it again"));
    }
    Ok(())
}

fn count(documents: usize) -> String {
    if documents == 1 { "1 document".to_owned() } else { format!("{documents} documents") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Metadata;

    /// A searched folder and a known document below it, whose file is gone.
    fn searched() -> (tempfile::TempDir, Discovered, KnownFile) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let path = dir.path().join("sub/a.md").display().to_string();
        let folder = Folder {
            path: dir.path().to_path_buf(),
            identity: identity(&std::fs::metadata(dir.path()).unwrap()),
            empty: false,
            closed: Vec::new(),
        };
        let known = KnownFile {
            id: DocumentId(uuid::Uuid::nil()),
            source: String::new(),
            path: path.clone(),
            location: Some(path),
            content_hash: "h".to_owned(),
            searchable: true,
            version: 1,
            page_count: 1,
            chunk_count: 1,
            metadata: Metadata::new(),
            notes: Vec::new(),
        };
        (dir, Discovered { folders: vec![folder], ..Discovered::default() }, known)
    }

    fn of(discovered: &Discovered, known: &KnownFile) -> Result<Vanished, String> {
        vanished(discovered, std::slice::from_ref(known), &HashSet::new(), &Naming::default())
    }

    #[test]
    fn what_is_gone_goes_and_what_was_found_stays() {
        let (_dir, discovered, known) = searched();
        let gone = of(&discovered, &known).unwrap();
        assert_eq!((gone.documents, gone.of), (vec![(known.id, known.path.clone())], 1));
        let found = HashSet::from([known.id]);
        let none = vanished(&discovered, std::slice::from_ref(&known), &found, &Naming::default()).unwrap();
        assert!(none.documents.is_empty());
    }

    #[test]
    fn below_what_could_not_be_looked_into_everything_stays() {
        let (dir, mut discovered, known) = searched();
        discovered.folders[0].closed.push(dir.path().join("sub"));
        assert!(of(&discovered, &known).unwrap().documents.is_empty());
        discovered.folders[0].closed.push(dir.path().to_path_buf());
        assert!(of(&discovered, &known).unwrap_err().contains("could not be read"));
    }

    #[test]
    fn a_folder_that_is_another_one_by_the_end_removes_nothing() {
        let (dir, discovered, known) = searched();
        let aside = dir.path().with_extension("aside");
        std::fs::rename(dir.path(), &aside).unwrap();
        std::fs::create_dir_all(dir.path().join("other")).unwrap();
        assert!(of(&discovered, &known).unwrap_err().contains("another folder"));
        std::fs::remove_dir_all(aside).unwrap();
        std::fs::remove_dir_all(dir.path()).unwrap();
        assert!(of(&discovered, &known).is_err());
    }
}
