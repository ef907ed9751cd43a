//! What all requests to the fake share: the script, and the record of what happened.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::behaviour::Behaviour;
use super::messages::{ReadReceipt, SentMessage};
use super::script::Script;
use super::statuses::PostedStatus;
use crate::log::Log;
use crate::reply::Reply;

/// How long a test waits for what it expects; it comes within milliseconds, or never.
const DEADLINE: Duration = Duration::from_secs(20);

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

/// Waits until there are `count` records, and returns them; panics if that takes too long.
pub(super) async fn wait<T: Clone>(records: &watch::Sender<Vec<T>>, count: usize, what: &str) -> Vec<T> {
    let mut receiver = records.subscribe();
    let enough = receiver.wait_for(|records| records.len() >= count);
    if let Ok(Ok(records)) = tokio::time::timeout(DEADLINE, enough).await {
        return records.clone();
    }
    let there = records.borrow().len();
    panic!("waited for {count} {what}, there are {there}");
}
