//! What every client of an HTTP service needs: a client, patience, and good manners.
//!
//! [`client`] builds the connection pool, [`Retry`] decides what is tried again and when,
//! [`Breaker`] stops asking a service that is down, [`RateLimit`] keeps to a service's requests per
//! minute, `proxy.rs` says what goes through a proxy, `EventStream` takes server-sent events apart, and
//! `openai` holds what the two users of the OpenAI wire format share. What a request says and what its
//! answer means is not here: that is each provider's own file.

mod breaker;
mod client;
pub(crate) mod openai;
mod proxy;
mod rate;
mod retry;
mod sse;

pub use breaker::{Acquaintance, Breaker, BreakerState, CIRCUIT_OPEN};
pub use client::client;
pub(crate) use client::{
    BodyError, USER_AGENT, bearer, body_within, choose_tls, origin_of, parse_base_url, without_address,
};
pub(crate) use proxy::through;
pub use proxy::{proxy_for, proxy_problems};
pub use rate::RateLimit;
pub use retry::Retry;
pub(crate) use retry::{Again, Failure, again_after, asked_wait, may_pass};
pub(crate) use sse::EventStream;
