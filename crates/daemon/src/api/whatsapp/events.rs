//! `GET /whatsapp/events`

use std::convert::Infallible;
use std::time::Duration;

use agent_core::model::{InboxEvent, OrganizationId};
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures::{StreamExt, stream};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::event_stream::event_stream;
use crate::response::Reply;
use crate::state::App;

/// A server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the events; they are written by the server-sent events' own type")]
pub struct InboxStreamEvent {
    /// `message.received`, `message.written`, `message.status`, `conversation.changed`, or `lagged`.
    event: String,
    /// JSON: `{"conversationId","kind","messageId"?}`; `{}` of `lagged`.
    data: String,
}

/// What goes with `lagged`: nothing.
#[derive(Serialize)]
struct Lagged {}

/// What happens in the conversations from here on, as server-sent events.
///
/// They say where something happened, not what: read it there. `lagged` says that some were missed: read
/// the lists again. The stream ends when the caller's access token would, and when the server stops: come
/// back then.
#[utoipa::path(
    get, path = "/whatsapp/events", tag = "whatsapp", operation_id = "watchInbox",
    responses((status = 200, description = "The events", body = InboxStreamEvent,
               content_type = "text/event-stream"))
)]
pub async fn events(State(app): State<App>, Caller(caller): Caller) -> Reply<Response> {
    let engine = app.engine_for(&caller).await?;
    let own = caller.organization_id;
    let events = stream::unfold(engine.watch_inbox(), move |mut inbox| async move {
        let event = next(&mut inbox, own).await?;
        Some((Ok::<_, Infallible>(event), inbox))
    });
    let longest = Duration::from_mins(engine.config().auth.access_token_minutes.into());
    let stopped = app.stopped();
    let over = async move {
        tokio::select! {
            () = stopped => {}
            () = tokio::time::sleep(longest) => {}
        }
    };
    Ok(event_stream(events.take_until(over)))
}

/// The next event of a business; `None` when there will be no more.
async fn next(inbox: &mut Receiver<InboxEvent>, own: OrganizationId) -> Option<Event> {
    loop {
        match inbox.recv().await {
            Ok(event) if event.organization_id == own => return Some(told(event.kind.as_str(), &event)),
            // Another business's.
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return Some(told("lagged", &Lagged {})),
            Err(RecvError::Closed) => return None,
        }
    }
}

fn told(name: &str, data: &impl Serialize) -> Event {
    // Plain values of our own: they serialise.
    Event::default().event(name).json_data(data).unwrap_or_default()
}
