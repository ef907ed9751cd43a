//! Which document a file is: after it was moved, copied, or checked out into another folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::deployment::{Deployment, Ran};

const MENU: &str = "# Cardápio\n\nA feijoada de sábado custa R$ 48,00.";
const HOURS: &str = "# Horário\n\nO restaurante abre às 11h30.";

fn ingest(deployment: &Deployment, args: &[&str]) -> Value {
    let mut all = vec!["--json", "ingest"];
    all.extend(args);
    deployment.run(&all).expect(0).json()
}

fn total(report: &Value, what: &str) -> u64 {
    report["totals"][what].as_u64().unwrap()
}

fn checkout(deployment: &Deployment, name: &str) -> PathBuf {
    deployment.write(&format!("{name}/docs/cardapio.md"), MENU);
    deployment.write(&format!("{name}/docs/horario.md"), HOURS);
    deployment.dir.path().join(name)
}

fn listed(deployment: &Deployment) -> Value {
    deployment.run(&["--json", "documents", "list"]).expect(0).json()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_source_has_the_same_documents_wherever_it_is_checked_out() {
    let deployment = Deployment::new();
    let first = checkout(&deployment, "build1");
    let report = ingest(&deployment, &["--source", "site", text(&first)]);
    assert_eq!(report["documents"][0]["path"], "site:docs/cardapio.md");
    let second = checkout(&deployment, "build2");
    deployment.write("build2/docs/horario.md", "# Horário\n\nO restaurante abre às 12h.");
    deployment.write("build2/docs/vinhos.md", "# Vinhos\n\nA taça de vinho custa R$ 25,00.");
    // Of the root or of a folder below it: the paths are the same.
    let docs = second.join("docs");
    let report = ingest(&deployment, &["--source", "site", "--root", text(&second), text(&docs)]);
    assert_eq!(
        ["unchanged", "updated", "ingested", "duplicates"].map(|what| total(&report, what)),
        [1, 1, 1, 0]
    );
    let documents = listed(&deployment);
    assert_eq!(documents["total"], 3);
    let hours = &documents["documents"][1];
    assert_eq!(
        (&hours["path"], &hours["source"], &hours["version"]),
        (&json!("docs/horario.md"), &json!("site"), &json!(2))
    );
    // The first checkout is gone, and in the second a file is: only that one goes.
    std::fs::remove_dir_all(&first).unwrap();
    std::fs::remove_file(docs.join("vinhos.md")).unwrap();
    let report = ingest(&deployment, &["--source", "site", "--prune", text(&second)]);
    assert_eq!((total(&report, "removed"), total(&report, "unchanged")), (1, 2));
}

#[test]
fn documents_from_before_keep_their_history_when_they_get_a_source() {
    let deployment = Deployment::new();
    let folder = checkout(&deployment, "shop");
    let before = ingest(&deployment, &[text(&folder)]);
    deployment.write("shop/docs/horario.md", "# Horário\n\nO restaurante abre às 12h.");
    let after = ingest(&deployment, &["--source", "shop", text(&folder)]);
    assert_eq!((total(&after, "moved"), total(&after, "updated"), total(&after, "ingested")), (1, 1, 0));
    for n in 0..2 {
        assert_eq!(before["documents"][n]["documentId"], after["documents"][n]["documentId"]);
    }
    let again = ingest(&deployment, &["--source", "shop", "--prune", text(&folder)]);
    assert_eq!((total(&again, "unchanged"), listed(&deployment)["total"].clone()), (2, json!(2)));
}

#[test]
fn a_file_that_is_moved_stays_the_document_it_was() {
    let deployment = Deployment::new();
    let folder = checkout(&deployment, "shop");
    let before = ingest(&deployment, &[text(&folder)]);
    let (old, new) = (folder.join("docs/cardapio.md"), folder.join("cardapio de maio.md"));
    std::fs::rename(&old, &new).unwrap();
    let report = ingest(&deployment, &["--prune", text(&folder)]);
    let moved = report["documents"].as_array().unwrap().iter().find(|d| d["status"] == "moved").unwrap();
    assert_eq!(moved["documentId"], before["documents"][0]["documentId"]);
    assert_eq!(moved["reason"], format!("it was {}", text(&old)));
    assert_eq!((total(&report, "removed"), total(&report, "ingested")), (0, 0));
    assert_eq!(deployment.found("quanto custa a feijoada?")[0], "cardapio de maio.md");
    // The whole folder elsewhere, as a disk under another mount point.
    let elsewhere = deployment.dir.path().join("elsewhere");
    std::fs::rename(&folder, &elsewhere).unwrap();
    let report = ingest(&deployment, &[text(&elsewhere)]);
    assert_eq!((total(&report, "moved"), listed(&deployment)["total"].clone()), (2, json!(2)));
}

#[test]
fn a_copy_is_told_and_takes_over_when_the_original_goes() {
    let deployment = Deployment::new();
    let folder = checkout(&deployment, "shop");
    ingest(&deployment, &[text(&folder)]);
    let copy = deployment.write("shop/docs/cardapio (cópia).md", MENU);
    let report = ingest(&deployment, &[text(&folder)]);
    let told = report["documents"].as_array().unwrap().iter().find(|d| d["status"] == "duplicate").unwrap();
    assert_eq!(told["path"], text(&copy));
    assert!(told["reason"].as_str().unwrap().ends_with("docs/cardapio.md"), "{told}");
    assert_eq!((total(&report, "duplicates"), listed(&deployment)["total"].clone()), (1, json!(2)));
    // Other bytes by now: what the copy has is told by it alone.
    deployment.write("shop/docs/cardapio.md", "# Cardápio\n\nA feijoada de sábado custa R$ 52,00.");
    let report = ingest(&deployment, &[text(&folder)]);
    assert_eq!((total(&report, "updated"), total(&report, "ingested")), (1, 1));
    std::fs::remove_file(folder.join("docs/cardapio.md")).unwrap();
    let report = ingest(&deployment, &["--prune", text(&folder)]);
    assert_eq!((total(&report, "removed"), total(&report, "unchanged")), (1, 2));
}

#[test]
fn a_source_of_several_folders_says_what_they_are_relative_to() {
    let deployment = Deployment::new();
    let folder = checkout(&deployment, "shop");
    let other = checkout(&deployment, "other");
    let ran: Ran = deployment.run(&["ingest", "--source", "s", text(&folder), text(&other)]).expect(3);
    assert!(ran.stderr.contains("--root"), "{}", ran.stderr);
    let ran = deployment.run(&["--json", "ingest", "--root", text(&folder), text(&other)]).expect(6);
    assert!(ran.stdout.contains("does not lie below"), "{}", ran.stdout);
}
