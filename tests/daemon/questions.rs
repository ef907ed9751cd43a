//! Questions over the wire: conversations, the cache, streaming, sources, feedback, limits.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Login, TestApp};

const HOURS: &str =
    "# Horário\n\nDe segunda a sábado a loja abre das 9h às 19h. Aos domingos a loja abre das 10h às 14h.";

async fn asked(app: &TestApp, who: &Login, body: Value) -> Value {
    app.post(who, "/rag/query", body).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_evidence_there_is_no_answer() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let empty = asked(&app, &owner, json!({ "query": "A loja abre no domingo?" })).await;
    assert_eq!((empty["sources"].clone(), empty["model"].clone()), (json!([]), json!("none")));
    app.ingest(&owner, "horario.md", HOURS).await;
    let off = asked(&app, &owner, json!({ "query": "Vocês consertam bicicletas elétricas?" })).await;
    assert_eq!((off["sources"].clone(), off["model"].clone()), (json!([]), json!("none")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_question_is_answered_from_the_cache_until_documents_change() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    let first = asked(&app, &owner, json!({ "query": "A loja abre aos domingos?" })).await;
    let second = asked(&app, &owner, json!({ "query": "a loja abre aos DOMINGOS" })).await;
    assert_eq!(first["answer"], second["answer"]);
    assert_ne!(first["queryId"], second["queryId"]);
    assert!(metrics(&app).await.contains("rag_queries_total{outcome=\"cached\"}"));
    app.ingest(&owner, "horario.md", "# Horário\n\nAos domingos a loja não abre mais, fica fechada.").await;
    let third = asked(&app, &owner, json!({ "query": "A loja abre aos domingos?" })).await;
    assert!(third["answer"].as_str().unwrap().contains("fechada"), "{third}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_question_is_understood_from_the_conversation() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    let other = "# Entregas\n\nAs entregas custam 8 reais e saem de terça a sexta.";
    app.ingest(&owner, "entregas.md", other).await;
    let conversation = "018f0000-0000-7000-8000-000000000001";
    let ask = |query: &str| json!({ "query": query, "conversationId": conversation });
    asked(&app, &owner, ask("Que horas a loja abre de segunda a sábado?")).await;
    let follow_up = asked(&app, &owner, ask("E no domingo?")).await;
    assert!(follow_up["answer"].as_str().unwrap().contains("10h"), "{follow_up}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_streamed() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    let request = app.request(Method::POST, "/rag/query/stream").bearer_auth(&owner.access);
    let response = request.json(&json!({ "query": "A loja abre aos domingos?" })).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    let data = |name: &str| -> Vec<Value> {
        let events = text.split("\n\n").filter(|e| e.contains(&format!("event: {name}\n")));
        events.map(|e| serde_json::from_str(e.split_once("data: ").unwrap().1).unwrap()).collect()
    };
    let (pieces, answers) = (data("piece"), data("answer"));
    let whole: String = pieces.iter().map(|p| p["text"].as_str().unwrap()).collect();
    assert_eq!(answers.len(), 1, "{text}");
    assert_eq!(answers[0]["answer"], whole);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sources_of_an_answer_can_be_looked_up_and_rated() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    let answer = asked(&app, &owner, json!({ "query": "A loja abre aos domingos?" })).await;
    let id = answer["queryId"].as_str().unwrap();
    let sources = app.get(&owner, &format!("/rag/sources/{id}")).await.expect(200);
    assert_eq!(sources["query"], "A loja abre aos domingos?");
    assert!(sources["sources"][0]["content"].as_str().unwrap().contains("10h às 14h"));
    assert_eq!(sources["sources"][0]["isCurrent"], true);
    let feedback = format!("/rag/feedback/{id}");
    app.post(&owner, &feedback, json!({ "rating": "up", "comment": "certo" })).await.expect(200);
    app.post(&owner, &feedback, json!({ "rating": "sideways" }))
        .await
        .expect_problem(400, "validation_failed");
    let nobody = "/rag/sources/018f0000-0000-7000-8000-000000000000";
    app.get(&owner, nobody).await.expect_problem(404, "not_found");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_out_of_range_name_their_field() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let wrong = [
        (json!({ "query": "" }), "query"),
        (json!({ "query": "x".repeat(4097) }), "query"),
        (json!({ "query": "x", "topK": 101 }), "topK"),
        (json!({ "query": "x", "topK": "many" }), "topK"),
        (json!({ "query": "x", "minScore": 1.5 }), "minScore"),
        (json!({ "query": "x", "temperature": -1 }), "temperature"),
        (json!({ "query": "x", "maxTokens": 0 }), "maxTokens"),
        (json!({ "query": "x", "agentId": "7" }), "agentId"),
        (json!({ "query": "x", "flavour": 1 }), "flavour"),
        (json!({}), "query"),
    ];
    for (body, field) in wrong {
        let answer = app.post(&owner, "/rag/query", body.clone()).await;
        answer.expect_problem(400, "validation_failed");
        assert!(answer.body["errors"].to_string().contains(field), "{body}: {}", answer.body);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_limits_the_answers_of_a_month() {
    let app = TestApp::start_with(|c| c.plan.max_monthly_messages = 1).await;
    let owner = app.owner().await;
    asked(&app, &owner, json!({ "query": "Quanto custa a diária?" })).await;
    let second = app.post(&owner, "/rag/query", json!({ "query": "E o café da manhã?" })).await;
    second.expect_problem(402, "message_limit_reached");
    let path = format!("/organizations/{}", owner.organization);
    assert_eq!(app.get(&owner, &path).await.expect(200)["usage"]["messagesThisMonth"], 1);
    app.stop().await;
}

async fn metrics(app: &TestApp) -> String {
    app.send(app.request(Method::GET, "/metrics")).await.expect(200).as_str().unwrap().to_owned()
}
