//! Telegram's Bot API, and any other address that takes JSON and says that it has it.

use serde_json::json;
use simulator::{Log, Recorded, Reply, Server};

use crate::socket::serve;

/// A running stand-in; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeTelegram {
    server: Server,
    log: Log,
}

impl FakeTelegram {
    /// Starts on a free port.
    ///
    /// # Panics
    /// If loopback has none.
    pub async fn start() -> Self {
        let log = Log::default();
        let kept = log.clone();
        let server = serve(move |request| {
            let kept = kept.clone();
            async move {
                kept.add(Recorded::read(request).await);
                Some(Reply::json(&json!({ "ok": true, "result": { "message_id": 1 } })).send().await)
            }
        })
        .await;
        Self { server, log }
    }

    /// Its address.
    pub fn base_url(&self) -> String {
        self.server.origin()
    }

    /// The requests so far.
    pub fn log(&self) -> Log {
        self.log.clone()
    }
}
