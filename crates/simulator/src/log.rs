//! What a fake was asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::Request;
use serde_json::Value;
use tokio::sync::watch;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
}

impl Recorded {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Reads a request to its end.
    pub async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Self {
            method: parts.method.to_string(),
            path,
            headers: headers.collect(),
            body: to_bytes(body, usize::MAX).await.map(|b| b.to_vec()).unwrap_or_default(),
        }
    }
}

/// All requests to a fake, oldest first. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Log {
    requests: Arc<watch::Sender<Vec<Recorded>>>,
}

impl Log {
    /// The requests so far.
    pub fn all(&self) -> Vec<Recorded> {
        self.requests.borrow().clone()
    }

    /// The bodies of the requests so far, as JSON.
    pub fn bodies(&self) -> Vec<Value> {
        self.requests.borrow().iter().map(Recorded::json).collect()
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        self.requests.borrow().len()
    }

    /// Waits until there were `count` requests, answered or not.
    pub async fn wait_for(&self, count: usize) {
        // Fails only without a sender, which `self` is.
        let _ = self.requests.subscribe().wait_for(|requests| requests.len() >= count).await;
    }

    /// One more request.
    pub fn add(&self, request: Recorded) {
        self.requests.send_modify(|requests| requests.push(request));
    }
}
