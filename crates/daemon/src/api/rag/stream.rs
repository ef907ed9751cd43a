//! `POST /rag/query/stream`

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures::channel::mpsc;
use serde::Serialize;
use utoipa::ToSchema;

use super::AnswerBody;
use super::query::QueryRequest;
use crate::access::Caller;
use crate::event_stream::event_stream;
use crate::extract::Body;
use crate::response::{Problem, Reply};
use crate::state::App;

/// A server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the events; they are written by the server-sent events' own type")]
pub struct StreamEvent {
    /// `piece`, `answer` or `error`.
    event: String,
    /// JSON: `{"text"}`, an answer, or a problem.
    data: String,
}

/// A piece of the text.
#[derive(Serialize, ToSchema)]
struct Piece<'a> {
    text: &'a str,
}

/// Answers while it is written, as server-sent events.
///
/// `piece` events carry `{"text"}`, to be put together; then one `answer` event carries what `POST
/// /rag/query` answers with, and its text is the one that counts; or one `error` event a problem.
#[utoipa::path(
    post, path = "/rag/query/stream", tag = "rag", operation_id = "streamQuery", request_body = QueryRequest,
    responses((status = 200, description = "The events", body = StreamEvent, content_type = "text/event-stream"))
)]
pub async fn stream(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<QueryRequest>,
) -> Reply<Response> {
    let engine = app.engine_for(&caller).await?;
    let ask = request.into_ask(&caller);
    let (sender, events) = mpsc::unbounded();
    // A task of its own: a client that goes away does not stop an answer that is paid for and kept.
    let answering = async move {
        let pieces = sender.clone();
        let mut forward = |text: &str| {
            let _ = pieces.unbounded_send(Ok(event("piece", &Piece { text })));
        };
        let last = match engine.answer_streaming(&ask, &mut forward).await {
            Ok(answer) => event("answer", &AnswerBody::from(answer)),
            Err(error) => event("error", &Problem(error).body()),
        };
        let _ = sender.unbounded_send(Ok(last));
    };
    app.workshop().start(answering);
    Ok(event_stream(events))
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Plain values of our own: they serialise.
    Event::default().event(name).json_data(data).unwrap_or_default()
}
