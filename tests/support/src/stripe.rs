//! Stripe: customers, checkout, the billing portal, subscriptions, invoices, and signed webhooks.
//!
//! Unscripted, it does what the real one does with what it is asked. It has the habits that break careless
//! clients: what it answered under an idempotency key it answers again, failures of its own included; the
//! same key with other parameters is an error; lists come in pages; a request that is under way under the
//! same key is refused; and an error about a key repeats the key. What happens at Stripe without being
//! asked for over the wire, such as a payment, the test says (`stripe/books.rs`); events are written in the
//! old shape or the new one (`stripe/shape.rs`, `stripe/life.rs`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use simulator::{Gate, Log, Recorded, Reply, Server};

use crate::socket::serve;

mod books;
mod form;
mod idempotency;
mod life;
mod shape;
mod sign;

pub use life::{Life, event};
pub use shape::{InvoiceFacts, Shape, SubscriptionFacts};
pub use sign::stripe_signature;

use books::Books;
use idempotency::{Keys, Known};

/// A running fake; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeStripe {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    log: Log,
    state: Mutex<Everything>,
}

#[derive(Debug, Default)]
struct Everything {
    books: Books,
    keys: Keys,
    scripted: VecDeque<StripeFailure>,
    /// Without it every key is taken.
    secret_key: Option<String>,
}

/// How the next request fails.
#[derive(Debug, Clone)]
pub enum StripeFailure {
    /// This is answered, nothing is done, and nothing is kept under the key.
    Refuse(Reply),
    /// Nothing is done, and this is answered for a day to whoever asks under the same key.
    Keep(Reply),
    /// It is done, and the connection closes before the answer.
    DoneAndDropped,
    /// The connection closes; nothing is done.
    Dropped,
    /// It is under way until the gate opens, and then done.
    HeldBy(Gate),
    /// It does not fail: the next one may.
    Not,
}

impl StripeFailure {
    /// A status in Stripe's words, of a kind and code, kept under the key or not.
    pub fn error(status: u16, kind: &str, code: &str) -> Reply {
        error(status, kind, code, None, "what went wrong, in words that may repeat the request")
    }
}

fn error(status: u16, kind: &str, code: &str, param: Option<&str>, message: &str) -> Reply {
    let error = json!({ "type": kind, "code": code, "param": param, "message": message });
    Reply::json(&json!({ "error": error })).with_status(status)
}

/// What becomes of a request.
enum Step {
    Answer(Reply),
    Drop,
}

impl FakeStripe {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        Self { server: serve(move |request| respond(Arc::clone(&state), request)).await, shared }
    }

    /// What to configure as `stripe.base_url`.
    pub fn base_url(&self) -> String {
        self.server.origin()
    }

    /// The requests so far.
    pub fn log(&self) -> Log {
        self.shared.log.clone()
    }

    /// Requests with another key are refused from now on.
    pub fn require_key(&self, key: &str) {
        self.everything(|all| all.secret_key = Some(key.to_owned()));
    }

    /// The next request that has no failure yet fails like this.
    pub fn script(&self, failure: StripeFailure) {
        self.everything(|all| all.scripted.push_back(failure));
    }

    /// Puts a subscription into the books, in place of one of the same id.
    pub fn put_subscription(&self, facts: &SubscriptionFacts) {
        self.everything(|all| all.books.put_subscription(facts.clone()));
    }

    /// Puts an invoice into the books, in place of one of the same id.
    pub fn put_invoice(&self, facts: &InvoiceFacts) {
        self.everything(|all| all.books.put_invoice(facts.clone()));
    }

    /// Somebody pays for a checkout session: the subscription that comes of it.
    ///
    /// # Panics
    /// If there is no such session.
    pub fn pay(&self, session: &str, created: i64) -> SubscriptionFacts {
        self.everything(|all| all.books.pay(session, created))
    }

    /// The subscription of that id, as it is in the books.
    pub fn subscription(&self, id: &str) -> Option<SubscriptionFacts> {
        self.everything(|all| all.books.subscription(id).cloned())
    }

    /// Parameters of the checkout sessions so far, oldest first.
    pub fn checkouts(&self) -> Vec<Value> {
        self.everything(|all| all.books.checkouts())
    }

    /// Ids of the customers so far, oldest first.
    pub fn customers(&self) -> Vec<String> {
        self.everything(|all| all.books.customers())
    }

    fn everything<T>(&self, change: impl FnOnce(&mut Everything) -> T) -> T {
        self.shared.everything(change)
    }
}

impl Shared {
    fn everything<T>(&self, change: impl FnOnce(&mut Everything) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn respond(shared: Arc<Shared>, request: Request) -> Option<Response> {
    let request = Recorded::read(request).await;
    // Failures are dealt in the order in which the log has the requests.
    let failure = shared.everything(|all| {
        shared.log.add(request.clone());
        all.scripted.pop_front()
    });
    if let Some(StripeFailure::HeldBy(gate)) = &failure {
        shared.everything(|all| all.keys.begin(&request));
        gate.passed().await;
        shared.everything(|all| all.keys.give_up(&request));
    }
    match shared.everything(|all| all.answer(&request, failure)) {
        Step::Answer(reply) => Some(reply.header("request-id", "req_fake").send().await),
        Step::Drop => None,
    }
}

impl Everything {
    fn answer(&mut self, request: &Recorded, failure: Option<StripeFailure>) -> Step {
        if let Some(refusal) = self.refusal(request) {
            return Step::Answer(refusal);
        }
        match self.keys.look_up(request) {
            // The answer gets lost, also one that was given before.
            Known::Said(_)
                if matches!(failure, Some(StripeFailure::Dropped | StripeFailure::DoneAndDropped)) =>
            {
                return Step::Drop;
            }
            Known::Said(reply) => return Step::Answer(reply.header("idempotent-replayed", "true")),
            Known::Otherwise => {
                let text = "Keys for idempotent requests can only be used with the same parameters.";
                return Step::Answer(error(400, "idempotency_error", "", None, text));
            }
            Known::UnderWay => {
                let text = "There is currently another in-progress request using this key.";
                let code = "idempotency_key_in_use";
                return Step::Answer(error(409, "invalid_request_error", code, None, text));
            }
            Known::Nothing => {}
        }
        match failure {
            Some(StripeFailure::Refuse(reply)) => Step::Answer(reply),
            Some(StripeFailure::Keep(reply)) => {
                self.keys.keep(request, &reply);
                Step::Answer(reply)
            }
            Some(StripeFailure::Dropped) => Step::Drop,
            Some(StripeFailure::DoneAndDropped) => {
                self.perform(request);
                Step::Drop
            }
            Some(StripeFailure::HeldBy(_) | StripeFailure::Not) | None => Step::Answer(self.perform(request)),
        }
    }

    fn refusal(&self, request: &Recorded) -> Option<Reply> {
        let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let wanted = self.secret_key.as_deref();
        if given.is_none() || wanted.is_some_and(|wanted| given != Some(wanted)) {
            let text = format!("Invalid API Key provided: {}", given.unwrap_or_default());
            return Some(error(401, "invalid_request_error", "api_key_invalid", None, &text));
        }
        None
    }

    fn perform(&mut self, request: &Recorded) -> Reply {
        match self.books.perform(request) {
            Ok(object) => {
                let reply = Reply::json(&object);
                self.keys.keep(request, &reply);
                reply
            }
            // What was not begun is not kept.
            Err(refusal) => refusal,
        }
    }
}

#[cfg(test)]
mod tests;
