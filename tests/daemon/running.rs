//! Running the place: agents, the dashboard, jobs, reindexing, the audit log, health, metrics.

use reqwest::Method;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_created_changed_and_deleted() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let agents = app.get(&owner, "/agents").await.expect(200);
    assert_eq!(agents.as_array().unwrap().len(), 1, "every business begins with one");
    let new = json!({ "name": "Vendas", "systemPrompt": "Seja breve.", "temperature": 0.2, "locale": "pt" });
    let agent = app.post(&owner, "/agents", new.clone()).await.expect(201);
    assert_eq!(agent["systemPrompt"], "Seja breve.");
    app.post(&owner, "/agents", new).await.expect_problem(409, "conflict");
    let path = format!("/agents/{}", agent["id"].as_str().unwrap());
    let changed = app.put(&owner, &path, json!({ "name": "Vendas 2", "isDefault": true })).await.expect(200);
    assert_eq!((changed["name"].as_str(), changed["isDefault"].as_bool()), (Some("Vendas 2"), Some(true)));
    app.delete(&owner, &path).await.expect_problem(409, "conflict");

    let rows = json!([{ "id": "horario", "title": "Horário", "asks": "Que horas abre?" }]);
    let with_menu = app.put(&owner, &path, json!({ "menu": { "rows": rows } })).await.expect(200);
    let menu = &with_menu["menu"];
    assert_eq!((&menu["rows"][0]["asks"], &menu["person"]), (&json!("Que horas abre?"), &json!(true)));
    assert_eq!(menu["words"], json!(["menu"]));
    let kept = app.put(&owner, &path, json!({ "maxTokens": 100 })).await.expect(200);
    assert_eq!(&kept["menu"], menu, "what is absent stays");
    let long = json!([{ "id": "a", "title": "Um título longo demais para uma linha" }]);
    let wrong = app.put(&owner, &path, json!({ "menu": { "rows": long } })).await;
    wrong.expect_problem(400, "validation_failed");
    assert_eq!(wrong.body["errors"][0]["field"], "menu.rows[0].title", "{}", wrong.body);
    let without = app.put(&owner, &path, json!({ "menu": null })).await.expect(200);
    assert!(without["menu"].is_null(), "{without}");
    let first = format!("/agents/{}", agents[0]["id"].as_str().unwrap());
    app.delete(&owner, &first).await.expect(204);
    app.get(&owner, &first).await.expect_problem(404, "not_found");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_counts_and_the_audit_log_remembers() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "a.txt", "A loja vende ração.").await;
    app.post(&owner, "/rag/query", json!({ "query": "A loja vende ração?" })).await.expect(200);
    let dashboard = app.get(&owner, "/admin/dashboard").await.expect(200);
    assert_eq!(dashboard["stats"]["totalDocuments"], 1);
    assert_eq!(dashboard["stats"]["totalMessages"], 1);
    let log = app.get(&owner, "/admin/audit-log").await.expect(200);
    let line =
        log["data"].as_array().unwrap().iter().find(|l| l["action"] == "documents:create").unwrap().clone();
    assert_eq!(
        (line["actorType"].as_str(), line["actorId"].as_str()),
        (Some("user"), Some(owner.user.as_str()))
    );
    assert!(line["requestId"].is_string() && line["address"] == "127.0.0.1", "{line}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_rebuilt_in_the_background() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let document = app.ingest(&owner, "a.txt", "A loja vende ração para gatos.").await;
    let id = document["id"].as_str().unwrap();
    let one = app.post(&owner, &format!("/admin/documents/{id}/reindex"), json!({})).await.expect(202);
    let all = app.post(&owner, "/admin/reindex-all", json!({})).await.expect(202);
    for job in [one, all] {
        let path = format!("/admin/jobs/{}", job["jobId"].as_str().unwrap());
        // A job that is done is gone.
        while app.get(&owner, &path).await.status != 404 {
            tokio::task::yield_now().await;
        }
    }
    let dead = app.get(&owner, "/admin/jobs?status=dead").await.expect(200);
    assert_eq!(dead["pagination"]["total"], 0, "{dead}");
    let asked =
        app.post(&owner, "/rag/query", json!({ "query": "Vendem ração para gatos?" })).await.expect(200);
    assert_eq!(asked["sources"][0]["documentId"], id);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_is_renamed_configured_and_deleted_with_a_confirmation() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let path = format!("/organizations/{}", owner.organization);
    let change = json!({ "name": "Novo Nome", "settings": { "retention": { "conversationsDays": 30 } } });
    let changed = app.put(&owner, &path, change).await.expect(200);
    assert_eq!(changed["settings"]["retention"]["conversationsDays"], 30);
    let wrong = json!({ "settings": { "retention": { "conversationsDays": 0 } } });
    app.put(&owner, &path, wrong).await.expect_problem(400, "validation_failed");
    let refused = app.delete(&owner, &format!("{path}?confirm=nope")).await;
    assert_eq!(refused.status.as_u16(), 400, "{}", refused.body);
    let slug = changed["slug"].as_str().unwrap();
    app.delete(&owner, &format!("{path}?confirm={slug}")).await.expect(204);
    app.get(&owner, &path).await.expect_problem(401, "invalid_token");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_each_part_and_metrics_are_for_those_who_may() {
    let app = TestApp::start_with(|c| c.server.metrics_allow = vec!["10.0.0.0/8".into()]).await;
    let owner = app.owner().await;
    app.ingest(&owner, "a.txt", "A loja vende ração.").await;
    let ready = app.send(app.request(Method::GET, "/health/ready")).await.expect(200);
    for part in ["database", "index", "storage", "embeddings"] {
        assert_eq!(ready["services"][part], "ok", "{ready}");
    }
    app.send(app.request(Method::GET, "/metrics")).await.expect_problem(404, "not_found");
    app.stop().await;

    let app = TestApp::start().await;
    app.send(app.request(Method::GET, "/documents")).await.expect_problem(401, "unauthenticated");
    let text = app.send(app.request(Method::GET, "/metrics")).await.expect(200);
    let text = text.as_str().unwrap();
    assert!(text.contains("http_requests_total{") && text.contains("route=\"/api/v1/documents\""), "{text}");
    assert!(text.contains("http_request_duration_seconds_bucket"), "{text}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_without_its_index_but_lives() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "a.txt", "A loja vende ração.").await;
    std::fs::remove_dir_all(app.data().join("index")).unwrap();
    let ready = app.send(app.request(Method::GET, "/health/ready")).await;
    assert_eq!((ready.status.as_u16(), ready.body["status"].as_str()), (503, Some("down")), "{}", ready.body);
    app.send(app.request(Method::GET, "/health/live")).await.expect(200);
    let asked = app.post(&owner, "/rag/query", json!({ "query": "Vendem ração?" })).await;
    assert_eq!(asked.status.as_u16(), 503, "{}", asked.body);
    assert!(asked.headers.contains_key("retry-after"));
    app.stop().await;
}
