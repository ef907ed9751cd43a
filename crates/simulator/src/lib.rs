//! WhatsApp without Meta: a fake Graph API on loopback, Meta's side of a webhook, and customers who play
//! scenarios.
//!
//! For whoever develops against the daemon, and for the tests. It speaks the real wire format over real
//! sockets, records what it was asked, and can be told to misbehave. It knows nothing of the product, prints
//! nothing and never panics; whoever waits for something with a deadline does that themselves.

mod chance;
mod graph;
mod log;
mod manner;
mod mark;
mod message;
mod person;
mod reply;
mod run;
mod scenario;
mod server;
mod verdict;

pub use graph::{
    Behaviour, Delivered, FakeMedia, Graph, NotALoopbackAddress, PostedStatus, ReadReceipt, Refusal,
    SentMessage, Webhook,
};
pub use log::{Log, Recorded};
pub use manner::{GraphManner, Limit, MediaFile, Template, Trouble, What};
pub use mark::marks;
pub use message::{Message, Wants};
pub use reply::{Gate, Reply};
pub use run::Simulation;
pub use scenario::{Delivery, Scenario, ScenarioError, Step};
pub use server::Server;
pub use verdict::{Fault, Finding, Verdict};
