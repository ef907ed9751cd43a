//! Server-sent events as proxies let them through: not buffered, not compressed, and never silent for long.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures::{Stream, StreamExt, stream};

/// Without an event for so long, a comment is sent: proxies end what is silent for 30 to 60 seconds.
const SILENCE: Duration = Duration::from_secs(15);

/// Bytes of the comment at the beginning: what buffers a few kilobytes lets the first event through at once.
const PADDING: usize = 2048;

/// For nginx and whatever follows it: pass every piece on when it comes.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The answer that carries `events`.
pub fn event_stream<S>(events: S) -> Response
where
    S: Stream<Item = Result<Event, Infallible>> + Send + 'static,
{
    let opening = stream::iter([Ok(Event::default().comment(" ".repeat(PADDING)))]);
    let keep_alive = KeepAlive::new().interval(SILENCE).text("still here");
    let headers = [
        // Nothing between us may keep it, or pack it and wait for more.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, Sse::new(opening.chain(events)).keep_alive(keep_alive)).into_response()
}
