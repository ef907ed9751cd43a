//! `POST /whatsapp/conversations/{id}/messages`

use agent_core::model::ConversationId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::sent::{SentBody, outcome};
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

/// What a person says in a conversation.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteRequest {
    /// What to say, in Markdown or in WhatsApp's own way. A long one is sent in parts.
    #[garde(length(chars, min = 1, max = 20_000))]
    #[schema(min_length = 1, max_length = 20_000)]
    message: String,
}

/// Answers a customer as a person, who has the conversation from here on. Refused like `POST
/// /whatsapp/send`.
#[utoipa::path(
    post, path = "/whatsapp/conversations/{id}/messages", tag = "whatsapp", operation_id = "writeMessage",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    request_body = WriteRequest,
    responses(
        (status = 200, description = "WhatsApp has it", body = SentBody),
        (status = 202, description = "It waits to be sent: do not send it again", body = SentBody)
    )
)]
pub async fn write(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
    Body(request): Body<WriteRequest>,
) -> Reply<(StatusCode, Json<SentBody>)> {
    let engine = app.engine_for(&caller).await?;
    let reply = engine.write_as_person(id, request.message, caller.actor.user()).await?;
    outcome(&engine, id, reply).await
}
