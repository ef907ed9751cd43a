//! Stand-ins for the services that the product talks to.
//!
//! Each speaks the real wire format over a real socket on a port that the system chooses, records
//! what it was asked, and can be told to misbehave. Where a real service has a habit that breaks
//! careless clients, the fake has it too. Nothing here knows the product: tests bring both together.
//! Nothing sleeps: a test waits for a condition, e.g. [`Log::wait_for`], or holds a [`Gate`].
//! Only a [`Webhook`] that was not taken pauses before it is posted again, as Meta's does.
//!
//! The Graph API is the simulator's, which ships (`crates/simulator`); what is here beside it fails loudly
//! when a test waits in vain.

mod embedding;
mod graph;
mod hub;
mod openai;
mod smtp;
mod socket;
mod stripe;
mod telegram;

pub use embedding::embedding_of;
pub use graph::FakeGraph;
pub use hub::{FakeHub, HubFile};
pub use openai::FakeOpenAi;
pub use simulator::{
    Behaviour, Delivered, FakeMedia, Gate, Log, PostedStatus, ReadReceipt, Recorded, Refusal, Reply,
    SentMessage, Webhook,
};
pub use smtp::{FakeSmtp, ReceivedMail};
pub use socket::unused_address;
pub use stripe::{
    FakeStripe, InvoiceFacts, Life, Shape, StripeFailure, SubscriptionFacts, event, stripe_signature,
};
pub use telegram::FakeTelegram;
