//! A collector of traces as the daemon sends them, and beside it the chat model that a question needs.
//!
//! What is exported is protobuf (OTLP/HTTP). The few fields that tests look at are read by hand: their
//! numbers are those of `opentelemetry/proto/trace/v1/trace.proto` and the files it imports.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the chat model says.
pub const CHAT_ANSWER: &str = "Devolvemos em até 30 dias [1].";
/// Media type of an export, and of the answer to it.
const PROTOBUF: &str = "application/x-protobuf";
/// Longest wait for something to be collected.
const PATIENCE: Duration = Duration::from_mins(2);

/// The bodies that came in, in their order.
type Exports = Arc<watch::Sender<Vec<Vec<u8>>>>;

/// A running collector; it stops when it is dropped.
pub struct Collector {
    address: SocketAddr,
    exports: Exports,
    serving: JoinHandle<()>,
}

impl Collector {
    /// One that takes what it is sent.
    pub async fn start() -> Self {
        Self::serve(post(take)).await
    }

    /// One that takes what it is sent and never answers.
    pub async fn silent() -> Self {
        Self::serve(post(take_in_silence)).await
    }

    async fn serve(traces: MethodRouter<Exports>) -> Self {
        let exports = Exports::default();
        let router: Router = Router::new()
            .route("/v1/traces", traces)
            .route("/v1/chat/completions", post(chat))
            .with_state(Arc::clone(&exports));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            // Ends only with the task.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, exports, serving }
    }

    /// What to configure as `trace.otlp_endpoint`; with `/v1` after it, as `llm.base_url`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came in so far.
    pub fn traces(&self) -> Traces {
        Traces::read(&self.exports.borrow())
    }

    /// Waits until what came in is `enough`.
    pub async fn until(&self, enough: impl Fn(&Traces) -> bool) {
        let mut exports = self.exports.subscribe();
        let waiting = exports.wait_for(|all| enough(&Traces::read(all)));
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(came.is_ok_and(|all| all.is_ok()), "it was not exported within {PATIENCE:?}");
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(exports): State<Exports>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    assert_eq!(headers[header::CONTENT_TYPE], PROTOBUF);
    exports.send_modify(|all| all.push(body.to_vec()));
    // Without a body: nothing was rejected.
    [(header::CONTENT_TYPE, PROTOBUF)]
}

async fn take_in_silence(State(exports): State<Exports>, body: Bytes) {
    exports.send_modify(|all| all.push(body.to_vec()));
    std::future::pending::<()>().await;
}

async fn chat() -> Json<Value> {
    let message = json!({ "role": "assistant", "content": CHAT_ANSWER });
    Json(json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 50, "completion_tokens": 8, "total_tokens": 58 },
    }))
}

/// A span as it was exported. Ids are hexadecimal.
#[derive(Debug)]
pub struct Span {
    pub service: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty if it has none.
    pub parent: String,
    /// Those that are texts; others are empty.
    attributes: BTreeMap<String, String>,
}

impl Span {
    /// An attribute that is a text; empty if there is none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Everything that was exported.
pub struct Traces {
    pub spans: Vec<Span>,
    bytes: Vec<u8>,
}

impl Traces {
    fn read(exports: &[Vec<u8>]) -> Self {
        Self { spans: exports.iter().flat_map(|export| spans_of(export)).collect(), bytes: exports.concat() }
    }

    /// The span of the request that was sent under this id: there is one.
    #[track_caller]
    pub fn request(&self, id: &str) -> &Span {
        let found: Vec<&Span> = self.named("request").filter(|s| s.attribute("requestId") == id).collect();
        assert_eq!(found.len(), 1, "spans of the request {id}: {found:?}");
        found[0]
    }

    /// Spans of jobs of a queue.
    pub fn jobs(&self, queue: &str) -> Vec<&Span> {
        self.named("job").filter(|s| s.attribute("queue") == queue).collect()
    }

    /// Spans of this name that `above` set off, itself or by what it set off.
    pub fn below(&self, above: &Span, name: &str) -> Vec<&Span> {
        self.named(name).filter(|span| self.is_below(span, above)).collect()
    }

    /// Whether `above` set `span` off. Fails if a span on the way is of another trace.
    pub fn is_below(&self, span: &Span, above: &Span) -> bool {
        let mut at = span;
        while at.id != above.id {
            let Some(parent) = self.spans.iter().find(|s| s.id == at.parent) else { return false };
            assert_eq!(parent.trace, at.trace, "{at:?} is of another trace than {parent:?}");
            at = parent;
        }
        span.id != above.id
    }

    /// Whether these bytes were sent, wherever.
    pub fn contain(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Span> {
        self.spans.iter().filter(move |s| s.name == name)
    }
}

/// The spans of an `ExportTraceServiceRequest`.
fn spans_of(export: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in all(export, 1) {
        let resource = all(of_resource, 1).next().unwrap_or_default();
        let service = attributes(resource, 1).remove("service.name").unwrap_or_default();
        for span in all(of_resource, 2).flat_map(|of_scope| all(of_scope, 2)) {
            spans.push(Span {
                service: service.clone(),
                name: text(span, 5),
                trace: hex(span, 1),
                id: hex(span, 2),
                parent: hex(span, 4),
                attributes: attributes(span, 9),
            });
        }
    }
    spans
}

/// A field of repeated `KeyValue`: texts as they are, other values as empty texts.
fn attributes(message: &[u8], number: u64) -> BTreeMap<String, String> {
    let pairs = all(message, number);
    pairs.map(|pair| (text(pair, 1), all(pair, 2).map(|value| text(value, 1)).collect::<String>())).collect()
}

/// A field that is a text; empty if it is absent.
fn text(message: &[u8], number: u64) -> String {
    let held = all(message, number).next().unwrap_or_default();
    String::from_utf8(held.to_vec()).unwrap()
}

/// A field that is an id; empty if it is absent.
fn hex(message: &[u8], number: u64) -> String {
    let held = all(message, number).next().unwrap_or_default();
    held.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a field of texts, bytes or messages holds, as often as it is there.
fn all(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).into_iter().filter(move |(n, _)| *n == number).map(|(_, held)| held)
}

/// The fields of a message that are texts, bytes or messages, with their numbers.
fn fields(mut rest: &[u8]) -> Vec<(u64, &[u8])> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        match tag & 7 {
            0 => _ = varint(&mut rest),
            1 => _ = next(&mut rest, 8),
            2 => {
                let length = usize::try_from(varint(&mut rest)).unwrap();
                found.push((tag >> 3, next(&mut rest, length)));
            }
            5 => _ = next(&mut rest, 4),
            other => panic!("{other} is no type of field"),
        }
    }
    found
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = next(rest, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number is longer than 64 bits");
}

fn next<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}
