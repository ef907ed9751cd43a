//! What the people of a business see and do of its conversations on WhatsApp: take them over, write, note,
//! search, put away, export, and watch.

use std::time::Duration;

use agent_core::config::RegistrationMode;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use test_support::{Behaviour, FakeGraph, Refusal};

use crate::app::{Login, TestApp};
use crate::whatsapp::{
    CHANNEL, CUSTOMER, HOURS, QUESTION, channel, conversation, customer_writes, dealt_with, start,
};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// Reads a stream of events until it holds `text`, or to its end.
async fn read_until(stream: &mut Response, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        let Some(piece) = stream.chunk().await.unwrap() else { break };
        read.push_str(&String::from_utf8_lossy(&piece));
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_silent_while_a_person_has_the_conversation() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    customer_writes(&app, "wamid.1", QUESTION).await;
    graph.wait_for(1).await;
    let path = conversation(&app, &owner).await;
    let taken = app.post(&owner, &format!("{path}/takeover"), json!({})).await.expect(200);
    assert_eq!(taken["state"], "human");
    assert!(taken["humanSince"].is_string(), "{taken}");
    customer_writes(&app, "wamid.2", QUESTION).await;
    dealt_with(&app, &owner).await;
    assert_eq!(graph.sent().len(), 1);

    let words = json!({ "message": "**Oi**, Ana!" });
    let said = app.post(&owner, &format!("{path}/messages"), words).await.expect(200);
    let sent = graph.wait_for(2).await;
    assert_eq!((sent[1].text(), said["messageId"].as_str()), ("*Oi*, Ana!", Some(sent[1].id.as_str())));
    assert_eq!(said["status"], "sent");
    let latest = app.get(&owner, &format!("{path}/messages?limit=1")).await.expect(200);
    assert_eq!(
        (&latest["data"][0]["author"], &latest["data"][0]["userId"]),
        (&json!("human"), &json!(owner.user))
    );

    let released = app.post(&owner, &format!("{path}/release"), json!({})).await.expect(200);
    assert_eq!(released["state"], "bot");
    customer_writes(&app, "wamid.3", QUESTION).await;
    let sent = graph.wait_for(3).await;
    assert!(sent[2].text().contains("10h"), "{}", sent[2].text());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_write_to_customers_who_wrote_and_to_nobody_else() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    customer_writes(&app, "wamid.1", QUESTION).await;
    graph.wait_for(1).await;
    dealt_with(&app, &owner).await;
    let path = conversation(&app, &owner).await;
    let send = |body: Value| app.post(&owner, "/whatsapp/send", body);
    let agents = app.get(&owner, "/agents").await.expect(200);
    let body = json!({ "to": "+55 11 99999-0001", "message": "segredo nosso", "agentId": agents[0]["id"] });
    let answer = send(body).await.expect(200);
    let graphs = graph.wait_for(2).await;
    assert_eq!((graphs[1].addressee(), graphs[1].text()), (CUSTOMER, "segredo nosso"));
    assert_eq!(
        (answer["messageId"].as_str(), answer["status"].as_str()),
        (Some(graphs[1].id.as_str()), Some("sent"))
    );
    assert!(
        answer["timestamp"].is_string() && path.ends_with(answer["conversationId"].as_str().unwrap()),
        "{answer}"
    );
    assert_eq!(app.get(&owner, &path).await.expect(200)["state"], "human");

    let to = |to: &str| json!({ "to": to, "message": "Olá" });
    send(to("5521988887777")).await.expect_problem(409, "window_closed");
    send(to("Ana")).await.expect_problem(400, "validation_failed");
    let with = |key: &str, value: &str| {
        let mut body = to(CUSTOMER);
        body[key] = json!(value);
        body
    };
    send(with("agentId", NOBODY)).await.expect_problem(404, "not_found");
    send(with("channel", "other")).await.expect_problem(404, "not_found");
    send(with("message", "")).await.expect_problem(400, "validation_failed");
    graph.next(Behaviour::Refuse(Refusal::code(131_026)));
    let refused = send(with("channel", CHANNEL)).await;
    refused.expect_problem(409, "send_failed");
    assert!(refused.body["detail"].as_str().unwrap().contains("Undeliverable"), "{}", refused.body);
    assert_eq!(graph.sent().len(), 2);

    // Who did what is remembered, and not what they said.
    let log = app.get(&owner, "/admin/audit-log").await.expect(200);
    let lines = log["data"].as_array().unwrap();
    let sends = lines.iter().filter(|l| l["action"] == "conversations:update");
    let paths: Vec<&str> = sends.filter_map(|l| l["details"]["path"].as_str()).collect();
    assert!(paths.len() == 1 && paths[0].ends_with("/whatsapp/send"), "{log}");
    assert!(!log.to_string().contains("segredo"), "{log}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_searched_noted_put_away_and_exported() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    customer_writes(&app, "wamid.1", QUESTION).await;
    graph.wait_for(1).await;
    dealt_with(&app, &owner).await;
    let path = conversation(&app, &owner).await;
    let total = async |list: &str| {
        let list = app.get(&owner, &format!("/whatsapp/conversations?{list}")).await.expect(200);
        list["pagination"]["total"].as_u64().unwrap()
    };
    assert_eq!((total("state=bot").await, total("state=human").await), (1, 0));
    assert_eq!(total(&format!("agentId={NOBODY}")).await, 0);
    let agents = app.get(&owner, "/agents").await.expect(200);
    assert_eq!(total(&format!("agentId={}", agents[0]["id"].as_str().unwrap())).await, 1);
    let wrong = app.get(&owner, "/whatsapp/conversations?state=nobody").await;
    wrong.expect_problem(400, "validation_failed");

    // Page after page, newest first, to the end.
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let page = app.get(&owner, &format!("{path}/messages?limit=1{query}")).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|m| m["direction"].clone()));
        let Some(before) = page["nextBefore"].as_str() else { break };
        query = format!("&before={before}");
    }
    assert_eq!(seen, ["outbound", "inbound"]);
    let found = app.get(&owner, "/whatsapp/search?q=loja%20domin").await.expect(200);
    assert_eq!(found[0]["content"], QUESTION, "{found}");
    assert_eq!(app.get(&owner, "/whatsapp/search?q=bicicleta").await.expect(200), json!([]));

    let note = json!({ "content": "cliente antiga" });
    let written = app.post(&owner, &format!("{path}/notes"), note).await.expect(201);
    assert_eq!(written["userId"], owner.user);
    let notes = app.get(&owner, &format!("{path}/notes")).await.expect(200);
    assert_eq!(notes, json!([written]));

    let put =
        async |status: &str| app.post(&owner, &format!("{path}/status"), json!({ "status": status })).await;
    assert_eq!(put("archived").await.expect(200)["status"], "archived");
    assert_eq!((total("").await, total("status=archived").await), (0, 1));
    put("gone").await.expect_problem(400, "validation_failed");
    customer_writes(&app, "wamid.2", "Ainda aí?").await;
    assert_eq!(total("status=active").await, 1, "the next message brings it back");
    dealt_with(&app, &owner).await;
    assert_eq!(app.post(&owner, &format!("{path}/takeover"), json!({})).await.expect(200)["unread"], 0);
    customer_writes(&app, "wamid.3", "Alô?").await;
    assert_eq!(app.get(&owner, &path).await.expect(200)["unread"], 1);
    let read = app.post(&owner, &format!("{path}/read"), json!({})).await.expect(200);
    assert_eq!((&read["unread"], &read["lastText"]), (&json!(0), &json!("Alô?")));
    assert_eq!(put("blocked").await.expect(200)["status"], "blocked");

    let export = app.get(&owner, &format!("{path}/export")).await.expect(200);
    assert_eq!(export["messages"][0]["content"], QUESTION, "{export}");
    assert_eq!(export["notes"][0]["content"], "cliente antiga");
    let log = app.get(&owner, "/admin/audit-log").await.expect(200);
    let exported = log["data"].as_array().unwrap().iter().find(|l| l["action"] == "conversations:export");
    let id = exported.unwrap()["resourceId"].as_str().unwrap();
    assert!(path.ends_with(id) && !log.to_string().contains("antiga"), "{log}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_takes_everything_along_or_leaves_nothing() {
    let graph = FakeGraph::start().await;
    let app = start(&graph).await;
    let owner = app.owner().await;
    let attendant = app.member(&owner, "agente@example.com", "member", "agent").await;
    app.ingest(&owner, "horario.md", HOURS).await;
    customer_writes(&app, "wamid.1", QUESTION).await;
    graph.wait_for(1).await;
    dealt_with(&app, &owner).await;
    let path = conversation(&app, &owner).await;
    app.post(&owner, &format!("{path}/notes"), json!({ "content": "cliente antiga" })).await.expect(201);
    let list = app.get(&owner, "/contacts?q=99999-0001").await.expect(200);
    assert_eq!(list["pagination"]["total"], 1);
    assert_eq!(app.get(&owner, "/contacts?q=Rui").await.expect(200)["data"], json!([]));
    let contact = format!("/contacts/{}", list["data"][0]["id"].as_str().unwrap());
    let shown = app.get(&owner, &contact).await.expect(200);
    assert_eq!(shown["identifiers"], json!([{ "kind": "phone", "value": CUSTOMER }]));
    assert!(path.ends_with(shown["conversations"][0].as_str().unwrap()), "{shown}");

    let export = app.get(&attendant, &format!("{contact}/export")).await.expect(200);
    assert_eq!((&export["contact"]["name"], &export["contact"]["phone"]), (&json!("Ana"), &json!(CUSTOMER)));
    assert_eq!(export["messages"][0]["content"], QUESTION, "{export}");
    assert_eq!(export["messages"][0]["details"]["id"], "wamid.1", "what Meta said about it, too");
    assert_eq!(export["notes"][0]["content"], "cliente antiga");
    assert_eq!(export["queries"][0]["question"], QUESTION);

    app.delete(&attendant, &contact).await.expect_problem(403, "permission_denied");
    let erased = app.delete(&owner, &contact).await.expect(200);
    for (what, least) in
        [("conversations", 1), ("messages", 2), ("notes", 1), ("queries", 1), ("webhooks", 1)]
    {
        assert!(erased[what].as_u64().unwrap() >= least, "{what}: {erased}");
    }
    app.get(&owner, &contact).await.expect_problem(404, "not_found");
    app.get(&owner, &path).await.expect_problem(404, "not_found");
    app.delete(&owner, &contact).await.expect_problem(404, "not_found");
    assert_eq!(app.get(&owner, "/whatsapp/search?q=loja").await.expect(200), json!([]));
    let log = app.get(&owner, "/admin/audit-log").await.expect(200).to_string();
    assert!(log.contains("contacts:export") && log.contains("conversations:delete"), "{log}");
    assert!(!log.contains(CUSTOMER), "{log}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_inbox_is_ones_own_and_ends_with_the_server() {
    let graph = FakeGraph::start().await;
    let app = TestApp::start_with(|config| {
        channel(config, &graph.base_url());
        config.auth.registration = RegistrationMode::Open;
    })
    .await;
    let ours = app.register("nos@example.com", json!({ "organizationName": "Nós" })).await;
    let theirs = app.register("eles@example.com", json!({ "organizationName": "Eles" })).await;
    let watch = |who: &Login| app.request(Method::GET, "/whatsapp/events").bearer_auth(&who.access).send();
    let (mut own, mut foreign) = (watch(&ours).await.unwrap(), watch(&theirs).await.unwrap());
    assert_eq!(own.headers()["content-type"], "text/event-stream");
    // What proxies are told, so that events pass when they happen.
    assert_eq!(own.headers()["x-accel-buffering"], "no");
    assert_eq!(own.headers()["cache-control"], "no-store, no-transform");
    assert!(!own.headers().contains_key("content-encoding"));
    customer_writes(&app, "wamid.1", QUESTION).await;
    let told = read_until(&mut own, "event: message.status\n").await;
    let data = told.split_once("event: message.received\ndata: ").unwrap().1;
    let event: Value = serde_json::from_str(data.lines().next().unwrap()).unwrap();
    let path = conversation(&app, &ours).await;
    assert!(path.ends_with(event["conversationId"].as_str().unwrap()), "{event}");
    assert!(event["messageId"].is_string() && event["organizationId"].is_null(), "{event}");
    assert!(told.contains("event: message.written\n"), "{told}");

    // What belongs to one business is not there for another.
    app.get(&theirs, &path).await.expect_problem(404, "not_found");
    for list in ["/whatsapp/channels", "/whatsapp/search?q=loja"] {
        assert_ne!(app.get(&ours, list).await.expect(200), json!([]), "{list}");
        assert_eq!(app.get(&theirs, list).await.expect(200), json!([]), "{list}");
    }
    let body = json!({ "to": CUSTOMER, "message": "Olá" });
    app.post(&theirs, "/whatsapp/send", body).await.expect_problem(409, "no_channel");

    // Well before those who are still connected would be cut off.
    tokio::time::timeout(Duration::from_secs(15), app.stop()).await.unwrap();
    let foreign = read_until(&mut foreign, "nothing is like this").await;
    assert!(!foreign.contains("event:"), "{foreign}");
}
