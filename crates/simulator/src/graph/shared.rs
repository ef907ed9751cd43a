//! What all requests to the fake share: the script, and the record of what happened.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::behaviour::Behaviour;
use super::messages::{ReadReceipt, SentMessage};
use super::script::Script;
use super::statuses::PostedStatus;
use crate::log::Log;
use crate::reply::Reply;

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) log: Log,
    pub(super) sent: watch::Sender<Vec<SentMessage>>,
    pub(super) receipts: watch::Sender<Vec<ReadReceipt>>,
    pub(super) statuses: watch::Sender<Vec<PostedStatus>>,
    script: Mutex<Script>,
    webhooks: Mutex<JoinSet<()>>,
    seed: OnceLock<u64>,
}

/// What is to be done with a request.
pub(super) enum Plan {
    /// Answer this.
    Answer(Reply),
    /// It is a message; this becomes of it.
    Message { number: String, behaviour: Behaviour },
    /// Answer as the service does.
    Usual,
}

impl Shared {
    pub(super) fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Part of every message id: no two fakes give the same id, as no two days of the real one do.
    pub(super) fn seed(&self) -> u64 {
        *self.seed.get_or_init(|| RandomState::new().hash_one("wamid"))
    }

    /// Does something beside the requests until it is done or the fake stops.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut webhooks = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
        while webhooks.try_join_next().is_some() {}
        webhooks.spawn(work);
    }

    pub(super) fn stop(&self) {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
