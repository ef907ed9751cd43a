//! Talking to an agent in the terminal: what a customer on WhatsApp would read, with the real model.

use serde_json::json;

use crate::deployment::Deployment;

/// A deployment with one document.
fn pool() -> Deployment {
    let deployment = Deployment::new();
    let file = deployment.write("piscina.md", "# Piscina\n\nA piscina aquecida abre às 6h e fecha às 22h.");
    deployment.ingest(&[&file]);
    deployment
}

#[test]
fn answers_refusals_and_the_way_to_a_person_are_read_as_on_whatsapp() {
    let said = "que horas abre a piscina?\n\nque horas fecha a piscina aquecida?\n\
                qual a capital da Austrália?\nquero um atendente\nque horas abre a piscina?\n\
                /novo\nque horas abre a piscina?\n/sair\nnot read\n";
    let ran = pool().run_with_input(&["chat"], said.as_bytes()).expect(0);
    let read = &ran.stdout;
    let answered: Vec<usize> = read.match_indices("abre às 6h e fecha às 22h").map(|(at, _)| at).collect();
    assert_eq!(answered.len(), 3, "{read}");
    assert_eq!(read.matches("_Fonte: Piscina_").count(), 3, "{read}");
    assert!(!read.contains("[1]") && !read.contains("you:") && !read.contains("not read"), "{read}");
    let refused = read.find("Não encontrei essa informação").unwrap();
    let button = read.find("\n[Falar com alguém]").unwrap();
    let called = read.find("Vou chamar uma pessoa da equipe").unwrap();
    assert!(answered[1] < refused && refused < button && button < called && called < answered[2], "{read}");
    assert_eq!(ran.stderr.matches("a person's turn").count(), 1, "{}", ran.stderr);
}

#[test]
fn silence_is_kept_until_it_is_wanted_no_more() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let lines =
        deployment.run_with_input(&["--json", "chat"], b"parar\noi?\nvoltar\n").expect(0).json_lines();
    assert_eq!(lines.len(), 3);
    assert!(lines[0]["replies"][0].as_str().unwrap().ends_with("escreva voltar."), "{}", lines[0]);
    assert_eq!(lines[1], json!({ "message": "oi?", "replies": [], "state": "bot" }));
    assert!(lines[2]["replies"][0].as_str().unwrap().starts_with("Que bom"), "{}", lines[2]);
}

#[test]
fn one_refusal_too_many_calls_a_person() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let asked = "qual a capital da Austrália?\n".repeat(4);
    let lines = deployment.run_with_input(&["--json", "chat"], asked.as_bytes()).expect(0).json_lines();
    let states: Vec<&str> = lines.iter().map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["bot", "bot", "human", "human"]);
    assert!(lines[2]["replies"][0].as_str().unwrap().starts_with("Não estou encontrando"), "{}", lines[2]);
    assert_eq!(lines[3]["replies"], json!([]));
}

#[test]
fn the_agent_is_chosen_by_name_and_answers_in_its_language() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    deployment.run(&["agents", "create", "Desk", "--locale", "en"]).expect(0);
    let ran = deployment.run_with_input(&["chat", "--agent", "Desk"], b"agent\n").expect(0);
    assert!(ran.stdout.starts_with("All right! I am calling someone"), "{}", ran.stdout);
    deployment.run_with_input(&["chat", "--agent", "nobody"], b"").expect(4);
}

#[test]
fn a_menu_is_given_to_an_agent_and_its_rows_are_tapped_by_name() {
    let deployment = pool();
    let rows = json!([{ "id": "horario", "title": "Horário", "asks": "Que horas abre a piscina?" }]);
    let file = deployment.write("menu.json", json!({ "rows": rows, "words": ["opções"] }).to_string());
    let file = file.to_str().unwrap();
    let agents = deployment.run(&["--json", "agents", "list"]).expect(0).json();
    let agent = agents["agents"][0]["name"].as_str().unwrap();
    let shown = deployment.run(&["agents", "update", agent, "--menu", file]).expect(0).stdout;
    assert!(shown.contains("horario: Horário → Que horas abre a piscina?"), "{shown}");
    let read = deployment.run_with_input(&["chat"], "opcoes\nhorário\n".as_bytes()).expect(0).stdout;
    assert!(read.contains("\n[Horário] [Falar com alguém]"), "{read}");
    assert!(read.contains("abre às 6h"), "{read}");

    let wrong = deployment.write("wrong.json", r#"{ "rows": [{ "id": "a b", "title": "A" }] }"#);
    let wrong = deployment.run(&["agents", "update", agent, "--menu", wrong.to_str().unwrap()]).expect(3);
    assert!(wrong.stderr.contains("menu.rows[0].id"), "{}", wrong.stderr);
    deployment.run(&["agents", "update", agent, "--menu", "missing.json"]).expect(4);
    let without = deployment.run(&["agents", "update", agent, "--no-menu"]).expect(0).stdout;
    assert!(!without.contains("menu ("), "{without}");
}
