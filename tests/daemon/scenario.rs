//! Everything at once: customers write in bursts, Meta repeats and reorders, the Graph API refuses, hangs up and
//! lets the token expire, and the daemon is killed every few seconds. Each question is answered once, in order,
//! and to nobody else.
//!
//! What the customers do is in `storm.toml`; what is thought of it is the simulator's verdict. Answers repeat
//! their questions' words, so that nothing is left to guess. `scripts/scenario` runs it in full: 10,000 messages
//! in 500 conversations.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_core::clock::{Clock, SystemClock};
use reqwest::{Client, Method};
use serde_json::Value;
use simulator::{Scenario, Simulation, Webhook, marks};
use test_support::{FakeGraph, FakeOpenAi};
use tokio::sync::watch;

use crate::app::{TestApp, form};
use crate::crash::{Caller, log_in};
use crate::process::Daemon;
use crate::whatsapp::{CHANNEL, HOURS, channel};

const STORM: &str = include_str!("storm.toml");
const NUMBER: &str = "106540352242922";
const SECRET: &str = "storm-secret";
/// Requests to the Graph API between two kills, or a few after some seconds: on a slow machine, too, each daemon
/// gets something done.
const REQUESTS: usize = 60;
const FEW_REQUESTS: usize = 10;
const USUAL_LIFE: Duration = Duration::from_secs(4);
const LONGEST_LIFE: Duration = Duration::from_secs(20);
/// The kill before which the token expires; the next daemon has another one.
const EXPIRY: usize = 4;
/// Everything has ended well before, however slow the machine.
const DEADLINE: Duration = Duration::from_mins(40);

/// A daemon's data and what it is configured with.
struct House {
    folder: tempfile::TempDir,
    address: String,
    graph: String,
    model: String,
}

impl House {
    fn config(&self) -> PathBuf {
        self.folder.path().join("storm.toml")
    }

    /// Starts the daemon; `token` opens the number.
    async fn open(self: &Arc<Self>, token: &str) -> Daemon {
        let Self { graph, model, .. } = self.as_ref();
        let text = format!(
            "[whatsapp]\nbase_url = \"{graph}\"\nquiet_ms = 300\nquiet_max_ms = 3000\nunknown_seconds = 8\n\
             timeout_seconds = 2\nmessages_per_second = 1000\naccess_token = \"{token}\"\n\
             app_secret = \"{SECRET}\"\nverify_token = \"v\"\n\
             [whatsapp.channels.{CHANNEL}]\nphone_number_id = \"{NUMBER}\"\n\
             [llm]\nbase_url = \"{model}\"\napi_key = \"k\"\n[answer]\nhistory_turns = 0\n\
             [search]\nmin_score = 0.0\n[jobs]\nlease_seconds = 5\n"
        );
        std::fs::write(self.config(), text).unwrap();
        let house = Arc::clone(self);
        let start = move || {
            let config = house.config();
            let env = [
                ("AGENTCTL_SERVER__BIND", house.address.as_str()),
                ("AGENTCTL_CONFIG", config.to_str().unwrap()),
                ("AGENTCTL_LOG__LEVEL", "info"),
            ];
            let program = std::env::var("SCENARIO_AGENTD");
            let program = program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_agentd"));
            let mut daemon = Daemon::start_program(Path::new(program), house.folder.path(), &env);
            daemon.read_log_aside();
            daemon
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemClock.now().timestamp().unsigned_abs()
}

/// An address that stays free while the daemon is down: the system gives no port below 32768 to anybody who
/// does not ask for it.
fn lasting_address() -> String {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let free = (first..32_000).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok());
    format!("127.0.0.1:{}", free.unwrap())
}

/// What a chat model that repeats the words of the question says.
fn repeat_marks(messages: &[&str]) -> String {
    let question = messages.last().and_then(|prompt| prompt.rsplit_once("# Pergunta"));
    let words = question.map(|(_, question)| marks(question)).unwrap_or_default();
    format!("Sim: {} [1]", words.join(" "))
}

async fn prepare(client: &Client, house: &Arc<House>, token: &str) -> Daemon {
    let daemon = house.open(token).await;
    let owner = log_in(client, &daemon.address, "/auth/register").await;
    let (kind, body) = form("horario.md", HOURS.as_bytes(), &[]);
    let upload = owner.request(Method::POST, "/documents/upload").header("content-type", kind).body(body);
    let document = owner.send(upload).await.unwrap();
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    until(&owner, &path, |document| document["status"] == "processed").await;
    daemon
}

async fn until(who: &Caller, path: &str, wanted: impl Fn(&Value) -> bool) {
    loop {
        let body = who.send(who.request(Method::GET, path)).await.unwrap();
        if wanted(&body) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Kills the daemon in the thick of it and starts it again, until `done`. Returns the one that lives, and how
/// many died.
async fn keep_killing(
    house: Arc<House>,
    mut daemon: Daemon,
    graph: Arc<FakeGraph>,
    mut done: watch::Receiver<bool>,
) -> (Daemon, usize) {
    let (log, mut kills, mut token) = (graph.log(), 0, 0);
    loop {
        let life = async {
            let before = log.count();
            let _ = tokio::time::timeout(USUAL_LIFE, log.wait_for(before + REQUESTS)).await;
            let _ = tokio::time::timeout(LONGEST_LIFE, log.wait_for(before + FEW_REQUESTS)).await;
        };
        tokio::select! {
            _ = done.wait_for(|done| *done) => return (daemon, kills),
            () = life => {}
        }
        if kills == EXPIRY {
            graph.expire_token(&format!("token-{token}"));
            token += 1;
            graph.require_token(&format!("token-{token}"));
            let _ = tokio::time::timeout(LONGEST_LIFE, log.wait_for(log.count() + REQUESTS / 6)).await;
        }
        daemon.child.kill().unwrap();
        daemon.child.wait().unwrap();
        kills += 1;
        daemon = house.open(&format!("token-{token}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes: scripts/scenario runs it"]
#[expect(clippy::print_stderr, reason = "figures for whoever runs it alone")]
async fn each_question_is_answered_once_in_order_whatever_happens() {
    let mut scenario = Scenario::parse(STORM, Path::new("")).unwrap();
    if let Ok(conversations) = std::env::var("SCENARIO_CONVERSATIONS") {
        scenario.customers = conversations.parse().unwrap();
    }
    let (graph, model) = (Arc::new(FakeGraph::start().await), FakeOpenAi::start().await);
    graph.require_token("token-0");
    model.answer_by(repeat_marks);
    let house = Arc::new(House {
        folder: tempfile::tempdir().unwrap(),
        address: lasting_address(),
        graph: graph.base_url(),
        model: model.base_url(),
    });
    let client = agent_core::net::client(Duration::from_mins(1), "agentd-tests").unwrap();
    let daemon = prepare(&client, &house, "token-0").await;

    let begun = Instant::now();
    let (ended, done) = watch::channel(false);
    let killing = tokio::spawn(keep_killing(Arc::clone(&house), daemon, Arc::clone(&graph), done));
    let url = format!("http://{}/api/v1/whatsapp/webhook", house.address);
    let simulation = Simulation {
        webhook: Webhook::new(&url, SECRET).unwrap(),
        phone_number_id: NUMBER.to_owned(),
        now: now(),
        seed: 1,
    };
    let verdict = tokio::time::timeout(DEADLINE, simulation.run(&scenario, &graph)).await.unwrap();
    ended.send_replace(true);
    let (mut daemon, kills) = killing.await.unwrap();
    eprintln!("{verdict}\n{kills} kills in {:.0} s", begun.elapsed().as_secs_f64());
    assert!(verdict.is_clean(), "{verdict}");
    assert!(kills > EXPIRY, "{kills} kills");

    // Nothing is left over, nobody was handed to a person, and everybody has one conversation.
    let owner = log_in(&client, &daemon.address, "/auth/login").await;
    for queue in ["whatsapp.process_message", "whatsapp.send", "whatsapp.alert"] {
        let path = format!("/admin/jobs?type={queue}");
        let drained = until(&owner, &path, |jobs| jobs["pagination"]["total"] == 0);
        tokio::time::timeout(Duration::from_mins(2), drained).await.unwrap();
    }
    let total = async |filter: &str| {
        let path = format!("/whatsapp/conversations?limit=1&{filter}");
        let list = owner.send(owner.request(Method::GET, &path)).await.unwrap();
        list["pagination"]["total"].as_u64().unwrap()
    };
    assert_eq!(total("").await, scenario.customers as u64);
    assert_eq!(total("state=human").await, 0);
    daemon.end(Duration::from_secs(30));
}

/// Plays a scenario that comes along, for a business that waits so long for the end of a question. That has to
/// be longer than messages of a step are apart, on a slow machine, too.
async fn played(name: &str, quiet_ms: u64) {
    let graph = FakeGraph::start().await;
    let app = TestApp::start_with(|config| {
        channel(config, &graph.base_url());
        config.whatsapp.quiet_ms = quiet_ms;
    })
    .await;
    let owner = app.owner().await;
    app.ingest(&owner, "horario.md", HOURS).await;
    let mut scenario = Scenario::named(name).unwrap();
    (scenario.pause_ms, scenario.settle_ms) = (10, quiet_ms + 2000);
    let simulation = Simulation {
        webhook: Webhook::new(&app.url("/whatsapp/webhook"), "secret").unwrap(),
        phone_number_id: NUMBER.to_owned(),
        now: now(),
        seed: 7,
    };
    let verdict = simulation.run(&scenario, &graph).await;
    assert!(verdict.is_clean(), "{name}: {verdict}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scenarios_that_come_along_go_as_they_should() {
    // Each message of the second is a step of its own.
    futures::join!(played("everyday", 1500), played("all-types", 100), played("rough-delivery", 1500));
}
