//! What the internet sends: malformed, oversized, slow, half open, too much. A 4xx with a code or a
//! closed connection, never a 5xx, and the daemon goes on serving others.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::TestApp;

async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    // The server may have answered and closed before everything was sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_bodies_are_told_apart() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let post = |kind: &'static str, body: &'static [u8]| {
        let request = app.request(Method::POST, "/agents").bearer_auth(&owner.access);
        app.send(request.header("content-type", kind).body(body))
    };
    post("application/json", b"{\"name\":").await.expect_problem(400, "malformed_json");
    post("application/json", b"").await.expect_problem(400, "malformed_json");
    post("application/json", b"{\"name\":\"\xff\xfe\"}").await.expect_problem(400, "malformed_json");
    post("application/json", b"{\"name\":\"a\"} trailing").await.expect_problem(400, "malformed_json");
    post("application/json", b"[1]").await.expect_problem(400, "validation_failed");
    post("application/json", b"{\"name\":7}").await.expect_problem(400, "validation_failed");
    post("application/json", b"{\"name\":\"a\",\"unknown\":1}")
        .await
        .expect_problem(400, "validation_failed");
    post("text/plain", b"{\"name\":\"a\"}").await.expect_problem(415, "unsupported_media_type");
    let deep = "[".repeat(100_000);
    let request = app.request(Method::POST, "/agents").bearer_auth(&owner.access);
    let answer = app.send(request.header("content-type", "application/json").body(deep)).await;
    assert!(answer.status.is_client_error(), "{}", answer.body);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let body = json!({ "name": "x", "systemPrompt": "y".repeat(2 * 1024 * 1024) });
    app.post(&owner, "/agents", body).await.expect_problem(413, "payload_too_large");

    let many: String = (0..10_000).map(|i| format!("X-{i}: 1\r\n")).collect();
    let answer = raw(&app, format!("GET /api/v1/health HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = format!("GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(300_000));
    let answer = raw(&app, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    app.send(app.request(Method::GET, "/health")).await.expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_and_half_open_connections_harm_nobody() {
    let app = TestApp::start_with(|c| {
        c.server.header_timeout_seconds = 1;
        c.server.idle_timeout_seconds = 1;
    })
    .await;
    assert!(raw(&app, b"\x16\x03\x01\x02\x00 not http\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    // A slow header, and a body that stops coming.
    let slow = raw(&app, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Slow").await;
    assert!(slow.is_empty() || slow.starts_with("HTTP/1.1 408"), "{slow}");
    let head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let stuck = raw(&app, head).await;
    assert!(stuck.is_empty() || stuck.starts_with("HTTP/1.1 4"), "{stuck}");
    app.send(app.request(Method::GET, "/health")).await.expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_cap_connections_wait_and_are_served_when_there_is_room() {
    let app = TestApp::start_with(|c| c.server.max_connections = 2).await;
    let first = TcpStream::connect(app.address).await.unwrap();
    let second = TcpStream::connect(app.address).await.unwrap();
    let waiting = tokio::spawn({
        let address = app.address;
        async move {
            let mut third = TcpStream::connect(address).await.unwrap();
            third
                .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut answer = String::new();
            third.read_to_string(&mut answer).await.unwrap();
            answer
        }
    });
    drop((first, second));
    let answer = tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_too_often_is_told_when_to_come_back() {
    let app = TestApp::start_with(|c| c.server.requests_per_second = 5).await;
    let mut refused = None;
    for _ in 0..50 {
        let answer = app.send(app.request(Method::GET, "/health")).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("fifty requests at once are too many for five a second");
    refused.expect_problem(429, "rate_limited");
    assert!(refused.headers.contains_key("retry-after"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_and_ids_are_problems() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.get(&owner, "/nothing").await.expect_problem(404, "not_found");
    let wrong = app.send(app.request(Method::PATCH, "/documents").bearer_auth(&owner.access)).await;
    wrong.expect_problem(405, "method_not_allowed");
    assert!(wrong.headers["allow"].to_str().unwrap().contains("GET"));
    app.get(&owner, "/documents/not-an-id").await.expect_problem(400, "invalid_id");
    app.get(&owner, "/documents/%ff").await.expect_problem(400, "invalid_id");
    let answer = app.send(app.request(Method::GET, "/health")).await;
    for header in
        ["x-request-id", "x-content-type-options", "content-security-policy", "strict-transport-security"]
    {
        assert!(answer.headers.contains_key(header), "{header}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_configured_pages_may_call_from_a_browser() {
    let app =
        TestApp::start_with(|c| c.server.cors_origins = vec!["https://painel.example.com".into()]).await;
    let preflight = |origin: &'static str| {
        let request = app.request(Method::OPTIONS, "/documents");
        app.send(request.header("origin", origin).header("access-control-request-method", "GET"))
    };
    let ours = preflight("https://painel.example.com").await;
    assert_eq!(ours.headers["access-control-allow-origin"], "https://painel.example.com");
    let other = preflight("https://evil.example.com").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_hand_are_finished_when_it_stops() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let body = json!({ "email": "dona@example.com", "password": crate::app::PASSWORD }).to_string();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server has the request in hand once it asks for more of it.
    stream.write_all(&body.as_bytes()[..5]).await.unwrap();
    app.send(app.request(Method::GET, "/health")).await.expect(200);
    let stopping = tokio::spawn(app.stop());
    stream.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stopping.await.unwrap();
}
