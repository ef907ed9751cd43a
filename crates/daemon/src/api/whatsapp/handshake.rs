//! `GET /whatsapp/webhook` and `GET /whatsapp/webhook/{channel}`

use agent_core::{Error, ErrorKind};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, header};

use crate::response::{Problem, Reply};
use crate::state::App;

/// The challenge as plain text, and as nothing else: whoever asks has chosen it.
type Challenge = ([(HeaderName, &'static str); 2], String);

/// Answers Meta's check of the webhook's address, for all channels without a Meta app of their own.
#[utoipa::path(
    get, path = "/whatsapp/webhook", tag = "whatsapp", operation_id = "whatsappHandshake",
    params(
        ("hub.mode" = String, Query, description = "`subscribe`"),
        ("hub.verify_token" = String, Query, description = "`whatsapp.verify_token` of the configuration"),
        ("hub.challenge" = String, Query, description = "What to answer with")
    ),
    responses(
        (status = 200, description = "The challenge", body = String, content_type = "text/plain"),
        (status = 403, description = "Not with our token", body = crate::response::ProblemBody,
         content_type = "application/problem+json")
    )
)]
pub async fn handshake(State(app): State<App>, RawQuery(query): RawQuery) -> Reply<Challenge> {
    answer(&app, None, query.as_deref())
}

/// Answers Meta's check of the webhook's address, for a channel with a Meta app of its own.
#[utoipa::path(
    get, path = "/whatsapp/webhook/{channel}", tag = "whatsapp", operation_id = "whatsappChannelHandshake",
    params(
        ("channel" = String, Path, description = "Name of the channel in the configuration"),
        ("hub.mode" = String, Query, description = "`subscribe`"),
        ("hub.verify_token" = String, Query, description = "The channel's `verify_token`"),
        ("hub.challenge" = String, Query, description = "What to answer with")
    ),
    responses(
        (status = 200, description = "The challenge", body = String, content_type = "text/plain"),
        (status = 403, description = "Not with the channel's token", body = crate::response::ProblemBody,
         content_type = "application/problem+json")
    )
)]
pub async fn handshake_of_channel(
    State(app): State<App>,
    channel: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Reply<Challenge> {
    let Path(channel) = channel.map_err(|_| refused())?;
    answer(&app, Some(&channel), query.as_deref())
}

fn answer(app: &App, channel: Option<&str>, query: Option<&str>) -> Reply<Challenge> {
    let challenge = app.engine().whatsapp_handshake(channel, query.unwrap_or_default());
    let headers = [(header::CONTENT_TYPE, "text/plain"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    challenge.map(|challenge| (headers, challenge)).ok_or_else(refused)
}

fn refused() -> Problem {
    let message = "this is for WhatsApp, with the verify_token of the configuration";
    Problem(Error::new(ErrorKind::Forbidden, message).with_code("bad_verify_token"))
}
