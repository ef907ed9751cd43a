//! What goes wrong, said in one line, with nothing left behind.

use agent_core::ConfigSources;
use agent_core::config::Paths;

use crate::deployment::{Deployment, fixture};

#[test]
fn bad_documents_fail_alone_and_leave_nothing() {
    let deployment = Deployment::new();
    let good = deployment.write("good.md", "# Bom\n\nEste documento está bom.");
    let missing = deployment.dir.path().join("missing.pdf");
    let args = [
        "--json",
        "ingest",
        good.to_str().unwrap(),
        missing.to_str().unwrap(),
        fixture("bad").to_str().unwrap(),
    ]
    .map(str::to_owned);
    let report = deployment.run(&args).expect(4).json();
    let documents = report["documents"].as_array().unwrap();
    let reason = |name: &str, status: &str, field: &str| {
        let document = documents
            .iter()
            .find(|d| d["path"].as_str().unwrap().ends_with(name))
            .unwrap_or_else(|| panic!("{name} is not reported"));
        assert_eq!(document["status"], status, "{name}");
        document[field].as_str().unwrap().to_lowercase()
    };
    let failed = |name: &str| reason(name, "failed", "error");
    let skipped = |name: &str| reason(name, "skipped", "reason");
    let expectations = [
        ("missing.pdf", "no such file"),
        ("corrupt.pdf", "damaged"),
        ("encrypted.pdf", "password"),
        ("binary.txt", "text"),
        ("blank.pdf", "no text"),
    ];
    for (name, word) in expectations {
        assert!(failed(name).contains(word), "{name}: {}", failed(name));
    }
    for (name, word) in
        [("empty.txt", "empty"), ("empty.png", "empty"), ("unsupported.xlsx", "not supported")]
    {
        assert!(skipped(name).contains(word), "{name}: {}", skipped(name));
    }
    for name in ["truncated.docx", "not-a-docx.docx", "truncated.jpg"] {
        assert!(!failed(name).is_empty());
    }
    let totals = &report["totals"];
    assert_eq!(
        (&totals["ingested"], &totals["failed"], &totals["skipped"]),
        (&1.into(), &8.into(), &3.into())
    );
    let listed = deployment.run(&["--json", "documents", "list"]).expect(0).json();
    assert_eq!(listed["total"], 1);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["index"]["rows"], 1);
    let blobs: usize = std::fs::read_dir(deployment.data_dir().join("blobs"))
        .unwrap()
        .flatten()
        .map(|f| std::fs::read_dir(f.path()).unwrap().count())
        .sum();
    assert_eq!(blobs, 1, "the bytes of bad documents are gone");
}

#[test]
fn a_good_document_that_turns_bad_keeps_its_last_good_version() {
    let deployment = Deployment::new();
    let file = deployment.write(
        "a.pdf",
        std::fs::read(fixture("documents/politicas/Política de Trocas e Devoluções.pdf")).unwrap(),
    );
    deployment.ingest(&[&file]);
    deployment.write("a.pdf", b"%PDF-1.4 broken");
    let report = deployment.run(&["--json", "ingest", file.to_str().unwrap()]).expect(6).json();
    assert_eq!(report["documents"][0]["status"], "failed");
    assert_eq!(deployment.found("prazo de devolução")[0], "a.pdf");
}

#[test]
fn a_missing_model_or_library_says_how_to_mend_it() {
    let mut deployment = Deployment::new();
    let file = deployment.write("a.md", "# Bom\n\nEste documento está bom.");
    let nowhere = deployment.dir.path().join("nowhere").display().to_string();
    deployment.env = vec![("AGENTCTL_HOME".into(), nowhere.clone()), ("XDG_DATA_HOME".into(), nowhere)];
    let ran = deployment.run(&["ingest", file.to_str().unwrap()]).expect(5);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("all-MiniLM-L6-v2") && ran.stderr.contains("scripts/setup"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_data_directory_from_a_newer_version_is_left_alone() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let database = rusqlite::Connection::open(deployment.data_dir().join("agent.sqlite3")).unwrap();
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (999, 'future', '2030-01-01T00:00:00Z', '1')";
    database.execute(newer, []).unwrap();
    drop(database);
    let ran = deployment.run(&["status"]).expect(3);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("newer version") && ran.stderr.contains("update the program"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_index_made_with_another_model_names_the_remedy_and_reindex_is_it() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Bom\n\nA piscina abre às 6h.");
    deployment.ingest(&[&file]);
    let config = deployment.write("c.toml", "[embedding]\nmodel = \"all-MiniLM-L6-v2-int8\"\n");
    let with = |args: &[&str]| {
        let mut all = vec!["--config", config.to_str().unwrap()];
        all.extend(args);
        deployment.run(&all)
    };
    let refused = with(&["query", "que horas abre a piscina?"]).expect(3);
    assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("agentctl reindex"), "{}", refused.stderr);
    with(&["reindex"]).expect(0);
    let answer = with(&["--json", "query", "que horas abre a piscina?"]).expect(0).json();
    assert!(answer["answer"].as_str().unwrap().contains("6h"));
}

#[test]
fn a_directory_that_was_never_initialised_says_so() {
    let ran = Deployment::new().run(&["query", "olá?"]).expect(4);
    assert!(ran.stderr.contains("agentctl init"), "{}", ran.stderr);
}

#[test]
fn a_document_that_outgrows_the_parsers_memory_fails_alone() {
    let deployment = Deployment::new();
    let large = deployment.write("large.txt", "palavra ".repeat(40_000_000 / 8));
    let small = deployment.write("small.txt", "O balcão abre às 9h.");
    let config = deployment.write("c.toml", "[ingest]\nmemory_mb = 128\nmax_file_mb = 20\n");
    let args = [
        "--json",
        "--config",
        config.to_str().unwrap(),
        "ingest",
        large.to_str().unwrap(),
        small.to_str().unwrap(),
    ];
    let report = deployment.run(&args).expect(6).json();
    assert_eq!((&report["totals"]["failed"], &report["totals"]["ingested"]), (&1.into(), &1.into()));
}

#[test]
fn extract_of_a_bad_file_says_what_is_wrong_with_it() {
    let deployment = Deployment::new();
    let ran = deployment.run(&["extract", fixture("bad/encrypted.pdf").to_str().unwrap()]).expect(3);
    assert!(ran.stderr.contains("password") && ran.stderr.contains("encrypted.pdf"), "{}", ran.stderr);
    deployment.run(&["extract", "/nonexistent/a.pdf"]).expect(4);
}

/// A deployment on a machine where nothing is installed but, of the run-time files, the model if wanted.
fn bare(model: bool) -> Deployment {
    let mut deployment = Deployment::new();
    let home = deployment.dir.path().join("home");
    std::fs::create_dir(&home).unwrap();
    if model {
        let models = Paths::of(&ConfigSources::from_process()).find_runtime("models").unwrap();
        std::os::unix::fs::symlink(models, home.join("models")).unwrap();
    }
    let home = home.display().to_string();
    deployment.env = ["AGENTCTL_HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS"]
        .map(|name| (name.to_owned(), home.clone()))
        .to_vec();
    deployment
}

#[test]
fn a_model_without_its_library_says_how_to_mend_it() {
    let deployment = bare(true);
    let file = deployment.write("a.md", "# Bom\n\nEste documento está bom.");
    let ran = deployment.run(&["ingest", file.to_str().unwrap()]).expect(5);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    for part in ["ONNX Runtime is not installed", "libonnxruntime.so", "scripts/setup"] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    let status = deployment.run(&["--json", "documents", "list"]).expect(0).json();
    assert_eq!(status["total"], 0);
}

#[test]
fn extract_without_what_reads_the_format_blames_the_machine() {
    let deployment = bare(false);
    let pdf = fixture("documents/contratos/contrato-hospedagem-hotelzinho.pdf");
    let ran = deployment.run(&["extract", pdf.to_str().unwrap()]).expect(5);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("pdfium"), "{}", ran.stderr);
    let mut deployment = deployment;
    deployment.env.push(("PATH".into(), deployment.dir.path().display().to_string()));
    let png = fixture("documents/avisos/aviso fim de ano.png");
    let ran = deployment.run(&["extract", png.to_str().unwrap()]).expect(5);
    assert!(ran.stderr.contains("esseract"), "{}", ran.stderr);
}
