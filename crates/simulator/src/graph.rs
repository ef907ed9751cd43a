//! The WhatsApp side of Meta's Graph API: sending, read receipts, media, templates, status webhooks.
//!
//! Unscripted, it accepts every message that the real one would and refuses the others with the real codes.
//! It has the habits that break careless clients: there is no idempotency key, an error about a token
//! repeats the token, the address of a next page carries it, `wa_id` is not always the number that was
//! written to, and news of a message may come before the answer to its sending. Inbound messages are made by
//! the caller and posted with [`Webhook`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::watch;

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
mod upload;
mod webhook;

pub use behaviour::{Behaviour, Refusal};
pub use media::FakeMedia;
pub use messages::{ReadReceipt, SentMessage};
pub use statuses::PostedStatus;
pub use webhook::{Delivered, NotALoopbackAddress, Webhook};

use shared::{Plan, Shared};

/// A running fake; it stops when it is dropped.
#[derive(Debug)]
pub struct Graph {
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
    /// To keep a file.
    Upload { number: String },
    /// The templates of an account.
    Templates { account: String },
    /// What there is to know of a number.
    Profile { number: String },
    /// Which apps get the webhooks of an account.
    Apps,
    /// A new template of an account.
    NewTemplate { account: String },
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

impl Graph {
    /// Starts on this address; port 0 stands for a free one.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        let server = Server::start(address, move |request| respond(Arc::clone(&state), request)).await?;
        Ok(Self { server, shared })
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

    /// The accepted messages beyond the first `known`, once there is one.
    pub async fn sent_after(&self, known: usize) -> Vec<SentMessage> {
        after(&self.shared.sent, known).await
    }

    /// A file that it has, with its type: one of a customer, or one that was given to it.
    pub fn media(&self, id: &str) -> Option<(String, Vec<u8>)> {
        self.shared.script(|script| script.media.get(id).map(media::FakeMedia::content))
    }

    /// The messages that were marked as read so far, oldest first.
    pub fn receipts(&self) -> Vec<ReadReceipt> {
        self.shared.receipts.borrow().clone()
    }

    /// The receipts beyond the first `known`, once there is one.
    pub async fn receipts_after(&self, known: usize) -> Vec<ReadReceipt> {
        after(&self.shared.receipts, known).await
    }

    /// The statuses that were posted so far, taken or given up, oldest first.
    pub fn statuses(&self) -> Vec<PostedStatus> {
        self.shared.statuses.borrow().clone()
    }

    /// The statuses beyond the first `known`, once there is one.
    pub async fn statuses_after(&self, known: usize) -> Vec<PostedStatus> {
        after(&self.shared.statuses, known).await
    }
}

impl Drop for Graph {
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
            ("POST", [_, number, "media"]) => Self::Upload { number: (*number).to_owned() },
            ("POST", [_, account, "message_templates"]) => {
                Self::NewTemplate { account: (*account).to_owned() }
            }
            ("GET", [_, account, "message_templates"]) => Self::Templates { account: (*account).to_owned() },
            ("GET", [_, _, "subscribed_apps"]) => Self::Apps,
            ("GET", [_, number]) if request.path.contains("display_phone_number") => {
                Self::Profile { number: (*number).to_owned() }
            }
            ("GET", [_, id]) => Self::Media { id: (*id).to_owned() },
            _ => Self::Unknown,
        }
    }
}

async fn respond(shared: Arc<Shared>, request: Request) -> Option<Response> {
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
        Step::Answer(reply) => Some(reply.send().await),
        Step::Hang => std::future::pending().await,
        Step::Drop => None,
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
        Call::Upload { number } => shared.script(|script| upload::keep(script, &number, request)),
        Call::NewTemplate { account } => shared.script(|script| templates::create(script, &account, request)),
        Call::Templates { account } => shared.script(|script| templates::list(script, &account, request)),
        Call::Profile { number } => Reply::json(&json!({
            "id": number, "display_phone_number": "+55 11 5550-0000", "verified_name": "Simulated",
            "quality_rating": "GREEN",
        })),
        Call::Apps => Reply::json(&json!({
            "data": [{ "whatsapp_business_api_data": { "id": "1", "name": "Simulated app" } }],
        })),
        Call::Message { .. } | Call::Unknown => {
            Refusal::code(2500).message("Unknown path components").reply()
        }
    }
}

/// What was recorded beyond the first `known`, once there is something.
async fn after<T: Clone>(records: &watch::Sender<Vec<T>>, known: usize) -> Vec<T> {
    let mut receiver = records.subscribe();
    match receiver.wait_for(|records| records.len() > known).await {
        Ok(records) => records[known..].to_vec(),
        // Fails only without a sender, which is at hand.
        Err(_) => Vec::new(),
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
