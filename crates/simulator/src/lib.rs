//! WhatsApp without Meta: a fake Graph API on loopback, and Meta's side of a webhook.
//!
//! For whoever develops against the daemon, and for the tests. It speaks the real wire format over real
//! sockets, records what it was asked, and can be told to misbehave. It knows nothing of the product, prints
//! nothing and never panics; whoever waits for something with a deadline does that themselves.

mod graph;
mod log;
mod reply;
mod server;

pub use graph::{
    Behaviour, Delivered, FakeMedia, Graph, NotALoopbackAddress, PostedStatus, ReadReceipt, Refusal,
    SentMessage, Webhook,
};
pub use log::{Log, Recorded};
pub use reply::{Gate, Reply};
pub use server::Server;
