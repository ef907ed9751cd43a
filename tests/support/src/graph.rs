//! The simulator's Graph API for tests: on a free port, and with waits that end in a failure.

use std::ops::Deref;
use std::time::Duration;

use simulator::{Graph, PostedStatus, ReadReceipt, SentMessage};

/// How long a test waits for what it expects; it comes within milliseconds, or never.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running fake; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeGraph(Graph);

impl Deref for FakeGraph {
    type Target = Graph;

    fn deref(&self) -> &Graph {
        &self.0
    }
}

impl FakeGraph {
    /// Starts on a free port.
    ///
    /// # Panics
    /// If loopback has none.
    pub async fn start() -> Self {
        Self(Graph::start(([127, 0, 0, 1], 0).into()).await.expect("loopback has a free port"))
    }

    /// Waits until `count` messages were accepted, and returns them.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<SentMessage> {
        in_time(count, "accepted messages", self.sent_after(count.saturating_sub(1))).await;
        self.sent()
    }

    /// Waits until `count` messages were marked as read, and returns the receipts.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for_receipts(&self, count: usize) -> Vec<ReadReceipt> {
        in_time(count, "read receipts", self.receipts_after(count.saturating_sub(1))).await;
        self.receipts()
    }

    /// Waits until `count` statuses were posted, and returns them.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for_statuses(&self, count: usize) -> Vec<PostedStatus> {
        in_time(count, "posted statuses", self.statuses_after(count.saturating_sub(1))).await;
        self.statuses()
    }
}

async fn in_time<T>(count: usize, what: &str, enough: impl Future<Output = Vec<T>>) {
    let waited = tokio::time::timeout(DEADLINE, enough).await;
    assert!(waited.is_ok(), "waited for {count} {what} in vain");
}
