//! What `ingest --prune` removes, and what it must not: knowledge is lost here faster than anywhere else.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::deployment::{Deployment, Ran};

/// A shop with so many notes in a folder, all ingested.
fn shop(notes: usize) -> Deployment {
    let deployment = Deployment::new();
    for n in 0..notes {
        deployment
            .write(&format!("docs/nota{n}.md"), format!("# Nota {n}\n\nA prateleira {n} guarda {n} caixas."));
    }
    deployment.ingest(&[&deployment.dir.path().join("docs")]);
    deployment
}

fn prune(deployment: &Deployment, more: &[&str]) -> Ran {
    let docs = deployment.dir.path().join("docs");
    let mut args = vec!["--json", "ingest", "--prune", docs.to_str().unwrap()];
    args.extend(more);
    deployment.run(&args)
}

fn remove(deployment: &Deployment, notes: std::ops::Range<usize>) {
    for n in notes {
        std::fs::remove_file(deployment.dir.path().join(format!("docs/nota{n}.md"))).unwrap();
    }
}

fn documents(deployment: &Deployment) -> Value {
    deployment.run(&["--json", "documents", "list"]).expect(0).json()["total"].clone()
}

#[test]
fn a_folder_that_is_not_there_or_empty_removes_nothing_and_fails() {
    let deployment = shop(3);
    let docs = deployment.dir.path().join("docs");
    std::fs::rename(&docs, deployment.dir.path().join("unmounted")).unwrap();
    let ran = prune(&deployment, &["--yes"]).expect(4);
    assert!(ran.stderr.contains("docs is not there"), "{}", ran.stderr);
    // Where a disk was mounted there is a folder with nothing in it.
    std::fs::create_dir(&docs).unwrap();
    let ran = prune(&deployment, &["--yes"]).expect(3);
    assert!(ran.stderr.contains("is empty, and 3 documents came from it"), "{}", ran.stderr);
    assert_eq!(ran.json()["problems"].as_array().unwrap().len(), 1);
    assert_eq!(documents(&deployment), 3);
    // What else was named is ingested all the same.
    let other = deployment.write("other/nova.md", "# Nova\n\nA loja nova abre em maio.");
    prune(&deployment, &[other.to_str().unwrap()]).expect(3);
    assert_eq!(documents(&deployment), 4);
}

#[test]
fn more_than_half_go_only_if_somebody_says_so() {
    let deployment = shop(5);
    remove(&deployment, 0..3);
    let planned = prune(&deployment, &["--dry-run"]).expect(0).json();
    assert_eq!((&planned["dryRun"], &planned["totals"]["removed"]), (&json!(true), &json!(3)));
    let ran = prune(&deployment, &[]).expect(3);
    assert!(ran.stderr.contains("3 of 5 documents") && ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert_eq!(documents(&deployment), 5);
    let removed = prune(&deployment, &["--yes"]).expect(0).json();
    assert_eq!(removed["totals"]["removed"], 3);
    assert_eq!(documents(&deployment), 2);
}

#[test]
fn a_dry_run_tells_everything_and_changes_nothing() {
    let deployment = shop(4);
    remove(&deployment, 0..1);
    deployment.write("docs/nota1.md", "# Nota 1\n\nA prateleira 1 está vazia.");
    deployment.write("docs/nova.md", "# Nova\n\nA prateleira nova guarda 7 caixas.");
    let docs = deployment.dir.path().join("docs");
    let ran = deployment.run(&["ingest", "--prune", "--dry-run", docs.to_str().unwrap()]).expect(0);
    for line in ["gone       nota0.md", "changed    nota1.md", "new        nova.md"] {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    assert_eq!(
        ran.stdout.lines().last(),
        Some("1 ingested, 1 updated, 2 unchanged, 1 removed; nothing was changed.")
    );
    let report = prune(&deployment, &[]).expect(0).json();
    let totals = &report["totals"];
    assert_eq!(
        (&totals["ingested"], &totals["updated"], &totals["removed"]),
        (&json!(1), &json!(1), &json!(1))
    );
    // Looking makes no data directory.
    let nowhere = Deployment::new();
    nowhere.run(&["ingest", "--dry-run", docs.to_str().unwrap()]).expect(4);
    assert!(!nowhere.data_dir().exists());
}

#[test]
fn what_is_left_out_by_now_goes_and_what_cannot_be_looked_into_stays() {
    let deployment = shop(5);
    deployment.write("docs/.ignore", "nota0.md\n");
    let config = deployment.write("c.toml", "[ingest]\nexclude = [\"nota1.md\"]\n");
    let report = prune(&deployment, &["--config", config.to_str().unwrap()]).expect(0).json();
    assert_eq!(report["totals"]["removed"], 2);
    // A link that leads nowhere may be a disk that is not there.
    let note = deployment.dir.path().join("docs/nota2.md");
    std::fs::remove_file(&note).unwrap();
    std::os::unix::fs::symlink("/nonexistent/nota2.md", &note).unwrap();
    let report = prune(&deployment, &["--config", config.to_str().unwrap()]).expect(6).json();
    assert_eq!((&report["totals"]["removed"], &report["totals"]["failed"]), (&json!(0), &json!(1)));
    assert_eq!(documents(&deployment), 3);
}

#[test]
fn a_name_of_any_bytes_is_one_document_for_ever() {
    let deployment = Deployment::new();
    let docs = deployment.dir.path().join("docs");
    std::fs::create_dir(&docs).unwrap();
    let put = |name: &[u8], text: &str| std::fs::write(docs.join(OsStr::from_bytes(name)), text).unwrap();
    // Both are `caf?.txt` to whoever replaces what is no UTF-8.
    put(b"caf\xe9.txt", "O café da manhã custa R$ 21,00.");
    put(b"caf\xe8.txt", "O café da tarde custa R$ 17,00.");
    put(b"a\nremoved    b.md", "O estacionamento custa R$ 6,00.");
    put("aço.md".as_bytes(), "A panela de aço custa R$ 99,00.");
    put(b"--prune.txt", "A frigideira custa R$ 45,00.");
    let folder = docs.to_str().unwrap();
    let first = deployment.run(&["ingest", folder]).expect(0);
    assert_eq!(first.stdout.lines().count(), 6, "{}", first.stdout);
    assert!(first.stdout.contains("a\\nremoved    b.md"), "{}", first.stdout);
    for more in [&[][..], &["--prune"], &["--prune"]] {
        let mut args = vec!["--json", "ingest", folder];
        args.extend(more);
        let totals = deployment.run(&args).expect(0).json()["totals"].clone();
        assert_eq!(
            (&totals["unchanged"], &totals["removed"], &totals["updated"]),
            (&json!(5), &json!(0), &json!(0))
        );
    }
    let listed = deployment.run(&["--json", "documents", "list"]).expect(0).json();
    let names: Vec<&str> =
        listed["documents"].as_array().unwrap().iter().map(|d| d["filename"].as_str().unwrap()).collect();
    assert!(names.contains(&"café.txt") && names.contains(&"cafè.txt"), "{names:?}");
    std::fs::remove_file(docs.join(OsStr::from_bytes(b"caf\xe8.txt"))).unwrap();
    let pruned = deployment.run(&["--json", "ingest", "--prune", folder]).expect(0).json();
    assert_eq!(pruned["totals"]["removed"], 1);
    assert_eq!(deployment.found("quanto custa o café da manhã?")[0], "café.txt");
}

#[test]
fn what_is_no_document_is_skipped_and_is_no_failure() {
    let deployment = Deployment::new();
    let docs = deployment.write("docs/a.md", "# Piscina\n\nA piscina abre às 6h.");
    let docs: &Path = docs.parent().unwrap();
    deployment.write("docs/Thumbs.db", [0_u8; 9]);
    deployment.write("docs/empty.txt", "");
    deployment.write("docs/blank.md", "\n \n");
    let pipe = docs.join("pipe.txt");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let folder = docs.to_str().unwrap();
    let ran = deployment.run(&["ingest", folder]).expect(0);
    for line in [
        "skipped    Thumbs.db: .db files are not supported",
        "skipped    empty.txt: the file is empty",
        "skipped    blank.md: the file holds no text",
        "skipped    pipe.txt: a named pipe is not read",
    ] {
        assert_eq!(ran.stdout.matches(line).count(), 1, "{}", ran.stdout);
    }
    assert!(ran.stdout.contains("1 ingested, 4 skipped"), "{}", ran.stdout);
    let report = deployment.run(&["--json", "ingest", "--strict", folder]).expect(6).json();
    assert_eq!(report["totals"]["skipped"], 4);
    // What was a document and is empty by now is no trifle: its old text goes on answering.
    deployment.write("docs/a.md", "");
    let ran = deployment.run(&["ingest", folder]).expect(6);
    assert!(ran.stdout.contains("failed     a.md: the file is empty; the version before"), "{}", ran.stdout);
    assert!(!ran.stderr.contains("a.md"), "once is enough: {}", ran.stderr);
}
