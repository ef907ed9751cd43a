//! Scripted answers: a status, headers, a body in pieces, and ways to fail in the middle.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::{FutureExt, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Holds an answer back until it is let go. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through from now on.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn passed(&self) {
        // Fails only without a sender, which `self` is.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

/// What to answer instead of the usual.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    /// Held before the first byte.
    gate: Option<Gate>,
    /// Held after so many pieces.
    pause: Option<(usize, Gate)>,
    cut: bool,
}

impl Reply {
    /// An empty answer.
    pub fn status(status: u16) -> Self {
        let (headers, pieces) = (Vec::new(), Vec::new());
        Self { status, headers, pieces, gate: None, pause: None, cut: false }
    }

    /// A JSON document with status 200.
    pub fn json(body: &Value) -> Self {
        Self::pieces("application/json", vec![body.to_string().into_bytes()])
    }

    /// A body with status 200, sent in these pieces.
    pub fn pieces(content_type: &str, pieces: Vec<Vec<u8>>) -> Self {
        let mut reply = Self::status(200).header(CONTENT_TYPE.as_str(), content_type);
        reply.pieces = pieces;
        reply
    }

    /// A stream of server-sent events with these data, as a chat service sends them.
    pub fn events(data: &[String]) -> Self {
        let pieces = data.iter().map(|data| format!("data: {data}\n\n").into_bytes()).collect();
        Self::pieces("text/event-stream; charset=utf-8", pieces)
    }

    /// OpenAI's error envelope.
    pub fn error(status: u16, kind: &str, code: &str, param: Option<&str>, message: &str) -> Self {
        let error = json!({ "message": message, "type": kind, "param": param, "code": code });
        Self { status, ..Self::json(&json!({ "error": error })) }
    }

    /// Another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Nothing is sent until the gate opens.
    #[must_use]
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// After so many pieces, the rest waits for the gate.
    #[must_use]
    pub fn paused_after(mut self, pieces: usize, gate: &Gate) -> Self {
        self.pause = Some((pieces, gate.clone()));
        self
    }

    /// The connection is closed after the last piece, without an end of the body.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    /// It as it goes over the wire; waits for its gate. A header that is none makes it an empty 500.
    pub async fn send(self) -> Response {
        if let Some(gate) = &self.gate {
            gate.passed().await;
        }
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let body = if self.cut || self.pieces.len() > 1 || self.pause.is_some() {
            self.stream()
        } else {
            Body::from(self.pieces.concat())
        };
        response.body(body).unwrap_or_else(|_| {
            let mut broken = Response::new(Body::empty());
            *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            broken
        })
    }

    fn stream(self) -> Body {
        let Self { pieces, pause, cut, .. } = self;
        let pieces = stream::iter(pieces).enumerate().then(move |(number, piece)| {
            let gate = pause.as_ref().filter(|(after, _)| *after == number).map(|(_, g)| g.clone());
            async move {
                if let Some(gate) = gate {
                    gate.passed().await;
                }
                // Lets the server send what it has: each piece becomes a chunk of its own.
                tokio::task::yield_now().await;
                Ok(Bytes::from(piece))
            }
        });
        let end = async move {
            // What came before is sent before the connection closes.
            tokio::task::yield_now().await;
            if cut { Some(Err(io::Error::other("the script ends here"))) } else { None }
        };
        Body::from_stream(pieces.chain(end.into_stream().filter_map(|end| async { end })))
    }
}
