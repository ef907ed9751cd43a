//! Documents in, changed, and out again.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::deployment::{Deployment, fixture, fixtures};

fn statuses(report: &Value) -> Vec<(String, String)> {
    let name = |d: &Value| d["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    report["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (name(d), d["status"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn every_format_of_the_fixtures_is_ingested() {
    let documents = fixtures().run(&["--json", "documents", "list"]).expect(0).json();
    let documents = documents["documents"].as_array().unwrap();
    assert!(documents.len() >= 12);
    for ending in ["pdf", "docx", "md", "txt", "png", "jpg", "jpeg"] {
        let one = documents.iter().find(|d| d["filename"].as_str().unwrap().ends_with(ending)).unwrap();
        assert_eq!(one["status"], "processed");
        assert!(one["chunkCount"].as_u64().unwrap() > 0, "{one}");
    }
}

#[test]
fn every_chunk_is_the_characters_of_its_page_that_it_says() {
    for file in
        ["documents/politicas/Política de Trocas e Devoluções.pdf", "documents/entregas/entrega-e-frete.md"]
    {
        let path = fixture(file);
        let pages = fixtures().run(&["--json", "extract", path.to_str().unwrap()]).expect(0).json();
        let documents = fixtures().run(&["--json", "documents", "list"]).expect(0).json();
        let id = documents["documents"]
            .as_array()
            .unwrap()
            .iter()
            .find(|d| d["path"] == path.to_str().unwrap())
            .unwrap()["id"]
            .clone();
        let chunks =
            fixtures().run(&["--json", "documents", "chunks", id.as_str().unwrap()]).expect(0).json();
        for chunk in chunks["chunks"].as_array().unwrap() {
            let page = pages["pages"]
                .as_array()
                .unwrap()
                .iter()
                .find(|p| p["number"] == chunk["pageNumber"])
                .unwrap();
            let characters: Vec<char> = page["text"].as_str().unwrap().chars().collect();
            let at = |key: &str| usize::try_from(chunk[key].as_u64().unwrap()).unwrap();
            let slice: String = characters[at("charStart")..at("charEnd")].iter().collect();
            // What begins inside a table has the names of its columns before it.
            assert!(chunk["content"].as_str().unwrap().ends_with(&slice), "{chunk}");
            assert!(chunk["tokenCount"].as_u64().unwrap() <= 254, "never beyond what the model reads");
        }
    }
}

#[test]
fn an_unchanged_folder_loads_no_model_and_changes_nothing() {
    let mut deployment = Deployment::new();
    let file = deployment.write("docs/a.md", "# Café\n\nO café especial custa R$ 12,00.");
    deployment.ingest(&[file.parent().unwrap()]);
    // Without run-time files there is no model to load.
    deployment
        .env
        .push(("AGENTCTL_HOME".into(), deployment.dir.path().join("nothing").display().to_string()));
    deployment
        .env
        .push(("XDG_DATA_HOME".into(), deployment.dir.path().join("nothing").display().to_string()));
    let again = deployment.ingest(&[file.parent().unwrap()]);
    assert_eq!(statuses(&again), [("a.md".to_owned(), "unchanged".to_owned())]);
    assert_eq!(again["totals"]["unchanged"], 1);
}

#[test]
fn a_changed_file_is_a_new_version_and_the_old_text_is_not_found() {
    let deployment = Deployment::new();
    let file = deployment.write("docs/preco.md", "# Café\n\nO café especial custa R$ 12,00 a xícara.");
    let first = deployment.ingest(&[file.as_path()]);
    deployment.write("docs/preco.md", "# Café\n\nO café especial custa R$ 15,50 a xícara.");
    let second = deployment.ingest(&[file.as_path()]);
    assert_eq!(
        (&first["documents"][0]["version"], &second["documents"][0]["version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(first["documents"][0]["documentId"], second["documents"][0]["documentId"]);
    assert_eq!(second["documents"][0]["status"], "updated");
    let answer = deployment.run(&["--json", "query", "quanto custa o café especial?"]).expect(0).json();
    let text = answer["answer"].as_str().unwrap();
    assert!(text.contains("15,50") && !text.contains("12,00"), "{text}");
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["index"]["rows"], status["chunks"], "old chunks left the index");
}

#[test]
fn prune_removes_what_is_gone_and_only_there() {
    let deployment = Deployment::new();
    let gone = deployment.write("docs/gone.md", "# Promoção\n\nA promoção de inverno dá 20% de desconto.");
    let kept = deployment.write("docs/kept.md", "# Verão\n\nA promoção de verão dá 10% de desconto.");
    let other = deployment.write("other/other.md", "# Outono\n\nNo outono não há promoção.");
    deployment.ingest(&[gone.parent().unwrap(), &other]);
    std::fs::remove_file(&gone).unwrap();
    std::fs::remove_file(&other).unwrap();
    let unpruned = deployment.ingest(&[kept.parent().unwrap()]);
    assert_eq!(statuses(&unpruned), [("kept.md".to_owned(), "unchanged".to_owned())]);
    let pruned = deployment
        .run(&["--json", "ingest", "--prune", kept.parent().unwrap().to_str().unwrap()])
        .expect(0)
        .json();
    assert!(statuses(&pruned).contains(&("gone.md".to_owned(), "removed".to_owned())));
    let found = deployment.found("promoção de inverno desconto");
    assert!(!found.contains(&"gone.md".to_owned()) && found.contains(&"other.md".to_owned()), "{found:?}");
}

#[test]
fn excludes_and_ignore_files_are_respected() {
    let deployment = Deployment::new();
    deployment.write("docs/a.md", "Texto da casa.");
    deployment.write("docs/rascunhos/b.md", "Rascunho secreto.");
    deployment.write("docs/velho/c.md", "Texto velho.");
    deployment.write("docs/.ignore", "rascunhos/\n");
    let config = deployment.write("c.toml", "[ingest]\nexclude = [\"velho/\"]\n");
    let docs = deployment.dir.path().join("docs");
    let report = deployment
        .run(&["--json", "--config", config.to_str().unwrap(), "ingest", docs.to_str().unwrap()])
        .expect(0)
        .json();
    assert_eq!(statuses(&report), [("a.md".to_owned(), "ingested".to_owned())]);
}

#[test]
fn standard_input_is_a_document() {
    let deployment = Deployment::new();
    let text = "# Estacionamento\n\nO estacionamento conveniado custa R$ 8,00 por hora.";
    let report = deployment
        .run_with_input(&["--json", "ingest", "-", "--name", "estacionamento.md"], text.as_bytes())
        .expect(0)
        .json();
    assert_eq!(report["documents"][0]["status"], "ingested");
    assert_eq!(deployment.found("quanto custa estacionar?")[0], "estacionamento.md");
}

#[test]
fn metadata_is_kept_and_changes_without_parsing_again() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "---\ntitle: Regras\nauthor: Ana\n---\n\nNão corra na piscina.");
    let path = file.to_str().unwrap();
    let report = deployment.run(&["--json", "ingest", path, "--metadata", "setor=lazer"]).expect(0).json();
    let id = report["documents"][0]["documentId"].as_str().unwrap().to_owned();
    let again = deployment.run(&["--json", "ingest", path, "--metadata", "setor=piscina"]).expect(0).json();
    assert_eq!(again["documents"][0]["status"], "unchanged");
    let document = deployment.run(&["--json", "documents", "show", &id]).expect(0).json();
    assert_eq!(document["metadata"], json!({ "title": "Regras", "author": "Ana", "setor": "piscina" }));

    let stdin = |pair: &str| {
        let args = ["--json", "ingest", "-", "--name", "b.md", "--metadata", pair];
        deployment.run_with_input(&args, "Não corra na sauna.".as_bytes()).expect(0).json()
    };
    stdin("setor=sauna");
    let again = stdin("andar=2");
    assert_eq!(again["documents"][0]["status"], "unchanged");
    let id = again["documents"][0]["documentId"].as_str().unwrap();
    let document = deployment.run(&["--json", "documents", "show", id]).expect(0).json();
    assert_eq!(document["metadata"], json!({ "setor": "sauna", "andar": "2" }));
}

#[test]
fn a_deleted_document_is_gone_from_store_index_and_disk() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    let keep = deployment.write("b.md", "# Sauna\n\nA sauna abre às 8h.");
    let report = deployment.ingest(&[&file, &keep]);
    let id = report["documents"][0]["documentId"].as_str().unwrap();
    deployment.run(&["documents", "delete", id]).expect(0);
    assert_eq!(deployment.found("piscina aquecida"), ["b.md"]);
    deployment.run(&["documents", "show", id]).expect(4);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!((&status["documents"], &status["index"]["rows"]), (&json!(1), &status["chunks"]));
    assert_eq!(blobs(&deployment), 1);
}

#[test]
fn of_several_documents_all_are_deleted_or_none() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    let report = deployment.ingest(&[file.as_path()]);
    let id = report["documents"][0]["documentId"].as_str().unwrap();
    let missing = "0190b5a0-0000-7000-8000-000000000000";
    deployment.run(&["documents", "delete", id, missing]).expect(4);
    deployment.run(&["documents", "show", id]).expect(0);
}

#[test]
fn whoever_waits_for_another_process_is_told_why() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    deployment.ingest(&[file.as_path()]);
    let lock = std::fs::File::open(deployment.data_dir().join("index.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = deployment
        .command(&["ingest", file.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = lines.next().unwrap().unwrap();
    assert!(told.contains("another process"), "{told}");
    drop(lock);
    assert_eq!(lines.count(), 0, "once is enough");
    assert!(child.wait().unwrap().success());
}

#[test]
fn reprocess_and_reindex_keep_the_answers() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    let report = deployment.ingest(&[file.as_path()]);
    let id = report["documents"][0]["documentId"].as_str().unwrap();
    let again = deployment.run(&["--json", "documents", "reprocess", id]).expect(0).json();
    assert_eq!((&again["version"], &again["chunks"]), (&json!(1), &json!(1)));
    let before = deployment.run(&["--json", "status"]).expect(0).json()["generation"]["id"].clone();
    deployment.run(&["reindex"]).expect(0);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_ne!(status["generation"]["id"], before);
    assert_eq!(status["index"]["rows"], 1);
    assert_eq!(deployment.found("que horas abre a piscina?"), ["a.md"]);
}

#[test]
fn a_document_that_can_no_longer_be_read_survives_a_reindex() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    deployment.ingest(&[file.as_path()]);
    // A limit below the file's size stands for whatever makes parsing fail later.
    let config = deployment.write("c.toml", "[ingest]\nparser_command = [\"/nonexistent\"]\n");
    deployment.run(&["--config", config.to_str().unwrap(), "reindex"]).expect(6);
    assert_eq!(deployment.found("que horas abre a piscina?"), ["a.md"]);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["index"]["rows"], 1);
}

#[test]
fn the_index_is_rebuilt_from_the_store_when_it_is_lost() {
    let deployment = Deployment::new();
    let file = deployment.write("a.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    deployment.ingest(&[file.as_path()]);
    std::fs::remove_dir_all(deployment.data_dir().join("index")).unwrap();
    let lost = deployment.run(&["search", "piscina"]).expect(3);
    assert!(lost.stderr.contains("agentctl reindex"), "{}", lost.stderr);
    deployment.run(&["reindex"]).expect(0);
    assert_eq!(deployment.found("que horas abre a piscina?"), ["a.md"]);
}

#[test]
fn ctrl_c_leaves_a_consistent_state_and_the_next_run_continues() {
    let deployment = Deployment::new();
    for n in 0..60 {
        deployment.write(
            &format!("docs/{n:02}.md"),
            format!("# Sala {n}\n\n{}", format!("A sala {n} comporta {n} pessoas sentadas. ").repeat(60)),
        );
    }
    let docs = deployment.dir.path().join("docs");
    let mut child = deployment
        .command(&["-v", "ingest", docs.to_str().unwrap()])
        .env("AGENTCTL_LOG", "agent_core=debug")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first document is being parsed: in the middle of it.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.is_ok_and(|l| l.contains("parsed")));
    assert!(begun, "the run never began");
    let interrupted =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["problems"], json!([]));
    assert!(status["documents"].as_u64().unwrap() > 0, "what was read by then is kept");
    let report = deployment.ingest(&[&docs]);
    assert_eq!(report["documents"].as_array().unwrap().len(), 60);
    assert_eq!(report["totals"]["failed"], 0);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!((&status["documents"], &status["index"]["rows"]), (&json!(60), &status["chunks"]));
}

#[test]
fn ctrl_c_in_the_middle_of_a_long_document_gives_it_up() {
    let deployment = Deployment::new();
    let short = deployment.write("short.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    deployment.ingest(&[&short]);
    let paragraph = |n: u32| format!("A sala {n} comporta {n} pessoas sentadas e {} em pé.\n\n", n * 2);
    let long = deployment.write("long.txt", (0..20_000).map(paragraph).collect::<String>());
    let mut child = deployment
        .command(&["-v", "ingest", long.to_str().unwrap()])
        .env("AGENTCTL_LOG", "agent_core=debug")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.is_ok_and(|l| l.contains("parsed"))), "the run never began");
    let interrupted =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!((&status["documents"], &status["chunks"]), (&json!(1), &json!(1)));
    assert_eq!((&status["index"]["rows"], &status["problems"]), (&json!(1), &json!([])));
    assert_eq!(blobs(&deployment), 1);
}

#[test]
fn a_killed_ingest_loses_nothing_that_was_there_and_the_next_run_mends_the_rest() {
    let deployment = Deployment::new();
    let first = deployment.write("docs/first.md", "# Piscina\n\nA piscina aquecida abre às 6h.");
    deployment.ingest(&[&first]);
    for n in 0..40 {
        deployment.write(
            &format!("docs/{n:02}.md"),
            format!("# Sala {n}\n\n{}", format!("A sala {n} comporta {n} pessoas sentadas. ").repeat(60)),
        );
    }
    let docs = deployment.dir.path().join("docs");
    let mut child = deployment
        .command(&["ingest", docs.to_str().unwrap()])
        .env("AGENTCTL_LOG", "agent_core=debug")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.is_ok_and(|l| l.contains("parsed"))), "the run never began");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(deployment.found("que horas abre a piscina aquecida?")[0], "first.md");
    deployment.ingest(&[&docs]);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!((&status["documents"], &status["index"]["rows"]), (&json!(41), &status["chunks"]));
    assert_eq!(blobs(&deployment), 41);
}

fn blobs(deployment: &Deployment) -> usize {
    let folders = std::fs::read_dir(deployment.data_dir().join("blobs")).unwrap().flatten();
    folders.map(|f| std::fs::read_dir(f.path()).unwrap().count()).sum()
}

#[test]
fn what_was_not_read_of_a_file_is_told_everywhere() {
    let deployment = Deployment::new();
    let text = "# Aluguel\n\nCadeira: ~~R$ 14,00~~ R$ 11,00\n\n![o salão](salao.png)";
    let file = deployment.write("docs/aluguel.md", text);
    let ran = deployment.run(&["extract", file.to_str().unwrap()]).expect(0);
    let said = &ran.stdout;
    assert!(said.contains("note: struck-out text left out: 1 passage\n"), "{said}");
    assert!(said.contains("Cadeira: R$ 11,00") && !said.contains("14,00"), "{said}");

    let ran = deployment.run(&["ingest", file.to_str().unwrap()]).expect(0);
    assert!(ran.stdout.contains("note: picture not read: 1 picture"), "{}", ran.stdout);
    let again = deployment.ingest(&[file.as_path()]);
    assert_eq!(again["documents"][0]["notes"][0]["kind"], "picture_not_read", "unchanged, and still so");
    let id = again["documents"][0]["documentId"].as_str().unwrap().to_owned();
    let shown = deployment.run(&["documents", "show", &id]).expect(0);
    assert!(shown.stdout.contains("note: struck-out text left out: 1 passage"), "{}", shown.stdout);

    // A file of which nothing can be read says what it holds.
    let drawn = deployment.write("docs/riscado.md", "~~Tudo acabou.~~\n\n![](capa.png)\n");
    let ran = deployment.run(&["extract", drawn.to_str().unwrap()]).expect(3);
    assert!(ran.stderr.contains("picture not read: 1 picture"), "{}", ran.stderr);
}

#[test]
fn a_row_of_a_long_table_answers_under_the_names_of_its_columns() {
    let deployment = Deployment::new();
    let mut table = "TABELA DE QUADRAS 2031\n\nQuadra;Manhã;Tarde;Noite\n".to_owned();
    let names = ["Jequitibá", "Aroeira", "Sucupira", "Imbuia", "Cedro", "Peroba", "Ipê", "Angico"];
    for (at, name) in names.iter().enumerate() {
        for court in 1..=8 {
            let price = 100 + at * 80 + court * 3;
            table.push_str(&format!(
                "{name} quadra {court};R$ {price},00;R$ {},00;R$ {},00\n",
                price + 1,
                price + 2
            ));
        }
    }
    let file = deployment.write("docs/quadras.txt", &table);
    let report = deployment.ingest(&[file.as_path()]);
    let id = report["documents"][0]["documentId"].as_str().unwrap().to_owned();
    let chunks = deployment.run(&["--json", "documents", "chunks", &id]).expect(0).json();
    let chunks = chunks["chunks"].as_array().unwrap();
    assert!(chunks.len() > 3);
    assert!(chunks.iter().all(|c| c["content"].as_str().unwrap().contains("Quadra | Manhã | Tarde | Noite")));

    let answer =
        deployment.run(&["--json", "query", "Quanto custa a Imbuia quadra 5 à noite?"]).expect(0).json();
    let told = answer["answer"].as_str().unwrap();
    assert!(told.contains("Imbuia quadra 5: Noite R$ 357,00"), "{told}");
    assert!(!told.contains("356,00"), "{told}");
}
