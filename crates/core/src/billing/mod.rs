//! Stripe on the wire, both ways, and what a plan allows. Nothing here knows of the database.
//!
//! In: `signature.rs` proves that a webhook is Stripe's, `event.rs` reads it into values (with
//! `subscription.rs`, `invoice.rs`, `checkout.rs` and `shape.rs`), whatever version it was written in. Out:
//! `client.rs` asks Stripe. `order.rs` says which of two accounts of a subscription counts, and `plans.rs`
//! is the one place that decides what an organization may use.

mod checkout;
pub mod client;
pub mod event;
mod invoice;
pub mod order;
pub mod plans;
mod shape;
pub mod signature;
mod subscription;

pub use checkout::CheckoutSession;
pub use invoice::{InvoiceSnapshot, InvoiceStatus};
pub use subscription::{Cancellation, SubscriptionSnapshot};
