//! A daemon in this process: the real server on a real socket, the real store, index and model.

use std::path::PathBuf;
use std::time::Duration;

use agent_core::{Config, ConfigSources};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A password that is good enough.
pub const PASSWORD: &str = "uma senha bem comprida";

/// A running daemon with a client.
pub struct TestApp {
    pub address: std::net::SocketAddr,
    pub client: reqwest::Client,
    pub dir: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<anyhow::Result<()>>,
}

/// What a registration or a login gives.
#[derive(Clone)]
pub struct Login {
    pub access: String,
    pub refresh: String,
    pub user: String,
    pub organization: String,
}

/// An answer, read.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// Fails unless it is this problem, in the form problems have.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
    }
}

/// The configuration of a test: the runtime files of this machine, everything else in `dir`.
pub fn config(dir: &std::path::Path) -> Config {
    let file = dir.join("config.toml");
    if !file.exists() {
        std::fs::write(&file, "").unwrap();
    }
    let mut env = ConfigSources::from_process().env;
    env.retain(|name, _| !name.ends_with("_API_KEY"));
    let sources = ConfigSources { file: Some(file), data_dir: Some(dir.join("data")), env };
    let mut config = Config::load(&sources).unwrap();
    config.ingest.parser_command =
        vec![env!("CARGO_BIN_EXE_agentd").to_owned(), agent_core::engine::PARSE_WORKER_ARGUMENT.to_owned()];
    // Tests are one impatient client.
    config.server.requests_per_second = 0;
    config
}

impl TestApp {
    /// A daemon with an empty data directory.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with another configuration.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(dir.path());
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, told) = oneshot::channel();
        let running = tokio::spawn(agentd::run(config, listener, async move {
            let _ = told.await;
        }));
        let client = agent_core::net::client(Duration::from_mins(1), "agentd-tests").unwrap();
        Self { address, client, dir, stop: Some(stop), running }
    }

    /// An address of the API.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    /// A request without a login.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        // Events have no end to wait for.
        let events = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let text = if events { String::new() } else { response.text().await.unwrap() };
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, headers, body }
    }

    pub async fn get(&self, who: &Login, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).bearer_auth(&who.access)).await
    }

    pub async fn post(&self, who: &Login, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).bearer_auth(&who.access).json(&body)).await
    }

    pub async fn put(&self, who: &Login, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).bearer_auth(&who.access).json(&body)).await
    }

    pub async fn delete(&self, who: &Login, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).bearer_auth(&who.access)).await
    }

    /// A body without a login.
    pub async fn post_open(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Registers somebody.
    pub async fn register(&self, email: &str, extra: Value) -> Login {
        let mut body = json!({ "email": email, "password": PASSWORD });
        for (key, value) in extra.as_object().cloned().unwrap_or_default() {
            body[key] = value;
        }
        login(&self.post_open("/auth/register", body).await.expect(201))
    }

    /// The owner of the deployment.
    pub async fn owner(&self) -> Login {
        self.register("dona@example.com", json!({ "organizationName": "Bicho Sereno" })).await
    }

    /// Somebody invited into the business of `by`.
    pub async fn member(&self, by: &Login, email: &str, member_role: &str, role: &str) -> Login {
        let offer = json!({ "memberRole": member_role, "role": role });
        let invited = self.post(by, "/users/invitations", offer).await.expect(201);
        self.register(email, json!({ "invitationToken": invited["token"] })).await
    }

    /// Uploads a file.
    pub async fn upload(&self, who: &Login, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Answer {
        let (kind, body) = form(name, bytes, fields);
        let request = self.request(Method::POST, "/documents/upload").bearer_auth(&who.access);
        self.send(request.header("content-type", kind).body(body)).await
    }

    /// Uploads a file and waits until it is processed or failed.
    pub async fn ingest(&self, who: &Login, name: &str, text: &str) -> Value {
        let document = self.upload(who, name, text.as_bytes(), &[]).await.expect(201);
        self.settled(who, document["id"].as_str().unwrap()).await
    }

    /// A document once it is neither waiting nor being processed.
    pub async fn settled(&self, who: &Login, id: &str) -> Value {
        loop {
            let document = self.get(who, &format!("/documents/{id}")).await.expect(200);
            if !matches!(document["status"].as_str(), Some("uploaded" | "processing")) {
                return document;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Stops it as a service manager would; fails if it did not end well.
    pub async fn stop(mut self) -> tempfile::TempDir {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.running.await.unwrap().unwrap();
        self.dir
    }

    /// Where its data lies.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

/// The login in an answer.
pub fn login(body: &Value) -> Login {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Login {
        access: text(&body["accessToken"]),
        refresh: text(&body["refreshToken"]),
        user: text(&body["user"]["id"]),
        organization: text(&body["organization"]["id"]),
    }
}

/// A form with a file, as a browser sends it: its media type and its bytes.
pub fn form(name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----limite";
    let mut body = Vec::new();
    for (field, value) in fields {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
