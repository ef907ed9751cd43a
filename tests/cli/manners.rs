//! Output, exit codes, configuration: what scripts depend on.

use std::path::PathBuf;

use serde_json::json;

use crate::deployment::{Deployment, fixture, fixtures};

#[test]
fn the_exit_codes_are_the_documented_ones() {
    let deployment = Deployment::new();
    deployment.run(&["--version"]).expect(0);
    deployment.run(&["--help"]).expect(0);
    deployment.run(&["nonsense"]).expect(2);
    deployment.run(&["ingest"]).expect(2);
    deployment.run(&["init"]).expect(0);
    deployment.run(&["query", ""]).expect(3);
    deployment.run(&["query", "olá?", "--top-k", "101"]).expect(3);
    deployment.run(&["search", "olá?", "--min-score", "1.5"]).expect(3);
    deployment.run(&["query", "olá?", "--agent", "nobody"]).expect(4);
    deployment.run(&["documents", "show", "0190b5a0-0000-7000-8000-000000000000"]).expect(4);
    deployment.run(&["documents", "show", "not-a-document"]).expect(4);
}

#[test]
fn json_is_one_document_on_stdout_and_errors_are_json_on_stderr() {
    let deployment = Deployment::new();
    let init = deployment.run(&["--json", "init", "--name", "Padaria São João"]).expect(0).json();
    assert_eq!((&init["created"], &init["organization"]["slug"]), (&json!(true), &json!("padaria-sao-joao")));
    assert_eq!(deployment.run(&["--json", "init"]).expect(0).json()["created"], false);
    let error = deployment.run(&["--json", "query", ""]).expect(3);
    assert!(error.stdout.is_empty());
    let error: serde_json::Value = serde_json::from_str(&error.stderr).unwrap();
    assert_eq!(error["error"]["exitCode"], 3);
    let error = deployment.run(&["query", "olá?", "--topk", "3", "--json"]).expect(2);
    assert!(error.stdout.is_empty());
    assert_eq!(error.stderr.lines().count(), 1, "{}", error.stderr);
    let error: serde_json::Value = serde_json::from_str(&error.stderr).unwrap();
    assert_eq!(error["error"]["exitCode"], 2);
    assert!(error["error"]["message"].as_str().unwrap().contains("--topk"), "{error}");
}

#[test]
fn a_streamed_answer_in_json_is_the_one_document() {
    let asked = ["--json", "query", "A loja abre de domingo? Que horário?"];
    let whole = fixtures().run(&asked).expect(0).json();
    let streamed = fixtures().run(&[&asked[..], &["--stream"]].concat()).expect(0).json();
    assert_eq!((&streamed["answer"], &streamed["sources"]), (&whole["answer"], &whole["sources"]));
}

#[test]
fn the_help_of_search_says_what_its_figures_are() {
    let help = Deployment::new().run(&["search", "--help"]).expect(0).stdout;
    for word in ["cosine", "rankScore", "1 to 100", "the default agent"] {
        assert!(help.contains(word), "{help}");
    }
}

#[test]
fn without_a_home_nothing_is_made_where_somebody_stands() {
    let here = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_agentctl"));
        command.args(args).env_clear().current_dir(here.path()).output().unwrap()
    };
    assert!(run(&["--version"]).status.success());
    assert!(run(&["config", "check"]).status.success());
    for args in [&["init"][..], &["status"]] {
        let refused = run(args);
        let text = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{text}");
        assert!(text.contains("HOME") && text.contains("--data-dir"), "{text}");
    }
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn extract_shows_pages_and_metadata_and_stores_nothing() {
    let deployment = Deployment::new();
    let path = fixture("documents/contratos/contrato-hospedagem-hotelzinho.pdf");
    let extracted = deployment.run(&["--json", "extract", path.to_str().unwrap()]).expect(0).json();
    let numbers: Vec<u64> =
        extracted["pages"].as_array().unwrap().iter().map(|p| p["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!((&extracted["fileType"], &extracted["metadata"]["pages"]), (&json!("pdf"), &json!("4")));
    assert!(!deployment.data_dir().exists());
}

#[test]
fn agents_are_created_changed_and_deleted() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let made = deployment
        .run(&["--json", "agents", "create", "Vendas", "--temperature", "0.2", "--locale", "en"])
        .expect(0)
        .json();
    assert_eq!(
        (&made["temperature"], &made["locale"], &made["isDefault"]),
        (&json!(0.2), &json!("en"), &json!(false))
    );
    deployment.run(&["agents", "create", "Vendas"]).expect(3);
    deployment.run(&["agents", "create", "X", "--temperature", "3"]).expect(3);
    let updated = deployment
        .run(&["--json", "agents", "update", "Vendas", "--name", "Comercial", "--default"])
        .expect(0)
        .json();
    assert_eq!((&updated["name"], &updated["isDefault"]), (&json!("Comercial"), &json!(true)));
    let agents = deployment.run(&["--json", "agents", "list"]).expect(0).json();
    let defaults = agents["agents"].as_array().unwrap().iter().filter(|a| a["isDefault"] == true).count();
    assert_eq!(defaults, 1);
    deployment.run(&["agents", "delete", "Comercial"]).expect(3);
    deployment.run(&["agents", "delete", "Atendente"]).expect(0);
    deployment.run(&["agents", "show", "Atendente"]).expect(4);
}

#[test]
fn the_refusal_is_in_the_agents_language() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    deployment.run(&["agents", "create", "Desk", "--locale", "en"]).expect(0);
    let refused = deployment.run(&["--json", "query", "anything?", "--agent", "Desk"]).expect(0).json();
    assert!(refused["answer"].as_str().unwrap().starts_with("I could not find that"), "{refused}");
}

#[test]
fn a_wrong_configuration_names_file_line_key_and_what_is_accepted() {
    let deployment = Deployment::new();
    let config = deployment.write("bad.toml", "[search]\ntop_k = 5\n\n[embedding]\nprovider = \"cohere\"\n");
    let checked = deployment.run(&["--config", config.to_str().unwrap(), "config", "check"]).expect(3);
    for part in ["bad.toml, line 5", "embedding.provider", "`local`", "`openai`"] {
        assert!(checked.stdout.contains(part), "{}", checked.stdout);
    }
    deployment.run(&["--config", config.to_str().unwrap(), "config", "path"]).expect(0);
    deployment.run(&["--config", "/nonexistent.toml", "config", "check"]).expect(3);
    // Other commands end with the first mistake.
    let other = deployment.run(&["--config", config.to_str().unwrap(), "status"]).expect(3);
    assert!(other.stderr.contains("bad.toml, line 5: embedding.provider"), "{}", other.stderr);
}

#[test]
fn a_check_names_every_mistake_and_agents_that_nobody_has() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let text = "[search]\ntop_k = 900\n[whatsapp]\naccess_token = \"EAA1\"\napp_secret = \"s\"\nverify_token = \"v\"\n\
                [whatsapp.channels.norte]\nphone_number_id = \"106540352242922\"\nagent = \"Ninguém\"\n\
                [whatsapp.channels.sul]\nphone_number_id = \"+55 19\"\nowner = \"a dona\"\n\
                [log]\nlevel = \"loud\"\n";
    let config = deployment.write("many.toml", text);
    let check = ["--json", "--config", config.to_str().unwrap(), "config", "check"];
    let checked = deployment.run(&check).expect(3).json();
    let mistakes: Vec<(u64, &str)> = checked["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["line"].as_u64().unwrap(), m["key"].as_str().unwrap()))
        .collect();
    assert_eq!(
        mistakes,
        [
            (2, "search.top_k"),
            (9, "whatsapp.channels.norte.agent"),
            (11, "whatsapp.channels.sul.phone_number_id"),
            (12, "whatsapp.channels.sul.owner"),
            (14, "log.level"),
        ]
    );
    let fine = deployment.write("fine.toml", "[search]\ntop_k = 9\n");
    let fine = deployment.run(&["--json", "--config", fine.to_str().unwrap(), "config", "check"]).expect(0);
    assert_eq!((&fine.json()["ok"], fine.json()["mistakes"].as_array().unwrap().len()), (&true.into(), 0));
}

#[test]
fn secrets_are_never_shown() {
    let mut deployment = Deployment::new();
    deployment.env.push(("OPENAI_API_KEY".into(), "sk-very-secret".into()));
    for args in [&["config", "show"][..], &["--json", "config", "show"]] {
        let shown = deployment.run(args).expect(0);
        assert!(
            !shown.stdout.contains("sk-very-secret") && shown.stdout.contains("(hidden)"),
            "{}",
            shown.stdout
        );
    }
}

#[test]
fn quiet_prints_results_only() {
    let quiet = fixtures().run(&["--quiet", "search", "horário de funcionamento"]).expect(0);
    assert!(quiet.stderr.is_empty() && !quiet.stdout.is_empty());
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let deployment = Deployment::new();
    let folder = deployment.dir.path().join("man1");
    deployment.run(&["man", "--dir", folder.to_str().unwrap()]).expect(0);
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap().replace('\\', "");
    let whole = page("agentctl.1");
    for command in ["ingest", "query", "documents", "conversations", "jobs", "users", "status"] {
        assert!(whole.contains(&format!("agentctl-{command}(1)")), "the manual lacks {command}");
    }
    assert!(page("agentctl-agents-update.1").contains("--whatsapp-phone-number"));
    let one = deployment.run(&["man", "models", "list"]).expect(0).stdout.replace('\\', "");
    assert_eq!(one, page("agentctl-models-list.1"));
    assert!(one.contains("agentctl models list --installed"), "it has an example");
    deployment.run(&["man", "nonsense"]).expect(4);
}

#[test]
fn completions_know_commands_and_the_names_of_documents() {
    let script = fixtures().run(&["completions", "bash"]).expect(0).stdout;
    assert!(script.contains("COMPLETE="), "{script}");
    let offered = |words: &[&str]| {
        let last = (words.len() - 1).to_string();
        let mut command = fixtures().command(&[&["--"], words].concat());
        command.env("AGENTCTL_DATA_DIR", fixtures().data_dir());
        command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", last).env("_CLAP_IFS", "\n");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(offered(&["agentctl", "docum"]).lines().any(|line| line == "documents"));
    let names = offered(&["agentctl", "documents", "show", "perguntas"]);
    assert!(names.lines().any(|line| line == "perguntas-frequentes.md"), "{names}");
}

#[test]
fn the_ids_of_a_batch_come_back_as_they_were() {
    let lines = b"{\"id\":7,\"question\":\"pix?\"}\n\n{\"id\":\"b\",\"question\":\"pix?\",\"extra\":1}\n";
    let found = fixtures().run_with_input(&["search", "--batch", "-"], lines).expect(0).json_lines();
    assert_eq!((&found[0]["id"], &found[1]["id"]), (&json!(7), &json!("b")));
}

#[test]
fn a_bad_line_of_a_batch_is_named() {
    let ran = fixtures()
        .run_with_input(&["search", "--batch", "-"], b"{\"id\":1,\"question\":\"a\"}\n{\"id\":2}\n")
        .expect(3);
    assert!(ran.stderr.contains("line 2") && ran.stderr.contains("question"), "{}", ran.stderr);
}

#[test]
fn a_batch_is_checked_before_its_first_answer() {
    let good = r#"{"id":1,"question":"pix?"}"#;
    let blank = r#"{"id":2,"question":"  "}"#;
    let long = format!(r#"{{"id":2,"question":"{}"}}"#, "x".repeat(5000));
    for bad in [blank, long.as_str()] {
        for command in ["search", "query"] {
            let lines = format!("{good}\n\n{bad}\n{good}\n");
            let ran = fixtures().run_with_input(&[command, "--batch", "-"], lines.as_bytes()).expect(3);
            assert!(ran.stdout.is_empty(), "{}", ran.stdout);
            assert!(ran.stderr.contains("standard input, line 3: the question"), "{}", ran.stderr);
        }
    }
    let file = Deployment::new();
    let path =
        file.write("q.jsonl", b"{\"id\":1,\"question\":\"pix?\"}\n{\"id\":2,\"question\":\"p\xe3o?\"}\n");
    let ran = fixtures().run(&["query", "--batch", path.to_str().unwrap()]).expect(3);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("q.jsonl, line 2"), "{}", ran.stderr);
    let ran = fixtures()
        .run_with_input(&["search", "--top-k", "101", "--batch", "-"], format!("{good}\n").as_bytes())
        .expect(3);
    assert!(ran.stderr.contains("top-k") && !ran.stderr.contains("line"), "{}", ran.stderr);
}

#[test]
fn models_are_listed_and_verified() {
    let deployment = Deployment::new();
    let models = deployment.run(&["--json", "models", "list"]).expect(0).json();
    assert_eq!(models["inUse"], "all-MiniLM-L6-v2");
    let names: Vec<&str> =
        models["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"all-MiniLM-L6-v2") && names.contains(&"multilingual-e5-small"), "{names:?}");
    deployment.run(&["models", "verify"]).expect(0);
    deployment.run(&["models", "verify", "nonsense"]).expect(5);
}

#[test]
fn the_owner_is_made_once_and_a_generated_password_is_shown_once() {
    let deployment = Deployment::new();
    let init = ["--json", "init", "--email", "Ana@Padaria.example"];
    let made = deployment.run(&init).expect(0).json();
    assert_eq!(made["owner"]["email"], "ana@padaria.example");
    assert_eq!(made["owner"]["created"], true);
    assert_eq!(made["owner"]["password"].as_str().unwrap().len(), 20);
    let again = deployment.run(&init).expect(0).json();
    assert_eq!(again["owner"]["created"], false);
    assert!(again["owner"].get("password").is_none(), "{again}");

    let given = ["--json", "init", "--email", "bia@padaria.example", "--password-stdin"];
    let ran = deployment.run_with_input(&given, b"uma senha longa\n").expect(0);
    assert!(!ran.stdout.contains("uma senha longa") && !ran.stderr.contains("uma senha longa"));
    assert_eq!(ran.json()["owner"]["created"], true);
    let short = ["init", "--email", "caio@padaria.example", "--password-stdin"];
    let ran = deployment.run_with_input(&short, b"curta\n").expect(3);
    assert!(ran.stderr.contains("at least 10 characters"), "{}", ran.stderr);
    deployment.run_with_input(&short, b"").expect(3);
    deployment.run(&["init", "--password-stdin"]).expect(2);
}

/// A library that thinks of its makers keeps a device id and events there.
#[test]
fn a_search_leaves_nothing_in_the_users_own_folders() {
    let (deployment, home) = (fixtures(), tempfile::tempdir().unwrap());
    let installed = std::env::var_os("XDG_DATA_HOME")
        .map_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".local/share"), PathBuf::from);
    let mut command = deployment.command(&["search", "horário"]);
    // Without variables by which a library knows that it is only being tested.
    command.env_clear().env("HOME", home.path()).env("XDG_DATA_HOME", installed);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
