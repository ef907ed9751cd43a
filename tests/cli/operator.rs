//! What an operator types and looks at: names instead of ids, users, questions, usage, the audit log.

use serde_json::json;

use crate::deployment::Deployment;

/// A deployment with two documents of one name in two folders, and one of another.
fn shop() -> Deployment {
    let shop = Deployment::new();
    for (path, text) in [
        ("docs/loja/precos.md", "# Preços da loja\n\nO bolo de fubá custa R$ 18,00."),
        ("docs/café/precos.md", "# Preços do café\n\nO expresso custa R$ 7,00."),
        ("docs/horario.md", "# Horário\n\nA loja abre de terça a sábado, das 9h às 18h."),
    ] {
        shop.write(path, text);
    }
    shop.ingest(&[&shop.dir.path().join("docs")]);
    shop
}

#[test]
fn a_document_is_named_by_name_path_or_the_beginning_of_its_id() {
    let shop = shop();
    let document_of = |which: &str| shop.run(&["--json", "documents", "show", which]);
    let document = document_of("horario.md").expect(0).json();
    let id = document["id"].as_str().unwrap();
    for which in [id, &id[..23], &id[..23].to_uppercase(), document["path"].as_str().unwrap()] {
        assert_eq!(document_of(which).expect(0).json(), document, "{which}");
    }
    let several = document_of("precos.md").expect(3).stderr;
    assert!(several.contains("docs/loja/precos.md") && several.contains("docs/café/precos.md"), "{several}");
    assert!(
        document_of("café/precos.md").expect(0).json()["path"].as_str().unwrap().ends_with("café/precos.md")
    );
    document_of("nada.md").expect(4);
    shop.run(&["documents", "delete", "horario.md", "nada.md"]).expect(4);
    document_of("horario.md").expect(0);
    shop.run(&["documents", "delete", "horario.md"]).expect(0);
    document_of("horario.md").expect(4);
}

#[test]
fn a_list_fits_the_terminal_and_the_wide_form_has_everything() {
    let shop = shop();
    shop.write(
        "docs/um nome de arquivo muito comprido que não cabe em oitenta colunas de texto.md",
        "# Oi\n\nOlá.",
    );
    shop.ingest(&[&shop.dir.path().join("docs")]);
    let list = shop.run(&["documents", "list"]).expect(0).stdout;
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    assert!(list.contains('…') && !list.contains("docs/loja"), "{list}");
    let wide = shop.run(&["documents", "list", "-o", "wide"]).expect(0).stdout;
    assert!(wide.contains("de texto.md") && wide.contains("docs/loja/precos.md"), "{wide}");
    let json = shop.run(&["documents", "list", "-o", "json"]).expect(0).json();
    assert_eq!(json["total"], 4);
}

#[test]
fn what_was_asked_is_listed_and_shown_and_counted() {
    let shop = shop();
    shop.run(&["query", "Quanto custa o bolo de fubá?"]).expect(0);
    shop.run(&["query", "Vocês consertam geladeira?"]).expect(0);
    let list = shop.run(&["--json", "questions", "list"]).expect(0).json();
    assert_eq!(list["total"], 2);
    let refused = shop.run(&["--json", "questions", "list", "--refused"]).expect(0).json();
    assert_eq!(
        (&refused["total"], &refused["questions"][0]["question"]),
        (&json!(1), &json!("Vocês consertam geladeira?"))
    );
    let answered =
        shop.run(&["--json", "questions", "list", "--answered", "--search", "FUB"]).expect(0).json();
    assert_eq!(answered["total"], 1);
    let id = answered["questions"][0]["queryId"].as_str().unwrap();
    let shown = shop.run(&["questions", "show", id]).expect(0).stdout;
    assert!(
        shown.contains("R$ 18,00") && shown.contains("outcome: answered") && shown.contains("precos"),
        "{shown}"
    );
    let later =
        shop.run(&["--json", "questions", "list", "--since", "2999-01-01T00:00:00Z"]).expect(0).json();
    assert_eq!(later["total"], 0);
    // Nothing was asked: it is neither a question nor a message of the plan.
    shop.run(&["query", "Bom dia!"]).expect(0);
    let month = &shop.run(&["--json", "usage"]).expect(0).json()["months"][0];
    assert_eq!(
        (&month["questions"], &month["refused"], &month["messages"]),
        (&json!(2), &json!(1), &json!(2))
    );
}

#[test]
fn users_are_invited_and_get_another_password_and_the_log_says_so() {
    let shop = Deployment::new();
    shop.run(&["init", "--email", "dona@example.com"]).expect(0);
    let invited = shop.run(&["--json", "users", "invite", "--email", "joao@example.com", "--role", "admin"]);
    let invited = invited.expect(0).json();
    assert!(invited["token"].as_str().unwrap().len() > 20);
    let users = shop.run(&["--json", "users", "list"]).expect(0).json();
    assert_eq!(
        (&users["users"][0]["email"], &users["users"][0]["memberRole"]),
        (&json!("dona@example.com"), &json!("owner"))
    );
    assert_eq!(users["invitations"][0]["email"], "joao@example.com");

    let reset = shop.run(&["--json", "users", "reset-password", "Dona@example.com"]).expect(0).json();
    assert!(reset["password"].as_str().unwrap().len() >= 10);
    let given = shop.run_with_input(
        &["--json", "users", "reset-password", "dona@example.com", "--password-stdin"],
        b"uma senha comprida\n",
    );
    assert!(given.expect(0).json()["password"].is_null(), "a password that was given is not shown");
    shop.run_with_input(&["users", "reset-password", "dona@example.com", "--password-stdin"], b"curta\n")
        .expect(3);
    shop.run(&["users", "reset-password", "ninguem@example.com"]).expect(4);

    let log = shop.run(&["audit"]).expect(0).stdout;
    assert!(log.contains("users:create") && log.contains("users:update"), "{log}");
    let entries = shop.run(&["--json", "audit"]).expect(0).json()["entries"].clone();
    assert_eq!(entries[0]["details"]["verb"], "reset password");
    assert!(!log.contains("uma senha") && !entries.to_string().contains("uma senha"), "{log}");
    assert!(log.lines().all(|line| line.chars().count() <= 80), "{log}");
}
