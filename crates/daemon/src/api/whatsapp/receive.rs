//! `POST /whatsapp/webhook` and `POST /whatsapp/webhook/{channel}`
//!
//! 200 means that everything the webhook says is on disk. Anything else and Meta sends it again, for
//! days: it is for what is not Meta's, and for what could not be recorded.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent_core::engine::Refused;
use agent_core::whatsapp::signature::HEADER;
use agent_core::{Error, ErrorKind};
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;

use crate::extract::refused_bytes;
use crate::response::{Problem, Reply};
use crate::state::App;

/// How often wrong signatures are spoken of: anybody can send them.
const WARNING: Duration = Duration::from_mins(1);

/// Takes a webhook of Meta's in, for all channels without a Meta app of their own.
#[utoipa::path(
    post, path = "/whatsapp/webhook", tag = "whatsapp", operation_id = "receiveWhatsappWebhook",
    params(("X-Hub-Signature-256" = String, Header,
            description = "`sha256=` and the HMAC of the body under `whatsapp.app_secret`")),
    request_body(content = serde_json::Value, description = "As Meta signed it, 3 MB at most",
                 content_type = "application/json"),
    responses((status = 200, description = "Recorded"))
)]
pub async fn receive(State(app): State<App>, request: Request) -> Reply<StatusCode> {
    take_in(&app, None, request).await
}

/// Takes a webhook of Meta's in, for a channel with a Meta app of its own.
#[utoipa::path(
    post, path = "/whatsapp/webhook/{channel}", tag = "whatsapp",
    operation_id = "receiveWhatsappChannelWebhook",
    params(("channel" = String, Path, description = "Name of the channel in the configuration"),
           ("X-Hub-Signature-256" = String, Header,
            description = "`sha256=` and the HMAC of the body under the channel's `app_secret`")),
    request_body(content = serde_json::Value, description = "As Meta signed it, 3 MB at most",
                 content_type = "application/json"),
    responses((status = 200, description = "Recorded"))
)]
pub async fn receive_of_channel(
    State(app): State<App>,
    channel: Result<Path<String>, PathRejection>,
    request: Request,
) -> Reply<StatusCode> {
    let Path(channel) = channel.map_err(|_| problem(Refused::NoChannel))?;
    take_in(&app, Some(&channel), request).await
}

async fn take_in(app: &App, channel: Option<&str>, request: Request) -> Reply<StatusCode> {
    let header = request.headers().get(HEADER);
    let signature = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let body = match &signature {
        Some(_) => Bytes::from_request(request, app).await.map_err(|e| refused_bytes(&e))?,
        // Whatever it says, it is not Meta's: it is not read.
        None => Bytes::new(),
    };
    let received = app.engine().receive_webhook(channel, signature.as_deref(), body.into()).await;
    received.map(|_| StatusCode::OK).map_err(problem)
}

fn problem(refused: Refused) -> Problem {
    Problem(match refused {
        Refused::NoChannel => Error::not_found("there is no such channel"),
        Refused::Unsigned => {
            Error::new(ErrorKind::Unauthenticated, "the call is not signed: this is for WhatsApp")
                .with_code("unsigned")
        }
        Refused::BadSignature => {
            warn_of_signature();
            Error::new(ErrorKind::Forbidden, "the signature does not fit").with_code("bad_signature")
        }
        Refused::Failed(error) => Error::unavailable("the webhook could not be recorded: send it again")
            .with_code("not_recorded")
            .with_source(error),
    })
}

/// A wrong secret in the configuration looks like this, and so does whoever tries their luck.
fn warn_of_signature() {
    static SAID: Mutex<Option<Instant>> = Mutex::new(None);
    // A poisoned lock still holds a time: it is changed by one assignment.
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.is_none_or(|at| at.elapsed() >= WARNING) {
        *said = Some(Instant::now());
        tracing::warn!("a webhook's signature does not fit: is app_secret the one of this Meta app?");
    }
}
