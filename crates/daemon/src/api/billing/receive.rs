//! `POST /billing/webhook`
//!
//! 200 means that the event and its effect are on disk, or that it has none here. Anything else and Stripe
//! sends it again, for days: it is for what is not Stripe's, and for what could not be recorded.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent_core::billing::signature::HEADER;
use agent_core::engine::StripeRefused;
use agent_core::store::DATABASE_BUSY;
use agent_core::{Error, ErrorKind};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;

use crate::extract::refused_bytes;
use crate::response::{Problem, Reply};
use crate::state::App;

/// How often wrong signatures are spoken of: anybody can send them.
const WARNING: Duration = Duration::from_mins(1);

/// Takes an event of Stripe's in.
#[utoipa::path(
    post, path = "/billing/webhook", tag = "billing", operation_id = "receiveStripeWebhook",
    params(("Stripe-Signature" = String, Header,
            description = "`t=`, the time, and `v1=`, the HMAC of time, dot and body under `stripe.webhook_secret`")),
    request_body(content = serde_json::Value, description = "As Stripe signed it", content_type = "application/json"),
    responses((status = 200, description = "Recorded"))
)]
pub async fn receive(State(app): State<App>, request: Request) -> Reply<StatusCode> {
    let mut headers = request.headers().get_all(HEADER).iter();
    // Of two headers nobody knows which one Stripe wrote.
    let signature = match (headers.next(), headers.next()) {
        (Some(value), None) => Some(String::from_utf8_lossy(value.as_bytes()).into_owned()),
        _ => None,
    };
    let body = match &signature {
        Some(_) => Bytes::from_request(request, &app).await.map_err(|e| refused_bytes(&e))?,
        // Whatever it says, it is not Stripe's: it is not read.
        None => Bytes::new(),
    };
    let received = app.engine().receive_stripe_webhook(signature.as_deref(), body.into()).await;
    received.map(|_| StatusCode::OK).map_err(problem)
}

fn problem(refused: StripeRefused) -> Problem {
    match refused {
        StripeRefused::NotExpected => {
            let text = "no webhooks of Stripe's are expected here: set stripe.webhook_secret";
            Problem(Error::not_found(text).with_code("webhook_not_configured"))
        }
        StripeRefused::BadSignature(reason) => {
            warn_of_signature(&reason);
            Problem::request("bad_signature", reason.to_string())
        }
        StripeRefused::NoEvent(_) => {
            tracing::warn!(reason = %refused, "a signed webhook of Stripe's is not an event");
            Problem::request("not_an_event", refused.to_string())
        }
        // Stripe comes again whatever the status; the ones that say when are worth keeping.
        StripeRefused::Failed(error)
            if error.kind() == ErrorKind::Unavailable || error.code() == Some(DATABASE_BUSY) =>
        {
            Problem(error)
        }
        StripeRefused::Failed(error) => Problem(
            Error::new(ErrorKind::Internal, "the event could not be recorded: send it again")
                .with_code("not_recorded")
                .with_source(error),
        ),
    }
}

/// A wrong secret in the configuration looks like this, and so does whoever tries their luck.
fn warn_of_signature(reason: &dyn std::fmt::Display) {
    static SAID: Mutex<Option<Instant>> = Mutex::new(None);
    // A poisoned lock still holds a time: it is changed by one assignment.
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.is_none_or(|at| at.elapsed() >= WARNING) {
        *said = Some(Instant::now());
        tracing::warn!(%reason, "a webhook that should be Stripe's is refused");
    }
}
