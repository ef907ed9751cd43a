//! Webhooks from the command line: signing, a customer's message without a telephone, reading once more.

use agent_core::whatsapp::signature::sign;
use serde_json::json;
use test_support::{FakeOpenAi, Reply, unused_address};

use crate::deployment::Deployment;
use crate::shop::{SECRET, Shop};

#[test]
fn a_body_is_signed_as_meta_signs_it() {
    let deployment = Deployment::new();
    let body = "{\"body\":\"ação 🙂\"}\r\n".as_bytes();
    let (secret, empty) = (deployment.write("secret", "app-secret\n"), deployment.write("empty", "\n"));
    let file = deployment.write("body.json", body);
    let [secret, empty, file] = [&secret, &empty, &file].map(|path| path.to_str().unwrap());
    let expected = sign(SECRET.as_bytes(), body);
    let signed = deployment.run(&["webhook", "sign", "--secret-file", secret, file]).expect(0);
    assert_eq!(signed.stdout, format!("{expected}\n"));
    let piped = deployment.run_with_input(&["webhook", "sign", "--secret-file", secret, "-"], body).expect(0);
    assert_eq!(piped.stdout, signed.stdout);
    deployment.run(&["webhook", "sign", "--secret-file", empty, file]).expect(3);
    deployment.run(&["webhook", "sign", "--secret-file", secret, "/nonexistent"]).expect(4);
    let none = deployment.run(&["webhook", "sign", file]).expect(3);
    assert!(none.stderr.contains("whatsapp.channels"), "{}", none.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_signs_with_its_own_secret() {
    let shop = Shop::new().await;
    let file = shop.deployment.write("body.json", "{}");
    let file = file.to_str().unwrap();
    let expected = json!({ "header": "x-hub-signature-256", "value": sign(SECRET.as_bytes(), b"{}") });
    assert_eq!(shop.json(&["webhook", "sign", "--channel", "loja", file]), expected);
    assert_eq!(shop.json(&["webhook", "sign", file]), expected, "the only channel");
    shop.run(&["webhook", "sign", "--channel", "filial", file]).expect(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_message_is_one_that_the_daemon_takes() {
    let shop = Shop::new().await;
    let listener = FakeOpenAi::start().await;
    listener.script(Reply::status(200));
    let url = format!("{}/webhook", listener.base_url());
    let said = ["webhook", "simulate", "--url", &url, "--from", "+55 11 98765-4321", "Oi,", "tudo", "bem?"];
    let posted = shop.json(&said);
    assert_eq!((&posted["status"], &posted["url"]), (&json!(200), &json!(url)));

    let request = listener.log().all().remove(0);
    let signature = request.header("x-hub-signature-256").map(str::to_owned);
    let engine = shop.engine().await;
    let received = engine.receive_webhook(Some("loja"), signature.as_deref(), request.body).await.unwrap();
    assert_eq!(received.messages, 1);
    engine.close().await.unwrap();
    let id = shop.conversation();
    let shown = shop.json(&["conversations", "show", &id]);
    assert_eq!(shown["conversation"]["contact"]["phone"], "5511987654321");
    assert_eq!(shown["messages"][0]["content"], "Oi, tudo bem?");
    assert_eq!(shown["messages"][0]["whatsappMessageId"], posted["messageId"]);

    listener.script(Reply::status(401));
    let refused = shop.run(&said).expect(3);
    assert!(refused.stdout.starts_with("401: "), "{}", refused.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_the_simulation_says_so() {
    let address = unused_address().await;
    let bind = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let shop = Shop::with(&format!("[server]\nbind = \"{bind}\"")).await;
    let ran = shop.run(&["webhook", "simulate", "--from", "5511987654321", "Oi"]).expect(5);
    assert!(ran.stderr.contains(&bind) && ran.stderr.contains("is agentd running"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    shop.run(&["webhook", "simulate", "--from", "Ana", "Oi"]).expect(3);
    shop.run(&["webhook", "simulate", "--from", "5511987654321", "--url", "nonsense", "Oi"]).expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_takes_nothing_twice_and_brings_back_what_was_lost() {
    let shop = Shop::new().await;
    shop.hears("1", "oi").await;
    for since in ["2h", "2020-01-01T00:00:00Z"] {
        assert_eq!(shop.json(&["webhook", "replay", "--since", since]), json!({ "read": 1, "new": 0 }));
    }
    let later = shop.json(&["webhook", "replay", "--since", "2099-01-01T00:00:00-03:00"]);
    assert_eq!(later, json!({ "read": 0, "new": 0 }));
    let database = rusqlite::Connection::open(shop.config().paths.database()).unwrap();
    database.execute("DELETE FROM messages", []).unwrap();
    drop(database);
    assert_eq!(shop.json(&["webhook", "replay", "--since", "7d"]), json!({ "read": 1, "new": 1 }));
    shop.run(&["webhook", "replay", "--since", "ontem"]).expect(2);
    shop.run(&["webhook", "replay", "--since", "2026-13-41T25:00:00Z"]).expect(3);
}
