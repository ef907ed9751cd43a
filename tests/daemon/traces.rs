//! Traces as a collector gets them: what belongs together is one trace, contents stay here, and a
//! collector that is down or asleep is nobody's trouble.
//!
//! The program runs as a process: how traces leave is set up once in each.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::app::{PASSWORD, form};
use crate::collector::{CHAT_ANSWER, Collector};
use crate::crash::{Caller, log_in};
use crate::process::Daemon;

const DOCUMENT: &str =
    "# Reembolso\n\nDevolvemos o dinheiro em até 30 dias após a compra, com a nota fiscal.";
const QUESTION: &str = "Em quantos dias devolvem o dinheiro?";
/// Words of the document, of the question, of the answer, and what nobody else may know.
const CONTENTS: [&str; 6] = ["Devolvemos", "nota fiscal", "devolvem", "dinheiro", "Reembolso", PASSWORD];
/// Time to stop in, whatever the collector does: what requests and jobs in hand may take (20 s), and some
/// seconds for the last spans.
const STOP: Duration = Duration::from_secs(30);
/// Header of a request's id: its span has it.
const REQUEST_ID: &str = "x-request-id";

/// A daemon that exports what it does, and its owner.
struct Traced {
    daemon: Daemon,
    caller: Caller,
    _dir: TempDir,
}

impl Traced {
    async fn start(endpoint: &str, more: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Every 50 ms instead of every 5 s.
        let mut env = vec![("AGENTCTL_TRACE__OTLP_ENDPOINT", endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
        env.extend_from_slice(more);
        let daemon = Daemon::start_with(dir.path(), &env);
        let client = agent_core::net::client(Duration::from_mins(1), "agentd-tests").unwrap();
        let caller = log_in(&client, &daemon.address, "/auth/register").await;
        Self { daemon, caller, _dir: dir }
    }

    /// Uploads the document under a request's id.
    async fn upload(&self, id: &str) {
        let (kind, body) = form("a.md", DOCUMENT.as_bytes(), &[]);
        let upload = self.caller.request(Method::POST, "/documents/upload");
        let upload = upload.header(REQUEST_ID, id).header("content-type", kind).body(body);
        self.caller.send(upload).await.unwrap();
    }

    /// Uploads the document and waits until the span of its job has come in: then it is searchable.
    async fn ingest(&self, collector: &Collector) {
        self.upload("envio").await;
        collector.until(|traces| !traces.jobs("document.process").is_empty()).await;
    }

    /// Asks the question under a request's id.
    async fn ask(&self, id: &str) -> Value {
        let ask = self.caller.request(Method::POST, "/rag/query").header(REQUEST_ID, id);
        self.caller.send(ask.json(&json!({ "query": QUESTION }))).await.unwrap()
    }

    /// Requests that have to be answered whatever becomes of their spans. If each waited until a collector
    /// that is asleep is given up, this would take minutes.
    async fn is_not_held_up(&self) {
        let requests = async {
            for _ in 0..20 {
                self.caller.send(self.caller.request(Method::GET, "/users/me")).await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(30), requests).await.unwrap();
    }

    /// Stops it; the last spans are sent by then.
    fn stop(mut self) {
        self.daemon.end(STOP);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_one_trace_from_the_request_to_the_database_and_the_model() {
    let collector = Collector::start().await;
    let chat = format!("{}/v1", collector.origin());
    let daemon = Traced::start(&collector.origin(), &[("AGENTCTL_LLM__BASE_URL", &chat)]).await;
    daemon.ingest(&collector).await;
    let asked = daemon.ask("pergunta").await;
    assert_eq!(asked["answer"], CHAT_ANSWER);
    daemon.stop();

    let traces = collector.traces();
    let request = traces.request("pergunta");
    assert_eq!((request.attribute("method"), request.attribute("route")), ("POST", "/api/v1/rag/query"));
    assert_eq!((request.trace.len(), request.id.len(), request.parent.as_str()), (32, 16, ""));
    for kind in ["read", "write"] {
        let sql = traces.below(request, "sql");
        assert!(sql.iter().any(|s| s.attribute("kind") == kind), "no {kind} among {sql:?}");
    }
    assert_eq!(traces.below(request, "model request").len(), 1);
    // Nothing of the trace hangs loose, and requests have a trace each.
    for span in traces.spans.iter().filter(|s| s.trace == request.trace && s.id != request.id) {
        assert!(traces.is_below(span, request), "{span:?}");
    }
    assert_ne!(request.trace, traces.request("envio").trace);

    for span in &traces.spans {
        assert_eq!(span.service, "agentd", "{span:?}");
    }
    assert!(traces.contain("pergunta"), "ids are sent");
    for contents in CONTENTS {
        assert!(!traces.contain(contents), "`{contents}` was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn embedding_in_the_process_is_part_of_the_trace() {
    let collector = Collector::start().await;
    let daemon = Traced::start(&collector.origin(), &[]).await;
    daemon.ingest(&collector).await;
    let asked = daemon.ask("pergunta").await;
    assert!(asked["answer"].as_str().unwrap().contains("30 dias"), "{asked}");
    daemon.stop();

    let traces = collector.traces();
    let embeds = |name: &str| name.contains("embed");
    let (request, job) = (traces.request("pergunta"), traces.jobs("document.process")[0]);
    for above in [request, job] {
        let found = traces.spans.iter().any(|s| embeds(&s.name) && traces.is_below(s, above));
        assert!(found, "nothing was embedded below {above:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_and_the_job_it_leaves_are_traced() {
    let collector = Collector::start().await;
    let daemon = Traced::start(&collector.origin(), &[]).await;
    daemon.ingest(&collector).await;
    daemon.stop();

    let traces = collector.traces();
    let jobs = traces.jobs("document.process");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    for kind in ["read", "write"] {
        let sql = traces.below(jobs[0], "sql");
        assert!(sql.iter().any(|s| s.attribute("kind") == kind), "no {kind} among {sql:?}");
    }
    for contents in CONTENTS {
        assert!(!traces.contain(contents), "`{contents}` was sent");
    }
    let upload = traces.request("envio");
    assert_eq!(upload.attribute("route"), "/api/v1/documents/upload");
    // What is done in a task of its own is the request's doing all the same.
    let sql = traces.below(upload, "sql");
    let writes = sql.iter().filter(|s| s.attribute("kind") == "write").count();
    assert_eq!(writes, 2, "the document, and the line in the audit log: {sql:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_the_caller_began_is_continued() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";
    let collector = Collector::start().await;
    let daemon = Traced::start(&collector.origin(), &[]).await;
    let headers = [("continuado", format!("00-{TRACE}-{PARENT}-01")), ("novo", format!("00-{TRACE}-01"))];
    for (id, header) in headers {
        let request = daemon.caller.request(Method::GET, "/users/me").header(REQUEST_ID, id);
        daemon.caller.send(request.header("traceparent", header)).await.unwrap();
    }
    daemon.stop();

    let traces = collector.traces();
    let fresh = traces.request("novo");
    assert_eq!(fresh.parent, "", "the header made no sense");
    assert_ne!(fresh.trace, TRACE);
    let request = traces.request("continuado");
    assert_eq!((request.trace.as_str(), request.parent.as_str()), (TRACE, PARENT));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_holds_nobody_up() {
    let collector = Collector::silent().await;
    let daemon = Traced::start(&collector.origin(), &[]).await;
    // It has been sent something and is waited for.
    collector.until(|traces| !traces.spans.is_empty()).await;
    daemon.is_not_held_up().await;
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_holds_nobody_up() {
    // Taken and not listened on: connections are refused, and nobody else gets it.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    let daemon = Traced::start(&endpoint, &[]).await;
    daemon.is_not_held_up().await;
    daemon.stop();
    drop(socket);
}
