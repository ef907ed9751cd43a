//! Every route × every role × another business: who may, may; who may not, is told so; and what belongs
//! to somebody else is not there. The routes come from the OpenAPI document, so a new one is walked
//! from its first day.

use std::collections::BTreeMap;

use agent_core::model::Permission;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::FakeGraph;

use crate::app::{Login, TestApp};
use crate::whatsapp::{self, CHANNEL};

/// A route of the document.
struct Route {
    method: Method,
    path: String,
    permission: Option<Permission>,
    open: bool,
}

async fn routes(app: &TestApp) -> Vec<Route> {
    let document = app.send(app.request(Method::GET, "/openapi.json")).await.expect(200);
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation[agentd::PERMISSION].as_str();
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                permission: name.map(|n| Permission::from_name(n).unwrap()),
                open: operation["security"].as_array().is_some_and(Vec::is_empty),
            });
        }
    }
    assert!(routes.len() > 40, "{}", routes.len());
    routes
}

/// Ids of things that exist, by the word in the path before them.
async fn things(app: &TestApp, who: &Login) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let document = app.ingest(who, "segredo.txt", "O cofre da loja fica atrás do quadro.").await;
    let answer =
        app.post(who, "/rag/query", json!({ "query": "Onde fica o cofre da loja?" })).await.expect(200);
    let agent = app.post(who, "/agents", json!({ "name": "Extra" })).await.expect(201);
    let key = app.post(who, "/auth/api-keys", json!({ "name": "k" })).await.expect(201);
    let invitation = app.post(who, "/users/invitations", json!({})).await.expect(201);
    let job = app.post(who, "/admin/reindex-all", json!({})).await.expect(202);
    whatsapp::customer_writes(app, "wamid.1", "Onde fica o cofre da loja?").await;
    let conversations = app.get(who, "/whatsapp/conversations").await.expect(200);
    BTreeMap::from([
        ("documents", text(&document["id"])),
        ("sources", text(&answer["queryId"])),
        ("feedback", text(&answer["queryId"])),
        ("agents", text(&agent["id"])),
        ("api-keys", text(&key["key"]["id"])),
        ("invitations", text(&invitation["invitation"]["id"])),
        ("jobs", text(&job["jobId"])),
        ("users", who.user.clone()),
        ("organizations", who.organization.clone()),
        ("conversations", text(&conversations["data"][0]["id"])),
        ("contacts", text(&conversations["data"][0]["contact"]["id"])),
        ("webhook", CHANNEL.to_owned()),
    ])
}

/// The path with ids in it, and whether there was room for one.
fn filled(path: &str, things: &BTreeMap<&str, String>) -> (String, bool) {
    let parts: Vec<&str> = path.split('/').collect();
    let fill = |(i, part): (usize, &&str)| {
        if part.starts_with('{') { things[parts[i - 1]].clone() } else { (*part).to_owned() }
    };
    let filled: Vec<String> = parts.iter().enumerate().map(fill).collect();
    (filled.join("/"), path.contains('{'))
}

/// A body as the route wants it: without one, whether there is a thing of that id is not looked at.
fn wanted_body(path: &str) -> Option<Value> {
    match path {
        "/rag/feedback/{queryId}" => Some(json!({ "rating": "up" })),
        "/whatsapp/conversations/{id}/messages" => Some(json!({ "message": "Olá" })),
        "/whatsapp/conversations/{id}/notes" => Some(json!({ "content": "Olá" })),
        "/whatsapp/conversations/{id}/status" => Some(json!({ "status": "blocked" })),
        _ => None,
    }
}

async fn call(app: &TestApp, who: Option<&Login>, route: &Route, path: &str) -> crate::app::Answer {
    let mut request = app.request(route.method.clone(), path);
    if let Some(who) = who {
        request = request.bearer_auth(&who.access);
    }
    // A body that breaks a rule: whoever gets this far was let in, and nothing is changed.
    if matches!(route.method, Method::POST | Method::PUT) {
        request = request.json(&json!({ "no_such_field": 1 }));
    }
    app.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_what_it_declares() {
    let graph = FakeGraph::start().await;
    let app = TestApp::start_with(|c| whatsapp::channel(c, &graph.base_url())).await;
    let owner = app.owner().await;
    let nobody = "018f0000-0000-7000-8000-000000000000";
    let ids: BTreeMap<_, _> =
        things(&app, &owner).await.into_keys().map(|k| (k, nobody.to_owned())).collect();
    let people = [
        ("owner", owner.clone()),
        ("admin", app.member(&owner, "admin@example.com", "admin", "read_only").await),
        ("admin", app.member(&owner, "chefe@example.com", "member", "admin").await),
        ("agent", app.member(&owner, "agente@example.com", "member", "agent").await),
        ("read_only", app.member(&owner, "leitor@example.com", "member", "read_only").await),
    ];
    for route in routes(&app).await {
        // Those act on the caller's own account: tried elsewhere.
        if matches!(route.path.as_str(), "/auth/logout" | "/users/me") {
            continue;
        }
        let (path, _) = filled(&route.path, &ids);
        let name = format!("{} {path}", route.method);
        if route.open {
            let status = call(&app, None, &route, &path).await.status;
            // Nobody has to be logged in there, and yet not everybody is welcome.
            let wary = matches!(path.as_str(), "/auth/refresh" | "/whatsapp/webhook");
            assert!(status != 401 || wary, "{name}: {status}");
            continue;
        }
        call(&app, None, &route, &path).await.expect_problem(401, "unauthenticated");
        for (role, who) in &people {
            let may = route.permission.is_none_or(|p| p.granted_to(role));
            let answer = call(&app, Some(who), &route, &path).await;
            let refused = answer.code() == "permission_denied";
            assert_eq!(refused, !may, "{name} as {role}: {} {}", answer.status, answer.body);
            assert!(answer.status.as_u16() < 500, "{name} as {role}: {}", answer.body);
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_business_finds_nothing_of_ours() {
    let graph = FakeGraph::start().await;
    let app = TestApp::start_with(|c| {
        c.auth.registration = agent_core::config::RegistrationMode::Open;
        whatsapp::channel(c, &graph.base_url());
    })
    .await;
    let ours = app.register("nos@example.com", json!({ "organizationName": "Nós" })).await;
    let theirs = app.register("eles@example.com", json!({ "organizationName": "Eles" })).await;
    let ids = things(&app, &ours).await;
    for route in routes(&app).await {
        let (path, has_id) = filled(&route.path, &ids);
        // Without a login there is no other business: a channel's webhook proves itself by its signature.
        if !has_id || route.open {
            continue;
        }
        let mut request = app.request(route.method.clone(), &path).bearer_auth(&theirs.access);
        if route.path == "/organizations/{id}" && route.method == Method::DELETE {
            request =
                app.request(route.method.clone(), &format!("{path}?confirm=nos")).bearer_auth(&theirs.access);
        }
        if matches!(route.method, Method::PUT) {
            request = request.json(&json!({}));
        } else if route.method == Method::POST
            && let Some(body) = wanted_body(&route.path)
        {
            request = request.json(&body);
        }
        let answer = app.send(request).await;
        assert_eq!(answer.status.as_u16(), 404, "{} {}: {}", route.method, route.path, answer.body);
    }
    // Lists and answers show only one's own.
    for list in [
        "/documents",
        "/agents",
        "/auth/api-keys",
        "/users",
        "/users/invitations",
        "/admin/jobs",
        "/admin/audit-log",
        "/whatsapp/conversations",
        "/contacts",
        "/whatsapp/channels",
        "/whatsapp/search?q=cofre",
        "/billing/subscription",
        "/billing/invoices",
    ] {
        let text = app.get(&theirs, list).await.expect(200).to_string();
        for id in ids.values() {
            assert!(!text.contains(id.as_str()), "{list} shows {id}: {text}");
        }
    }
    let asked =
        app.post(&theirs, "/rag/query", json!({ "query": "Onde fica o cofre da loja?" })).await.expect(200);
    assert_eq!(asked["sources"], json!([]));
    // And all of ours is still there.
    app.get(&ours, &format!("/documents/{}", ids["documents"])).await.expect(200);
    app.get(&ours, &format!("/agents/{}", ids["agents"])).await.expect(200);
    let conversation = format!("/whatsapp/conversations/{}", ids["conversations"]);
    assert_eq!(app.get(&ours, &conversation).await.expect(200)["status"], "active");
    app.get(&ours, &format!("/contacts/{}", ids["contacts"])).await.expect(200);
    app.stop().await;
}
