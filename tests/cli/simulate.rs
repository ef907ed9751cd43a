//! WhatsApp without Meta: the fake Graph API as a process, and scenarios that nobody answers. What a daemon makes
//! of scenarios is in `tests/daemon/scenario.rs`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use test_support::{FakeOpenAi, Reply};

use crate::deployment::Deployment;
use crate::shop::{NUMBER, SECRET, Shop};

/// One customer who asks, and whose patience is short.
const BRIEF: &str =
    "description = 'brief'\npatience_seconds = 0\nsettle_ms = 1\n[[step]]\nmessages = ['Oi']\n";

fn post(address: &str, path: &str, body: &Value) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer good\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_graph_api_says_where_it_is_prints_what_is_sent_and_ends_when_told() {
    let deployment = Deployment::new();
    let token = deployment.write("token", "good\n");
    let template = "description = 'x'\n[[graph.trouble]]\nshare = 1.0\nwhat = 'refused'\ncode = 131056\n\
                    [[step]]\nmessages = ['Oi']\n";
    let scenario = deployment.write("trouble.toml", template);
    let [token, scenario] = [&token, &scenario].map(|path| path.to_str().unwrap());
    let args = ["--json", "simulate", "graph", "--token-file", token, "--scenario", scenario];
    let mut child = deployment.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let listening = next();
    assert_eq!(listening["event"], "listening");
    let address = listening["baseUrl"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();

    let mut message = json!({
        "messaging_product": "whatsapp", "to": "5511987654321", "type": "text",
        "text": { "body": "Olá 🙂" }, "biz_opaque_callback_data": "1",
    });
    let messages = format!("/v23.0/{NUMBER}/messages");
    let refused = post(&address, &messages, &message);
    assert!(refused.contains("131056"), "the script says so: {refused}");
    let accepted = post(&address, &messages, &message);
    assert!(accepted.starts_with("HTTP/1.1 200") && accepted.contains("wamid."), "{accepted}");
    let sent = next();
    assert_eq!((&sent["event"], &sent["to"]), (&json!("message"), &message["to"]));
    assert_eq!((&sent["text"], &sent["from"]), (&json!("Olá 🙂"), &json!(NUMBER)));
    message["text"]["body"] = json!("x".repeat(4097));
    assert!(post(&address, &messages, &message).starts_with("HTTP/1.1 400"));

    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn scenarios_are_listed_and_shown() {
    let deployment = Deployment::new();
    let listed = deployment.run(&["--json", "simulate", "scenarios"]).expect(0).json();
    let names: Vec<&str> =
        listed["scenarios"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"everyday") && names.contains(&"all-types"), "{names:?}");
    let shown = deployment.run(&["simulate", "scenarios", "everyday"]).expect(0);
    assert!(shown.stdout.contains("[[step]]"), "{}", shown.stdout);
    deployment.run(&["simulate", "scenarios", "nonsense"]).expect(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_not_answered_is_a_finding() {
    let shop = Shop::new().await;
    let webhook = FakeOpenAi::start().await;
    // The question whether anybody is there, and the message.
    for _ in 0..2 {
        webhook.script(Reply::status(200));
    }
    let brief = shop.deployment.write("brief.toml", BRIEF);
    let url = format!("{}/hook", webhook.base_url());
    let play =
        ["--json", "simulate", "run", brief.to_str().unwrap(), "--bind", "127.0.0.1:0", "--webhook", &url];
    let ran = shop.run(&play).expect(7);
    let verdict = ran.json();
    assert_eq!((&verdict["questions"], &verdict["replies"]), (&json!(1), &json!(0)));
    assert_eq!(verdict["findings"][0]["fault"], "missing", "{verdict}");
    let asked = &webhook.log().bodies()[1]["entry"][0]["changes"][0]["value"];
    assert_eq!(asked["metadata"]["phone_number_id"], NUMBER);
    assert_eq!(asked["messages"][0]["text"]["body"], "Oi");
    let signature = webhook.log().all()[1].header("x-hub-signature-256").map(str::to_owned);
    let expected = agent_core::whatsapp::signature::sign(SECRET.as_bytes(), &webhook.log().all()[1].body);
    assert_eq!(signature, Some(expected));

    // A daemon that does not know the secret, or is not there.
    webhook.script(Reply::status(403));
    let refused = shop.run(&play).expect(3);
    assert!(refused.stderr.contains("app secret"), "{}", refused.stderr);
    let gone = format!("{}/hook", test_support::unused_address().await);
    let ran =
        shop.run(&["simulate", "run", "everyday", "--bind", "127.0.0.1:0", "--webhook", &gone]).expect(5);
    assert!(ran.stderr.contains("is agentd running"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_simulated_at() {
    let shop = Shop::new().await;
    let run = |more: &[&str]| shop.run(&[&["simulate", "run", "everyday"], more].concat());
    let elsewhere = run(&["--bind", "127.0.0.1:0", "--webhook", "http://192.0.2.1:80/x"]).expect(3);
    assert!(elsewhere.stderr.contains("of this machine"), "{}", elsewhere.stderr);
    run(&["--bind", "0.0.0.0:9100"]).expect(2);
    shop.run(&["simulate", "run", "nonsense"]).expect(4);
    // Without --bind the Graph API stands where the daemon looks for it; there, one stands already.
    let taken = run(&[]).expect(5);
    assert!(taken.stderr.contains("cannot be listened on"), "{}", taken.stderr);
    let deployment = Deployment::new();
    let meta = deployment.run(&["simulate", "run", "everyday"]).expect(3);
    assert!(meta.stderr.contains("no WhatsApp channel"), "{}", meta.stderr);
}
