//! Conversations, templates and channels from the command line, without a daemon: the real store, a fake
//! Graph API on a real socket.

use serde_json::json;
use test_support::{Behaviour, Refusal};

use crate::shop::{ACCOUNT, ANA, NUMBER, Shop, TOKEN};

/// An id that nothing has.
const NOBODY: &str = "0190b5a0-0000-7000-8000-000000000000";

fn assert_fits(text: &str) {
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "more than 80 columns: {long:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_read_in_80_columns() {
    let shop = Shop::new().await;
    assert_eq!(shop.run(&["conversations", "list"]).expect(0).stdout, "No conversations.\n");
    let question = "Olá! Vocês têm ração para gatos castrados? Preciso para hoje, e queria saber também se \
                    a entrega no bairro da Liberdade é no mesmo dia.";
    shop.hears("1", question).await;
    shop.hears("2", "Obrigada!").await;
    let id = shop.conversation();

    let list = shop.run(&["conversations", "list"]).expect(0).stdout;
    assert!(
        list.starts_with(&format!("{}  Ana  bot  2 new\n", &id[..8])) && list.contains("Obrigada!"),
        "{list}"
    );
    assert_fits(&list);
    let shown = shop.run(&["conversations", "show", &id]).expect(0).stdout;
    assert!(
        shown.contains("phone: 5511987654321") && shown.contains("  customer\n    Olá! Vocês"),
        "{shown}"
    );
    assert!(shown.find("Olá!") < shown.find("Obrigada!"), "it is read downwards: {shown}");
    for which in [&id[..13], ANA, "ana"] {
        assert_eq!(shop.run(&["conversations", "show", which]).expect(0).stdout, shown, "{which}");
    }
    assert_fits(&shown);
    let one = shop.json(&["conversations", "show", &id, "--limit", "1"]);
    assert_eq!(one["messages"].as_array().unwrap().len(), 1);

    let found = shop.run(&["conversations", "search", "gatos", "castr"]).expect(0).stdout;
    assert!(found.starts_with(&id) && found.contains("ração"), "{found}");
    assert_fits(&found);
    assert_eq!(shop.run(&["conversations", "search", "cachorro"]).expect(0).stdout, "Nothing found.\n");
    let exported = shop.run(&["conversations", "export", &id]).expect(0).json();
    assert_eq!(exported["conversation"]["contact"]["name"], "Ana");
    assert_eq!(exported["messages"][0]["content"], question);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_changes_hands_and_is_put_away() {
    let shop = Shop::new().await;
    shop.hears("1", "oi").await;
    let id = shop.conversation();
    let total = |args: &[&str]| shop.json(&[&["conversations", "list"][..], args].concat())["total"].clone();

    assert_eq!(shop.json(&["conversations", "read", &id])["unread"], 0);
    let agents = shop.json(&["agents", "list"]);
    let agent = agents["agents"][0]["name"].as_str().unwrap();
    assert_eq!(total(&["--agent", agent]), 1);
    shop.run(&["conversations", "list", "--agent", "Ninguém"]).expect(4);
    assert_eq!(shop.json(&["conversations", "take", &id])["state"], "human");
    assert_eq!((total(&["--state", "human"]), total(&["--state", "bot"])), (json!(1), json!(0)));
    assert_eq!(shop.json(&["conversations", "release", &id])["state"], "bot");
    assert_eq!(shop.json(&["conversations", "block", &id])["status"], "blocked");
    assert_eq!((total(&["--status", "blocked"]), total(&["--status", "active"])), (json!(1), json!(0)));
    let blocked = shop.run(&["conversations", "send", &id, "oi"]).expect(5).stdout;
    assert!(blocked.contains("blocked") && shop.graph.sent().is_empty(), "{blocked}");
    assert_eq!(shop.json(&["conversations", "archive", &id])["status"], "archived");
    assert_eq!((total(&[]), total(&["--status", "archived"])), (json!(0), json!(1)));
    let reopened = shop.run(&["conversations", "reopen", &id]).expect(0).stdout;
    assert_eq!(reopened, "The conversation with Ana is active.\n");

    shop.run(&["conversations", "note", &id, "prefere", "ser", "chamada", "de", "Aninha"]).expect(0);
    let shown = shop.run(&["conversations", "show", &id]).expect(0).stdout;
    assert!(shown.contains("note\n    prefere ser chamada de Aninha\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_writes_is_sent_at_once_and_takes_the_conversation_over() {
    let shop = Shop::new().await;
    shop.hears("1", "oi").await;
    let sent = shop.json(&["conversations", "send", "+55 (11) 98765-4321", "Já", "**vai**!"]);
    assert_eq!((&sent["status"], &sent["messages"][0]["author"]), (&json!("sent"), &json!("human")));
    let id = shop.conversation();
    assert_eq!(sent["conversationId"], id);
    assert_eq!(shop.run(&["conversations", "send", &id, "Chegou?"]).expect(0).stdout, "Sent.\n");

    let read: Vec<(String, String)> =
        shop.graph.sent().iter().map(|m| (m.addressee().to_owned(), m.text().to_owned())).collect();
    let expected = ["Já *vai*!", "Chegou?"].map(|text| (ANA.to_owned(), text.to_owned()));
    assert_eq!(read, expected);
    let shown = shop.json(&["conversations", "show", &id]);
    assert_eq!(shown["conversation"]["state"], "human");
    let shown = shop.run(&["conversations", "show", &id]).expect(0).stdout;
    assert!(shown.contains("  human  ✓\n    Chegou?\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_shown_exported_and_erased() {
    let shop = Shop::new().await;
    assert_eq!(shop.run(&["contacts", "list"]).expect(0).stdout, "No contacts.\n");
    shop.hears("1", "oi, aqui é a Ana").await;
    let conversation = shop.conversation();
    let list = shop.run(&["contacts", "list", "--search", "ana"]).expect(0).stdout;
    assert!(list.contains("Ana") && list.contains(ANA), "{list}");
    assert_fits(&list);
    let shown = shop.run(&["contacts", "show", "+55 (11) 98765-4321"]).expect(0).stdout;
    assert!(shown.contains(&format!("phone: {ANA}\nconversation: {conversation}\n")), "{shown}");
    let exported = shop.run(&["contacts", "export", ANA]).expect(0).json();
    assert_eq!(exported["messages"][0]["content"], "oi, aqui é a Ana");

    let refused = shop.run(&["contacts", "erase", ANA]).expect(3).stderr;
    assert!(refused.contains("--yes"), "{refused}");
    let erased = shop.json(&["contacts", "erase", ANA, "--yes"]);
    let erased = &erased["erased"];
    assert_eq!((&erased["messages"], &erased["webhooks"]), (&json!(1), &json!(1)));
    for verb in ["show", "export", "erase"] {
        shop.run(&["contacts", verb, ANA]).expect(4);
        shop.run(&["contacts", verb, NOBODY]).expect(4);
    }
    assert_eq!(shop.json(&["conversations", "list"])["total"], 0);
    shop.run(&["conversations", "show", &conversation]).expect(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sent_is_an_error() {
    let shop = Shop::new().await;
    shop.hears("1", "oi").await;
    let id = shop.conversation();
    shop.graph.next(Behaviour::Refuse(Refusal::code(131_026)));
    let failed = shop.run(&["conversations", "send", &id, "oi"]).expect(5);
    assert!(failed.stdout.starts_with("failed: "), "{}", failed.stdout);
    let shown = shop.run(&["conversations", "show", &id]).expect(0).stdout;
    assert!(shown.contains("✗ failed\n    oi\n    ! "), "{shown}");

    let closed = shop.run(&["conversations", "send", "5521912345678", "oi"]).expect(3);
    assert!(closed.stderr.contains("templates send"), "{}", closed.stderr);
    shop.run(&["conversations", "send", NOBODY, "oi"]).expect(4);
    shop.run(&["conversations", "send", ANA, "oi", "--channel", "filial"]).expect(4);
    shop.run(&["conversations", "send", &id, "oi", "--channel", "loja"]).expect(3);
    shop.run(&["conversations", "send", &id]).expect(2);
    for verb in ["show", "take", "release", "read", "block", "archive", "reopen", "export"] {
        shop.run(&["conversations", verb, NOBODY]).expect(4);
        shop.run(&["conversations", verb, "ninguém"]).expect(4);
    }
    shop.run(&["conversations", "list", "--state", "nobody"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_meta_refuses_shows_with_the_channel_and_in_the_status() {
    let shop = Shop::new().await;
    shop.hears("1", "oi").await;
    let well = shop.json(&["channels"]);
    let channel = &well["channels"][0];
    assert_eq!((&channel["name"], &channel["phoneNumberId"]), (&json!("loja"), &json!(NUMBER)));
    assert_eq!((&channel["status"], &channel["lastWorkedAt"]), (&json!("not_tried"), &json!(null)));
    let status = shop.run(&["status"]).expect(0).stdout;
    assert!(status.contains("\nwhatsapp:   loja not tried `agentctl channels test` asks Meta\n"), "{status}");
    shop.run(&["conversations", "send", ANA, "oi"]).expect(0);
    let worked = shop.json(&["channels"]);
    assert_eq!(worked["channels"][0]["status"], "ok");
    assert!(worked["channels"][0]["lastWorkedAt"].is_string(), "{worked}");

    shop.graph.require_token("another");
    let waits = shop.run(&["conversations", "send", ANA, "oi"]).expect(5);
    assert!(waits.stdout.starts_with("waiting: "), "{}", waits.stdout);
    assert!(!waits.stdout.contains(TOKEN) && !waits.stderr.contains(TOKEN), "{}", waits.stdout);
    let channels = shop.run(&["channels"]).expect(0).stdout;
    assert!(channels.contains("loja") && channels.contains("broken"), "{channels}");
    let status = shop.run(&["status"]).expect(3).stdout;
    assert!(status.contains("whatsapp:   loja broken since ") && status.contains("access token"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_tried_without_sending_anything() {
    let shop = Shop::new().await;
    let tested = shop.json(&["channels", "test"]);
    let channel = &tested["channels"][0];
    assert_eq!((&channel["name"], &channel["ok"]), (&json!("loja"), &json!(true)), "{tested}");
    let steps: Vec<&str> =
        channel["steps"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap()).collect();
    assert_eq!(steps, ["number", "app_secret", "webhooks"]);
    assert!(shop.graph.sent().is_empty());
    let asked = shop.graph.requests();
    assert!(asked.iter().any(|request| request.path.contains("appsecret_proof=")), "{asked:?}");
    assert_eq!(shop.json(&["channels"])["channels"][0]["status"], "ok");
    shop.run(&["channels", "test", "nobody"]).expect(4);
    shop.graph.require_token("another");
    let failed = shop.run(&["channels", "test", "loja"]).expect(5);
    assert!(failed.stdout.contains("FAILED") && !failed.stdout.contains(TOKEN), "{}", failed.stdout);
    assert_eq!(shop.json(&["channels"])["channels"][0]["status"], "failing");
}

#[tokio::test(flavor = "multi_thread")]
async fn named_places_headers_and_buttons_go_out_as_meta_wants_them_and_read_as_the_customer_reads() {
    let shop = Shop::new().await;
    let template = json!({
        "name": "retirada", "language": "pt_BR", "status": "APPROVED", "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Oficina {{bairro}}" },
            { "type": "BODY", "text": "{{cliente}}, a {{peca}} ficou pronta. Obrigado, {{cliente}}!" },
        ],
    });
    shop.graph.set_templates(ACCOUNT, vec![template], 10);
    shop.json(&["templates", "sync"]);
    let send_it = ["templates", "send", ANA, "retirada", "Rui", "bicicleta"];
    let refused = shop.run(&send_it).expect(3);
    assert!(
        refused.stderr.contains("{{bairro}}") && refused.stderr.contains("--header"),
        "{}",
        refused.stderr
    );
    assert!(shop.graph.sent().is_empty(), "said before anything was sent");
    let sent = shop.json(&[&send_it[..], &["--header", "Centro"]].concat());
    let read = "Oficina Centro\n\nRui, a bicicleta ficou pronta. Obrigado, Rui!";
    assert_eq!(sent["messages"][0]["content"], read);
    let components = &shop.graph.sent().remove(0).payload["template"]["components"];
    assert_eq!(components[0]["parameters"][0]["parameter_name"], "bairro");
    assert_eq!(
        components[1]["parameters"],
        json!([
            { "type": "text", "parameter_name": "cliente", "text": "Rui" },
            { "type": "text", "parameter_name": "peca", "text": "bicicleta" },
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_fetched_listed_and_sent_to_somebody_who_never_wrote() {
    let shop = Shop::new().await;
    let template = |name: &str, status: &str| {
        let body = json!({ "type": "BODY", "text": "Olá {{1}}, o seu pedido {{2}} chegou." });
        json!({
            "name": name, "language": "pt_BR", "status": status, "category": "UTILITY",
            "components": [body],
        })
    };
    shop.graph.set_templates(ACCOUNT, vec![template("pedido", "APPROVED"), template("oferta", "PAUSED")], 1);
    assert!(shop.run(&["templates", "list"]).expect(0).stdout.contains("templates sync"));
    assert_eq!(shop.run(&["templates", "sync"]).expect(0).stdout, "loja: 2 templates\n");
    let listed = shop.json(&["templates", "list"]);
    let names: Vec<&str> =
        listed["templates"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!((names, &listed["templates"][0]["channel"]), (vec!["oferta", "pedido"], &json!("loja")));

    let sent = shop.json(&["templates", "send", ANA, "pedido", "Ana", "17"]);
    assert_eq!(sent["messages"][0]["content"], "Olá Ana, o seu pedido 17 chegou.");
    let payload = shop.graph.sent().remove(0).payload;
    assert_eq!(payload["template"]["name"], "pedido");
    assert_eq!(payload["template"]["language"]["code"], "pt_BR");
    assert_eq!(payload["template"]["components"][0]["parameters"][1]["text"], "17");

    for (wrong, code) in [
        (&["pedido", "Ana"][..], 3),
        (&["pedido", "Ana", "dois\nlinhas"][..], 3),
        (&["oferta", "Ana", "17"][..], 3),
        (&["pedido", "Ana", "17", "--language", "en"][..], 4),
        (&["outro"][..], 4),
    ] {
        shop.run(&[&["templates", "send", ANA][..], wrong].concat()).expect(code);
    }
    assert_eq!(shop.graph.sent().len(), 1);
    shop.graph.require_token("another");
    shop.run(&["templates", "sync"]).expect(3);
}

#[test]
fn without_channels_nothing_speaks_of_them() {
    let deployment = crate::deployment::Deployment::new();
    deployment.run(&["init"]).expect(0);
    assert!(!deployment.run(&["status"]).expect(0).stdout.contains("whatsapp"));
    assert!(deployment.run(&["channels"]).expect(0).stdout.contains("whatsapp.channels"));
    deployment.run(&["conversations", "send", ANA, "oi"]).expect(3);
    deployment.run(&["templates", "sync"]).expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_commands_change_is_in_the_audit_log_with_who_ran_them() {
    let shop = Shop::new().await;
    shop.hears("1", "oi, é segredo").await;
    let id = shop.conversation();
    shop.run(&["conversations", "take", &id]).expect(0);
    shop.run(&["conversations", "note", &id, "segredo"]).expect(0);
    shop.run(&["conversations", "export", &id]).expect(0);
    shop.run(&["agents", "create", "Vendas"]).expect(0);
    shop.run(&["contacts", "erase", ANA, "--yes"]).expect(0);
    shop.run(&["conversations", "take", NOBODY]).expect(4);
    let engine = shop.engine().await;
    let (lines, _) = engine.audit_log(1, 100).await.unwrap();
    engine.close().await.unwrap();
    let done: Vec<&str> = lines.iter().rev().map(|line| line.action.as_str()).collect();
    let expected = [
        "organization:create",
        "conversations:update",
        "conversations:update",
        "conversations:export",
        "agents:create",
        "conversations:delete",
    ];
    assert_eq!(done, expected, "what only looks, or fails, changes nothing");
    let me = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let me = String::from_utf8(me).unwrap();
    for line in &lines {
        assert_eq!((line.actor_type.as_str(), line.actor_id.as_deref()), ("cli", Some(me.trim())));
    }
    let text = serde_json::to_string(&lines).unwrap();
    assert!(text.contains(&id) && !text.contains("segredo") && !text.contains(ANA), "{text}");
}
