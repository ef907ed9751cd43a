//! The WhatsApp side of Meta's Graph API: sending, read receipts, media, templates, status webhooks.
//!
//! Unscripted, it accepts every message that the real one would and refuses the others with the real codes.
//! It has the habits that break careless clients: there is no idempotency key, an error about a token
//! repeats the token, the address of a next page carries it, `wa_id` is not always the number that was
//! written to, and news of a message may come before the answer to its sending. Inbound messages are made by
//! the caller and posted with [`Webhook`].

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;

use crate::log::{Log, Recorded};
use crate::reply::Reply;
use crate::server::Server;

mod behaviour;
mod check;
mod media;
mod messages;
mod script;
mod shared;
mod statuses;
mod templates;
mod webhook;

pub use behaviour::{Behaviour, Refusal};
pub use media::FakeMedia;
pub use messages::{ReadReceipt, SentMessage};
pub use statuses::PostedStatus;
pub use webhook::{Delivered, Webhook};

use shared::{Plan, Shared, wait};

/// A running fake; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeGraph {
    server: Server,
    shared: Arc<Shared>,
}

/// What a request asks for.
#[derive(Debug)]
enum Call {
    /// To send a message from a number.
    Message { number: String },
    /// To mark a message as read.
    Receipt { number: String },
    /// Where a file is.
    Media { id: String },
    /// The file itself.
    File { id: String },
    /// The templates of an account.
    Templates { account: String },
    /// Something that the fake does not know.
    Unknown,
}

/// What becomes of a request.
enum Step {
    /// It is answered.
    Answer(Reply),
    /// The caller waits in vain.
    Hang,
    /// The connection closes without an answer.
    Drop,
}

impl FakeGraph {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(respond).with_state(Arc::clone(&shared));
        Self { server: Server::start(router).await, shared }
    }

    /// What to configure as `base_url`: any version below it is taken.
    pub fn base_url(&self) -> String {
        self.server.origin()
    }

    /// The requests so far.
    pub fn log(&self) -> Log {
        self.shared.log.clone()
    }

    /// The requests so far, answered or not, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.log.all()
    }

    /// The messages accepted so far, oldest first; whether the sender learnt of it or not.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.shared.sent.borrow().clone()
    }

    /// Waits until `count` messages were accepted, and returns them.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<SentMessage> {
        wait(&self.shared.sent, count, "accepted messages").await
    }

    /// The messages that were marked as read so far, oldest first.
    pub fn receipts(&self) -> Vec<ReadReceipt> {
        self.shared.receipts.borrow().clone()
    }

    /// Waits until `count` messages were marked as read, and returns the receipts.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for_receipts(&self, count: usize) -> Vec<ReadReceipt> {
        wait(&self.shared.receipts, count, "read receipts").await
    }

    /// The statuses that were posted so far, taken or given up, oldest first.
    pub fn statuses(&self) -> Vec<PostedStatus> {
        self.shared.statuses.borrow().clone()
    }

    /// Waits until `count` statuses were posted, and returns them.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for_statuses(&self, count: usize) -> Vec<PostedStatus> {
        wait(&self.shared.statuses, count, "posted statuses").await
    }
}

impl Drop for FakeGraph {
    /// Webhooks end with the fake.
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Call {
    fn of(request: &Recorded) -> Self {
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["media-files", id]) => Self::File { id: (*id).to_owned() },
            (_, [version, ..]) if !version.starts_with('v') => Self::Unknown,
            ("POST", [_, number, "messages"]) if request.json()["status"] == "read" => {
                Self::Receipt { number: (*number).to_owned() }
            }
            ("POST", [_, number, "messages"]) => Self::Message { number: (*number).to_owned() },
            ("GET", [_, account, "message_templates"]) => Self::Templates { account: (*account).to_owned() },
            ("GET", [_, id]) => Self::Media { id: (*id).to_owned() },
            _ => Self::Unknown,
        }
    }
}

async fn respond(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let request = Recorded::read(request).await;
    let call = Call::of(&request);
    // Scripts are followed in the order in which the log has the requests.
    let plan = shared.script(|script| {
        shared.log.add(request.clone());
        script.plan(&request, &call)
    });
    let step = match plan {
        Plan::Answer(reply) => Step::Answer(reply),
        Plan::Message { number, behaviour } => message(&shared, &number, &request.json(), behaviour).await,
        Plan::Usual => Step::Answer(usual(&shared, &request, call)),
    };
    match step {
        Step::Answer(reply) => reply.send().await,
        Step::Hang => std::future::pending().await,
        // Ends the connection's task, and the connection with it, without a report of a panic.
        Step::Drop => std::panic::resume_unwind(Box::new("the script closes this connection")),
    }
}

async fn message(shared: &Arc<Shared>, number: &str, payload: &Value, behaviour: Behaviour) -> Step {
    let accept = |fails| shared.accept(number, payload, fails);
    let (accepted, instead) = match behaviour {
        Behaviour::Refuse(refusal) => return Step::Answer(refusal.reply()),
        Behaviour::Answer(reply) => return Step::Answer(reply),
        Behaviour::Drop => return Step::Drop,
        Behaviour::HeldBy(gate) => {
            gate.passed().await;
            (accept(None), None)
        }
        Behaviour::Accept => (accept(None), None),
        Behaviour::AcceptAndFail(code) => (accept(Some(code)), None),
        Behaviour::AcceptAndAnswer(reply) => (accept(None), Some(Step::Answer(reply))),
        Behaviour::AcceptAndHang => (accept(None), Some(Step::Hang)),
        Behaviour::AcceptAndDrop => (accept(None), Some(Step::Drop)),
    };
    match (accepted, instead) {
        (Err(refusal), _) => Step::Answer(refusal.reply()),
        (Ok(_), Some(step)) => step,
        (Ok(reply), None) => Step::Answer(reply),
    }
}

/// What the service answers to everything but messages if no script says otherwise.
fn usual(shared: &Shared, request: &Recorded, call: Call) -> Reply {
    match call {
        Call::Receipt { number } => shared.mark_read(&number, &request.json()),
        Call::Media { id } => shared.script(|script| media::locate(script, &id, request)),
        Call::File { id } => shared.script(|script| media::serve(script, &id, request)),
        Call::Templates { account } => shared.script(|script| templates::list(script, &account, request)),
        Call::Message { .. } | Call::Unknown => {
            Refusal::code(2500).message("Unknown path components").reply()
        }
    }
}

/// A parameter of the query, as it stands there.
fn query<'a>(request: &'a Recorded, name: &str) -> Option<&'a str> {
    let (_, query) = request.path.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Scheme, host and port that the request was sent to.
fn origin(request: &Recorded) -> String {
    format!("http://{}", request.header("host").unwrap_or_default())
}

/// The token of a request.
fn token(request: &Recorded) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}
