//! What is found, what is left out, and what is named with a reason.

use super::*;

const NOTHING: Leaving<'_> = Leaving { exclude: &[], gitignore: false };

fn folder(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    dir
}

fn names(dir: &Path, leaving: Leaving<'_>) -> Vec<String> {
    let found = discover(&[dir.to_path_buf()], leaving).unwrap();
    found.files.iter().map(|f| f.path.strip_prefix(dir).unwrap().display().to_string()).collect()
}

#[test]
fn folders_are_searched_and_excludes_respected() {
    let dir =
        folder(&["a.md", "sub/b.txt", "sub/skip/c.txt", "node_modules/d.md", ".hidden.md", "draft.tmp"]);
    std::fs::write(dir.path().join(".ignore"), "skip/\n").unwrap();
    let exclude = ["node_modules/".to_owned(), "*.tmp".to_owned()];
    let leaving = Leaving { exclude: &exclude, ..NOTHING };
    assert_eq!(names(dir.path(), leaving), ["a.md", "sub/b.txt"]);
}

#[test]
fn a_gitignore_file_is_asked_only_if_wanted_and_nothing_above_the_folder_is() {
    let dir = folder(&["docs/a.md", "docs/b.md"]);
    let docs = dir.path().join("docs");
    std::fs::write(docs.join(".gitignore"), "b.md\n").unwrap();
    std::fs::write(dir.path().join(".gitignore"), "docs/\n").unwrap();
    std::fs::write(dir.path().join(".ignore"), "docs/\n*.md\n").unwrap();
    assert_eq!(names(&docs, NOTHING), ["a.md", "b.md"]);
    assert_eq!(names(&docs, Leaving { gitignore: true, ..NOTHING }), ["a.md"]);
    // Also where the name of the folder itself is a pattern.
    let exclude = ["docs/".to_owned()];
    assert_eq!(names(&docs, Leaving { exclude: &exclude, ..NOTHING }).len(), 2);
}

#[test]
fn a_missing_path_is_a_problem_of_its_own() {
    let found = discover(&["/nonexistent/a.pdf".into()], NOTHING).unwrap();
    assert_eq!(found.missing, [PathBuf::from("/nonexistent/a.pdf")]);
    assert_eq!(found.files[0].unread, Some(Unread::Failed("no such file or directory".to_owned())));
}

#[test]
fn one_file_has_one_name() {
    let dir = folder(&["a.md"]);
    let file = dir.path().join("a.md");
    let twice = [file.clone(), dir.path().join("sub/../a.md"), dir.path().to_path_buf()];
    assert_eq!(discover(&twice, NOTHING).unwrap().files.len(), 1);
}

#[test]
fn what_is_no_file_is_named_with_the_reason() {
    let dir = folder(&["a.md"]);
    let at = |name: &str| dir.path().join(name);
    std::os::unix::fs::symlink("nothing.md", at("broken.md")).unwrap();
    std::os::unix::fs::symlink("itself.md", at("itself.md")).unwrap();
    std::os::unix::fs::symlink(".", at("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.md")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.md"), rustix::fs::Mode::RWXU).unwrap();
    let found = discover(&[dir.path().to_path_buf()], NOTHING).unwrap();
    for (name, reason) in [
        ("broken.md", "nowhere"),
        ("itself.md", "itself"),
        ("loop", "above"),
        ("socket.md", "socket"),
        ("pipe.md", "pipe"),
    ] {
        let file = found.files.iter().find(|f| f.path == at(name)).unwrap_or_else(|| panic!("{name}"));
        assert!(matches!(&file.unread, Some(Unread::Skipped(why)) if why.contains(reason)), "{file:?}");
    }
    assert_eq!(found.files.iter().filter(|f| f.unread.is_none()).count(), 1);
    assert!(found.folders[0].closed.is_empty());
}
