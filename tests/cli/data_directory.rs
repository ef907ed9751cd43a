//! The data directory as a thing of the machine: whose it is, who may read it, and copies of it in parts.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::deployment::Deployment;

fn shop() -> Deployment {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    deployment.ingest(&[&file]);
    deployment
}

/// Everything below a folder, with the folder.
fn everything(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    all.push(folder.to_path_buf());
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder).unwrap() {
            everything(&entry.unwrap().path(), all);
        }
    }
}

/// What the status calls problems; it exits with 3 if there are any.
fn problems(deployment: &Deployment) -> String {
    let ran = deployment.run(&["--json", "status"]);
    let problems = ran.json()["problems"].to_string();
    ran.expect(if problems == "[]" { 0 } else { 3 });
    problems
}

#[test]
fn nothing_in_it_can_be_read_by_others() {
    let deployment = shop();
    let mut all = Vec::new();
    everything(&deployment.data_dir(), &mut all);
    assert!(all.len() > 8);
    for path in all {
        let mode = std::fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
    }
    // Folders that an older version made under a looser umask.
    let blobs = deployment.data_dir().join("blobs");
    std::fs::set_permissions(&blobs, std::fs::Permissions::from_mode(0o755)).unwrap();
    deployment.run(&["status"]).expect(0);
    assert_eq!(std::fs::metadata(&blobs).unwrap().mode() & 0o077, 0);
}

#[test]
fn who_cannot_write_it_is_told_the_path_and_the_remedy() {
    let deployment = shop();
    let data = deployment.data_dir();
    if std::os::unix::fs::chown(data.join("agent.sqlite3"), Some(65_533), None).is_ok() {
        // This is root, and the deployment is somebody else's by now.
        let ran = deployment.run(&["query", "Quando abre a piscina?"]).expect(3);
        assert!(ran.stderr.contains("belongs to user 65533"), "{}", ran.stderr);
        assert!(ran.stderr.contains("sudo -u '#65533'"), "{}", ran.stderr);
    } else {
        let index = data.join("index");
        std::fs::set_permissions(&index, std::fs::Permissions::from_mode(0o500)).unwrap();
        let ran = deployment.run(&["query", "Quando abre a piscina?"]).expect(5);
        std::fs::set_permissions(&index, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert!(
            ran.stderr.contains("cannot write") && ran.stderr.contains("chmod -R u+rwX"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(index.to_str().unwrap()), "{}", ran.stderr);
    }
}

#[test]
fn a_copy_in_parts_says_what_it_lacks_and_is_mended_as_it_says() {
    let deployment = shop();
    let data = deployment.data_dir();
    let blobs = data.join("blobs");
    std::fs::rename(&blobs, data.join("kept elsewhere")).unwrap();
    let told = problems(&deployment);
    assert!(told.contains("original of 1 document is not in") && told.contains("--force"), "{told}");
    assert_eq!(deployment.found("quando abre a piscina?"), ["a.md"]);
    let file = deployment.dir.path().join("a.md");
    deployment.run(&["ingest", "--force", file.to_str().unwrap()]).expect(0);
    assert_eq!(problems(&deployment), "[]");
    // Yesterday's index beside today's database, with as many rows.
    let yesterday = deployment.dir.path().join("yesterday");
    let copied = std::process::Command::new("cp").arg("-r").arg(data.join("index")).arg(&yesterday).status();
    assert!(copied.unwrap().success());
    deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 7h.");
    deployment.ingest(&[&file]);
    std::fs::remove_dir_all(data.join("index")).unwrap();
    std::fs::rename(&yesterday, data.join("index")).unwrap();
    let told = problems(&deployment);
    assert!(told.contains("the index lacks 1 chunk: run `agentctl reindex`"), "{told}");
    deployment.run(&["reindex"]).expect(0);
    assert_eq!(problems(&deployment), "[]");
    assert_eq!(deployment.found("quando abre a piscina?"), ["a.md"]);
}
