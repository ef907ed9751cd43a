//! Conversations on WhatsApp over the wire: Meta's webhook on one side, the Graph API on the other. What the
//! people of the business do in between is in `desk.rs`.

use agent_core::Config;
use agent_core::clock::{Clock, SystemClock};
use agent_core::config::Secret;
use agent_core::whatsapp::signature::sign;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::FakeGraph;
use tokio::net::TcpListener;

use crate::app::{Answer, Login, TestApp};

/// The name of the channel.
pub const CHANNEL: &str = "balcao";
/// Meta's id of its number.
const NUMBER: &str = "106540352242922";
const SECRET: &[u8] = b"secret";
/// A customer's number.
pub const CUSTOMER: &str = "5511999990001";
const MEGABYTE: usize = 1024 * 1024;
/// A document.
pub const HOURS: &str =
    "# Horário\n\nDe segunda a sábado a loja abre das 9h às 19h. Aos domingos a loja abre das 10h às 14h.";
/// A question that it answers.
pub const QUESTION: &str = "A loja abre aos domingos?";

/// One business number, and the Graph API at `graph`. Nobody is waited for.
pub fn channel(config: &mut Config, graph: &str) {
    let secret = |text: &str| Some(Secret::new(text));
    let whatsapp = &mut config.whatsapp;
    graph.clone_into(&mut whatsapp.base_url);
    whatsapp.quiet_ms = 0;
    whatsapp.access_token = secret("token");
    whatsapp.app_secret = secret("secret");
    whatsapp.verify_token = secret("verify");
    let channel = json!({
        "phone_number_id": NUMBER,
        "access_token": "token",
        "app_secret": "secret",
        "verify_token": "verify",
    });
    whatsapp.channels.insert(CHANNEL.to_owned(), serde_json::from_value(channel).unwrap());
}

/// A daemon with a channel.
pub async fn start(graph: &FakeGraph) -> TestApp {
    TestApp::start_with(|config| channel(config, &graph.base_url())).await
}

/// A webhook with a customer's text, as Meta writes it.
fn delivery(number: &str, id: &str, text: &str) -> Value {
    let message = json!({
        "from": CUSTOMER,
        "id": id,
        "timestamp": SystemClock.now().timestamp().to_string(),
        "type": "text",
        "text": { "body": text },
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": number },
        "contacts": [{ "profile": { "name": "Ana" }, "wa_id": CUSTOMER }],
        "messages": [message],
    });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": value }] }],
    })
}

async fn post(app: &TestApp, path: &str, body: Vec<u8>, signature: Option<&str>) -> Answer {
    let mut request = app.request(Method::POST, path).body(body);
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    app.send(request).await
}

async fn post_signed(app: &TestApp, body: Vec<u8>) -> Answer {
    let signature = sign(SECRET, &body);
    post(app, "/whatsapp/webhook", body, Some(&signature)).await
}

/// A customer writes.
pub async fn customer_writes(app: &TestApp, id: &str, text: &str) {
    let taken = post_signed(app, delivery(NUMBER, id, text).to_string().into_bytes()).await;
    taken.expect(200);
}

/// Meta posts something about the number.
pub async fn post_about(app: &TestApp, mut value: Value) {
    value["metadata"] = json!({ "phone_number_id": NUMBER });
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": value }] }],
    });
    post_signed(app, body.to_string().into_bytes()).await.expect(200);
}

/// The path of the latest conversation.
pub async fn conversation(app: &TestApp, who: &Login) -> String {
    let list = app.get(who, "/whatsapp/conversations").await.expect(200);
    format!("/whatsapp/conversations/{}", list["data"][0]["id"].as_str().unwrap())
}

/// What is at `path` once it is as wanted.
async fn until(app: &TestApp, who: &Login, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let body = app.get(who, path).await.expect(200);
        if wanted(&body) {
            return body;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until everything that customers wrote was dealt with.
pub async fn dealt_with(app: &TestApp, who: &Login) {
    for queue in ["whatsapp.process_message", "whatsapp.send"] {
        until(app, who, &format!("/admin/jobs?type={queue}"), |jobs| jobs["pagination"]["total"] == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn meta_is_given_its_challenge_and_nobody_else() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let ask = |address: &str, token: &str| {
        let query = format!("hub.mode=subscribe&hub.challenge=c-1158%2B&hub.verify_token={token}");
        app.send(app.request(Method::GET, &format!("/whatsapp/webhook{address}?{query}")))
    };
    for address in ["", "/balcao"] {
        let answer = ask(address, "verify").await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, Some("c-1158+")));
        assert_eq!(answer.headers["content-type"], "text/plain");
        ask(address, "guess").await.expect_problem(403, "bad_verify_token");
    }
    ask("/other", "verify").await.expect_problem(403, "bad_verify_token");
    let bare = app.send(app.request(Method::GET, "/whatsapp/webhook")).await;
    bare.expect_problem(403, "bad_verify_token");
    let wrong = app.send(app.request(Method::DELETE, "/whatsapp/webhook")).await;
    wrong.expect_problem(405, "method_not_allowed");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_did_not_sign_is_refused_and_leaves_nothing() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    let body = delivery(NUMBER, "wamid.1", "Olá").to_string().into_bytes();
    let good = sign(SECRET, &body);
    post(&app, "/whatsapp/webhook", body.clone(), None).await.expect_problem(401, "unsigned");
    for signature in [sign(b"another secret", &body), good.replace("sha256=", "sha1="), "x".to_owned()] {
        let answer = post(&app, "/whatsapp/webhook", body.clone(), Some(&signature)).await;
        answer.expect_problem(403, "bad_signature");
    }
    let longer = [body.as_slice(), b" "].concat();
    post(&app, "/whatsapp/webhook", longer, Some(&good)).await.expect_problem(403, "bad_signature");
    let other = post(&app, "/whatsapp/webhook/other", body.clone(), Some(&good)).await;
    other.expect_problem(404, "not_found");
    let list = app.get(&owner, "/whatsapp/conversations").await.expect(200);
    assert_eq!(list["pagination"]["total"], 0, "{list}");
    // The same is taken as it should be, at the channel's own address too.
    post(&app, "/whatsapp/webhook/balcao", body, Some(&good)).await.expect(200);
    let list = app.get(&owner, "/whatsapp/conversations").await.expect(200);
    assert_eq!(list["data"][0]["contact"]["name"], "Ana", "{list}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_meta_signs_is_taken_up_to_three_megabytes() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    let odd = [b"\xff\x00 not json".to_vec(), b"{}".to_vec(), b"[null]".to_vec(), vec![b' '; 3 * MEGABYTE]];
    for body in odd {
        let answer = post_signed(&app, body).await;
        assert_eq!((answer.status.as_u16(), answer.body), (200, json!("")));
    }
    post_signed(&app, vec![b' '; 3 * MEGABYTE + 1]).await.expect_problem(413, "payload_too_large");
    let unknown = delivery("999", "wamid.1", "Olá").to_string().into_bytes();
    post_signed(&app, unknown).await.expect(200);
    let list = app.get(&owner, "/whatsapp/conversations").await.expect(200);
    assert_eq!(list["pagination"]["total"], 0, "{list}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_not_held_to_the_limit_of_an_address() {
    let graph = FakeGraph::start().await;
    let app = TestApp::start_with(|config| {
        channel(config, &graph.base_url());
        config.server.requests_per_second = 1;
    })
    .await;
    for _ in 0..30 {
        post_signed(&app, b"{}".to_vec()).await.expect(200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_answered_once_from_the_documents() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    customer_writes(&app, "wamid.1", QUESTION).await;
    // Meta repeats what it thinks was not taken.
    customer_writes(&app, "wamid.1", QUESTION).await;
    let sent = graph.wait_for(1).await;
    assert_eq!((sent[0].number.as_str(), sent[0].addressee()), (NUMBER, CUSTOMER));
    assert!(sent[0].text().contains("10h"), "{}", sent[0].text());
    dealt_with(&app, &owner).await;
    assert_eq!(graph.sent().len(), 1);

    let path = conversation(&app, &owner).await;
    let shown = app.get(&owner, &path).await.expect(200);
    assert_eq!((shown["state"].as_str(), shown["status"].as_str()), (Some("bot"), Some("active")), "{shown}");
    let messages = app.get(&owner, &format!("{path}/messages")).await.expect(200);
    let (answer, question) = (&messages["data"][0], &messages["data"][1]);
    assert_eq!(messages["data"].as_array().unwrap().len(), 2, "{messages}");
    assert_eq!(
        (question["author"].as_str(), question["content"].as_str()),
        (Some("customer"), Some(QUESTION))
    );
    assert_eq!((answer["author"].as_str(), answer["status"].as_str()), (Some("bot"), Some("sent")));
    assert_eq!(answer["whatsappMessageId"], sent[0].id);
    assert_eq!(answer["ragSources"][0]["documentName"], "horario.md", "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_send_shows() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    let health = app.send(app.request(Method::GET, "/health")).await.expect(200);
    assert_eq!(health["services"]["whatsapp"], "not tried yet", "{health}");
    graph.expire_token("token");
    customer_writes(&app, "wamid.1", QUESTION).await;
    let channels = until(&app, &owner, "/whatsapp/channels", |c| c[0]["status"] == "broken").await;
    assert_eq!((&channels[0]["name"], &channels[0]["phoneNumberId"]), (&json!(CHANNEL), &json!(NUMBER)));
    assert!(channels[0]["reason"].is_string() && channels[0]["time"].is_string(), "{channels}");
    let health = app.send(app.request(Method::GET, "/health")).await.expect(200);
    let part = health["services"]["whatsapp"].as_str().unwrap();
    assert!(part.contains("1 are broken") && !part.contains(CHANNEL), "strangers read this: {part}");
    assert_ne!(health["status"], "ok");
    let metrics = app.send(app.request(Method::GET, "/metrics")).await.expect(200);
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("whatsapp_channel_up{channel=\"balcao\"} 0"), "{metrics}");
    for counter in ["received", "sent", "failed"] {
        assert!(metrics.contains(&format!("\nwhatsapp_messages_{counter}_total ")), "{counter}: {metrics}");
    }
    assert!(metrics.contains("\nwhatsapp_channel_failures_total "), "{metrics}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_whose_agent_is_not_there_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = crate::app::config(dir.path());
    channel(&mut config, "http://127.0.0.1:1");
    config.whatsapp.channels.get_mut(CHANNEL).unwrap().agent = Some("Ninguém".to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = Box::pin(agentd::run(config, listener, std::future::pending())).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("whatsapp.channels.balcao.agent") && text.contains("Ninguém"), "{text}");
}
