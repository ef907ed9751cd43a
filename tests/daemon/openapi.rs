//! The OpenAPI document against the routes and against what they really answer.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::FakeGraph;

use crate::app::TestApp;
use crate::whatsapp;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_complete_and_its_page_works_offline() {
    let app = TestApp::start().await;
    let document = app.send(app.request(Method::GET, "/openapi.json")).await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "/api/v1");
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{name}");
            let known = ["openapi", "400", "429", "503"].iter().skip(1);
            for status in known {
                assert!(!operation["responses"][status].is_null(), "{name} does not say {status}");
            }
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let page = app.send(app.request(Method::GET, "/docs")).await;
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    let page = page.expect(200);
    assert!(!page.as_str().unwrap().contains("https://"), "the page needs nothing from elsewhere");
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "start.js"] {
        app.send(app.request(Method::GET, &format!("/docs/{file}"))).await.expect(200);
    }
    app.send(app.request(Method::GET, "/docs/..%2Fsecret")).await.expect_problem(404, "not_found");
    app.stop().await;
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "$ref" => found.push(text.clone()),
                    other => collect_references(other, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|v| collect_references(v, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_what_the_document_says() {
    let graph = FakeGraph::start().await;
    let app = TestApp::start_with(|c| whatsapp::channel(c, &graph.base_url())).await;
    let document = app.send(app.request(Method::GET, "/openapi.json")).await.expect(200);
    let owner = app.owner().await;
    let uploaded = app.ingest(&owner, "a.txt", "A loja vende ração para gatos.").await;
    let asked = json!({ "query": "Vendem ração para gatos?" });
    let query = app.post(&owner, "/rag/query", asked).await.expect(200);
    let id = uploaded["id"].as_str().unwrap();
    let query_id = query["queryId"].as_str().unwrap();
    app.post(&owner, "/auth/api-keys", json!({})).await.expect(201);
    app.post(&owner, "/users/invitations", json!({ "email": "x@example.com" })).await.expect(201);
    conforms(&document, "/rag/query", "post", "200", &query);
    whatsapp::customer_writes(&app, "wamid.1", "Vendem ração para gatos?").await;
    graph.wait_for(1).await;
    let reply = json!({ "to": "5511999990001", "message": "Vendemos, sim." });
    let sent = app.post(&owner, "/whatsapp/send", reply).await.expect(200);
    conforms(&document, "/whatsapp/send", "post", "200", &sent);
    let conversation = format!("/whatsapp/conversations/{}", sent["conversationId"].as_str().unwrap());
    app.post(&owner, &format!("{conversation}/notes"), json!({ "content": "gata" })).await.expect(201);
    let contact = app.get(&owner, &conversation).await.expect(200)["contact"]["id"].clone();
    let contact = contact.as_str().unwrap();
    let reads = [
        ("/documents", "/documents".to_owned()),
        ("/documents/{id}", format!("/documents/{id}")),
        ("/documents/{id}/chunks", format!("/documents/{id}/chunks")),
        ("/rag/sources/{queryId}", format!("/rag/sources/{query_id}")),
        ("/agents", "/agents".to_owned()),
        ("/whatsapp/conversations", "/whatsapp/conversations".to_owned()),
        ("/whatsapp/conversations/{id}", conversation.clone()),
        ("/whatsapp/conversations/{id}/messages", format!("{conversation}/messages")),
        ("/whatsapp/conversations/{id}/notes", format!("{conversation}/notes")),
        ("/whatsapp/conversations/{id}/export", format!("{conversation}/export")),
        ("/contacts", "/contacts".to_owned()),
        ("/contacts/{id}", format!("/contacts/{contact}")),
        ("/contacts/{id}/export", format!("/contacts/{contact}/export")),
        ("/whatsapp/search", "/whatsapp/search?q=gatos".to_owned()),
        ("/whatsapp/channels", "/whatsapp/channels".to_owned()),
        ("/users", "/users".to_owned()),
        ("/users/me", "/users/me".to_owned()),
        ("/users/invitations", "/users/invitations".to_owned()),
        ("/auth/api-keys", "/auth/api-keys".to_owned()),
        ("/organizations", "/organizations".to_owned()),
        ("/organizations/{id}", format!("/organizations/{}", owner.organization)),
        ("/billing/subscription", "/billing/subscription".to_owned()),
        ("/billing/invoices", "/billing/invoices".to_owned()),
        ("/admin/dashboard", "/admin/dashboard".to_owned()),
        ("/admin/audit-log", "/admin/audit-log".to_owned()),
        ("/admin/jobs", "/admin/jobs".to_owned()),
        ("/health", "/health".to_owned()),
        ("/health/ready", "/health/ready".to_owned()),
        ("/health/live", "/health/live".to_owned()),
    ];
    for (path, real) in reads {
        let answer = app.get(&owner, &real).await.expect(200);
        conforms(&document, path, "get", "200", &answer);
    }
    let missing = app.get(&owner, "/documents/018f0000-0000-7000-8000-000000000000").await.expect(404);
    conforms(&document, "/documents/{id}", "get", "404", &missing);
    app.stop().await;
}

#[track_caller]
fn conforms(document: &Value, path: &str, method: &str, status: &str, value: &Value) {
    let response = &document["paths"][path][method]["responses"][status];
    let content =
        response["content"].as_object().unwrap_or_else(|| panic!("{method} {path} {status}: no content"));
    let schema = &content.values().next().unwrap()["schema"];
    if let Err(problem) = fits(document, schema, value, "$") {
        panic!("{method} {path} {status}: {problem}\n{value}");
    }
}

/// Whether `value` is what `schema` describes: types, required and unknown properties, enumerations.
fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(document, document.pointer(&reference[1..]).unwrap(), value, at);
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(options) = schema[word].as_array() {
            let fitting = options.iter().filter(|o| fits(document, o, value, at).is_ok()).count();
            return if fitting > 0 { Ok(()) } else { Err(format!("{at}: none of {word} fits")) };
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().try_for_each(|part| fits(document, part, value, at));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Err(format!("{at}: {value} is not among {allowed:?}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fitting = types.contains(&actual) || (actual == "integer" && types.contains(&"number"));
    if !fitting {
        return Err(format!("{at}: {actual} where {types:?} is said"));
    }
    if let (Some(items), Value::Array(list)) = (schema.get("items"), value) {
        for (i, item) in list.iter().enumerate() {
            fits(document, items, item, &format!("{at}[{i}]"))?;
        }
    }
    let (Some(properties), Value::Object(map)) = (schema["properties"].as_object(), value) else {
        return Ok(());
    };
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !map.contains_key(required) {
            return Err(format!("{at}.{required} is missing"));
        }
    }
    map.iter()
        .filter_map(|(k, v)| Some((k, v, properties.get(k)?)))
        .try_for_each(|(key, value, schema)| fits(document, schema, value, &format!("{at}.{key}")))
}
