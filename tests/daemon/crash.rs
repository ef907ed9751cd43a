//! `kill -9` again and again, in the middle of uploads, questions and jobs. What was acknowledged is
//! there afterwards, and the index holds what the store holds, no more and no less.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_core::{Config, ConfigSources, Engine};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::app::{PASSWORD, form};
use crate::process::Daemon;

/// How often it is killed.
const KILLS: usize = 50;

/// Somebody who is logged in to a daemon that runs as a process.
pub struct Caller {
    client: Client,
    base: String,
    token: String,
}

impl Caller {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// The body of a success; `None` if the daemon died before it answered.
    pub async fn send(&self, request: RequestBuilder) -> Option<Value> {
        let response = request.send().await.ok()?;
        let status = response.status();
        let body: Value = response.json().await.ok()?;
        assert!(!status.is_server_error(), "{status} {body}");
        status.is_success().then_some(body)
    }
}

/// What was acknowledged so far.
#[derive(Default)]
struct Acknowledged {
    /// Document id and the newest text that was acknowledged, by file name.
    documents: BTreeMap<String, (String, String)>,
    queries: Vec<String>,
}

/// Registers the owner, or logs in, whichever `route` does.
pub async fn log_in(client: &Client, address: &str, route: &str) -> Caller {
    let base = format!("http://{address}/api/v1");
    let body = json!({ "email": "dona@example.com", "password": PASSWORD });
    let answer = client.post(format!("{base}{route}")).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let token = answer["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    Caller { client: client.clone(), base, token }
}

/// Uploads and asks until the daemon is dead; `enough` acknowledged uploads bring it down.
async fn work(
    caller: &Caller,
    round: usize,
    acknowledged: &mut Acknowledged,
    daemon: &mut Daemon,
    enough: usize,
) {
    for step in 0..=enough {
        let name = format!("{}.txt", (round + step) % 12);
        let text = format!("Comunicado {round}-{step}: a loja fecha às {} horas no feriado.", 10 + step);
        let (kind, body) = form(&name, text.as_bytes(), &[]);
        let upload =
            caller.request(Method::POST, "/documents/upload").header("content-type", kind).body(body);
        let question = json!({ "query": format!("A que horas a loja fecha no feriado? {round}-{step}") });
        let ask = caller.request(Method::POST, "/rag/query").json(&question);
        if step == enough {
            // In the middle of both.
            let (_, _, ()) = futures::join!(caller.send(upload), caller.send(ask), async {
                tokio::task::yield_now().await;
                daemon.child.kill().unwrap();
            });
            // Whether they were taken is unknown: neither is expected, nor is its absence.
            acknowledged.documents.remove(&name);
            break;
        }
        let (uploaded, answered) = futures::join!(caller.send(upload), caller.send(ask));
        if let Some(document) = uploaded {
            let id = document["id"].as_str().unwrap().to_owned();
            acknowledged.documents.insert(name, (id, text));
        }
        acknowledged.queries.extend(answered.and_then(|a| Some(a["queryId"].as_str()?.to_owned())));
    }
    daemon.child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_fifty_kills() {
    let dir = tempfile::tempdir().unwrap();
    let client = agent_core::net::client(Duration::from_mins(1), "agentd-tests").unwrap();
    let mut acknowledged = Acknowledged::default();
    for round in 0..KILLS {
        let mut daemon = Daemon::start(dir.path());
        let route = if round == 0 { "/auth/register" } else { "/auth/login" };
        let caller = log_in(&client, &daemon.address, route).await;
        work(&caller, round, &mut acknowledged, &mut daemon, round % 4).await;
    }

    let mut daemon = Daemon::start(dir.path());
    let caller = log_in(&client, &daemon.address, "/auth/login").await;
    // Everything that waits is worked off. A job that was at work in three of the kills was given up, for
    // it might be what kills the process: it is kept, and runs again when somebody says so.
    loop {
        let jobs = caller.send(caller.request(Method::GET, "/admin/jobs?limit=100")).await.unwrap();
        let jobs = jobs["data"].as_array().unwrap().clone();
        if jobs.is_empty() {
            break;
        }
        for dead in jobs.iter().filter(|j| j["status"] == "dead") {
            let path = format!("/admin/jobs/{}/retry", dead["id"].as_str().unwrap());
            caller.send(caller.request(Method::POST, &path)).await;
        }
        tokio::task::yield_now().await;
    }
    assert!(acknowledged.queries.len() > KILLS / 2 && !acknowledged.documents.is_empty());
    for query in &acknowledged.queries {
        let found = caller.send(caller.request(Method::GET, &format!("/rag/sources/{query}"))).await;
        assert!(found.is_some(), "the query {query} was answered and is lost");
    }
    for (name, (id, text)) in &acknowledged.documents {
        let document = caller.send(caller.request(Method::GET, &format!("/documents/{id}"))).await;
        let document = document.unwrap_or_else(|| panic!("{name} was acknowledged and is lost"));
        assert_eq!(document["status"], "processed", "{document}");
        let chunks =
            caller.send(caller.request(Method::GET, &format!("/documents/{id}/chunks"))).await.unwrap();
        assert_eq!(chunks["data"][0]["content"], *text, "{name} does not say what was acknowledged");
    }
    daemon.signal("-TERM");
    assert!(daemon.child.wait().unwrap().success());

    let env = ConfigSources::from_process().env;
    let sources = ConfigSources { data_dir: Some(dir.path().to_path_buf()), env, file: None };
    let engine = Engine::open(Config::load(&sources).unwrap()).await.unwrap();
    let status = engine.status().await.unwrap();
    assert_eq!(status.problems, Vec::<String>::new());
    let rows = status.index.unwrap().rows;
    assert_eq!(rows, status.chunks, "the index and the store hold the same chunks");
}
