//! Customers who need a person, over the wire: the owner's phone, the night, and nobody who could be told.

use agent_core::clock::{Clock, SystemClock};
use chrono::{Datelike, Days, Weekday};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{FakeGraph, FakeMedia, SentMessage};

use crate::app::{Login, TestApp};
use crate::whatsapp::{CHANNEL, CUSTOMER, HOURS, QUESTION, channel, customer_writes, post_about};

const OWNER: &str = "5511988880009";

/// A daemon whose channel has more than most.
async fn start(graph: &FakeGraph, more: Value) -> (TestApp, Login) {
    let app = TestApp::start_with(|config| {
        channel(config, &graph.base_url());
        let channel = config.whatsapp.channels.get_mut(CHANNEL).unwrap();
        channel.owner = Some(OWNER.to_owned());
        channel.closed_text = more["closed_text"].as_str().map(str::to_owned);
        channel.hours = serde_json::from_value(more["hours"].clone()).unwrap();
    })
    .await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    (app, owner)
}

/// Somebody sends a message of any kind.
async fn sends(app: &TestApp, from: &str, id: &str, rest: Value) {
    let mut message =
        json!({ "from": from, "id": id, "timestamp": SystemClock.now().timestamp().to_string() });
    message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let contacts = json!([{ "profile": { "name": "Ana" }, "wa_id": from }]);
    post_about(app, json!({ "contacts": contacts, "messages": [message] })).await;
}

async fn writes(app: &TestApp, from: &str, id: &str, text: &str) {
    sends(app, from, id, json!({ "type": "text", "text": { "body": text } })).await;
}

/// The message to somebody that contains a text, once it was sent.
async fn sent(graph: &FakeGraph, whom: &str, text: &str) -> SentMessage {
    loop {
        let all = graph.sent();
        if let Some(found) = all.iter().rfind(|m| m.addressee() == whom && m.text().contains(text)) {
            return found.clone();
        }
        graph.wait_for(all.len() + 1).await;
    }
}

async fn conversation_of(app: &TestApp, who: &Login, phone: &str) -> Value {
    let list = app.get(who, "/whatsapp/conversations").await.expect(200);
    let all = list["data"].as_array().unwrap().clone();
    all.into_iter().find(|c| c["contact"]["phone"] == phone).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_takes_over_on_their_phone_and_gives_back() {
    let graph = FakeGraph::start().await;
    let (app, owner) = start(&graph, json!({})).await;
    writes(&app, OWNER, "wamid.o1", QUESTION).await;
    sent(&graph, OWNER, "10h").await;
    writes(&app, CUSTOMER, "wamid.1", "Quero falar com um atendente").await;
    sent(&graph, CUSTOMER, "Vou chamar uma pessoa").await;
    let alert = sent(&graph, OWNER, "pediu para falar com uma pessoa").await;
    assert!(alert.text().contains("> Quero falar com um atendente"), "{}", alert.text());
    let button = &alert.payload["interactive"]["action"]["buttons"][0]["reply"];
    let press = json!({
        "type": "interactive", "context": { "from": "1", "id": alert.id },
        "interactive": { "type": "button_reply", "button_reply": button }
    });
    sends(&app, OWNER, "wamid.o2", press).await;
    let opened = sent(&graph, OWNER, "Você está falando com Ana (…0001)").await;
    writes(&app, OWNER, "wamid.o3", "Oi, aqui é a dona.").await;
    sent(&graph, CUSTOMER, "Oi, aqui é a dona.").await;
    graph.add_media("foto", FakeMedia::new("image/png", vec![1, 2, 3]));
    let picture =
        json!({ "type": "image", "image": { "id": "foto", "mime_type": "image/png", "caption": "este?" } });
    sends(&app, CUSTOMER, "wamid.2", picture).await;
    let passed_on = sent(&graph, OWNER, "> este?").await;
    let file = passed_on.payload["image"]["id"].as_str().unwrap();
    assert_eq!(graph.media(file), Some(("image/png".to_owned(), vec![1, 2, 3])));
    let shown = conversation_of(&app, &owner, CUSTOMER).await;
    assert!(shown["state"] == "human" && shown["relayedAt"].is_string(), "{shown}");

    writes(&app, CUSTOMER, "wamid.3", QUESTION).await;
    sent(&graph, OWNER, QUESTION).await;
    let back = &opened.payload["interactive"]["action"]["buttons"][0]["reply"];
    let press = json!({
        "type": "interactive", "context": { "from": "1", "id": opened.id },
        "interactive": { "type": "button_reply", "button_reply": back }
    });
    sends(&app, OWNER, "wamid.o4", press).await;
    sent(&graph, OWNER, "devolvida ao robô").await;
    sent(&graph, CUSTOMER, "10h").await;
    assert_eq!(conversation_of(&app, &owner, CUSTOMER).await["state"], "bot");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_night_questions_are_answered_and_who_wants_a_person_hears_when_one_comes() {
    let graph = FakeGraph::start().await;
    // Open for an hour in three days.
    let opens = (SystemClock.now().date_naive() + Days::new(3)).weekday();
    let mut hours = json!({ "timezone": "UTC" });
    let mut day = Weekday::Mon;
    for name in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] {
        hours[name] = json!(if day == opens { "08:00-09:00" } else { "closed" });
        day = day.succ();
    }
    let (app, owner) = start(&graph, json!({ "closed_text": "A loja está fechada.", "hours": hours })).await;
    writes(&app, OWNER, "wamid.o1", QUESTION).await;
    sent(&graph, OWNER, "10h").await;
    writes(&app, CUSTOMER, "wamid.1", "Quero falar com um atendente").await;
    let told = sent(&graph, CUSTOMER, "A loja está fechada.").await;
    assert!(told.text().contains("a partir das 08:00"), "{}", told.text());
    sent(&graph, OWNER, "pediu para falar com uma pessoa").await;
    let shown = conversation_of(&app, &owner, CUSTOMER).await;
    assert!(shown["state"] == "human" && shown["personWantedAt"].is_string(), "{shown}");
    customer_writes(&app, "wamid.2", QUESTION).await;
    sent(&graph, CUSTOMER, "10h").await;
    let waiting = app.get(&owner, "/admin/jobs?type=whatsapp.opening").await.expect(200);
    assert_eq!(waiting["pagination"]["total"], 1, "{waiting}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_be_told_everybody_hears_it() {
    let graph = FakeGraph::start().await;
    let (app, owner) = start(&graph, json!({})).await;
    let health = app.send(app.request(Method::GET, "/health")).await.expect(200);
    let alerts = health["services"]["alerts"].as_str().unwrap();
    assert!(alerts.contains("nobody can be told") && health["status"] == "degraded", "{health}");
    let channels = app.get(&owner, "/whatsapp/channels").await.expect(200);
    assert_eq!(
        (&channels[0]["reachable"], &channels[0]["alerts"][0]["usable"]),
        (&json!(false), &json!(false))
    );
    writes(&app, CUSTOMER, "wamid.1", "Quero falar com um atendente").await;
    sent(&graph, CUSTOMER, "não consigo avisar ninguém da equipe").await;
    customer_writes(&app, "wamid.2", QUESTION).await;
    sent(&graph, CUSTOMER, "10h").await;
    // The owner writes: from now on they can be told.
    writes(&app, OWNER, "wamid.o1", QUESTION).await;
    sent(&graph, OWNER, "10h").await;
    let channels = app.get(&owner, "/whatsapp/channels").await.expect(200);
    assert_eq!(channels[0]["reachable"], true, "{channels}");
    app.stop().await;
}
