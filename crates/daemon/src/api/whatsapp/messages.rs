//! `GET /whatsapp/conversations/{id}/messages`

use agent_core::model::{ConversationId, MessageId};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::message::MessageBody;
use crate::access::Caller;
use crate::extract::{Id, Query};
use crate::response::Reply;
use crate::state::App;

/// Messages at once when no number is asked for.
const LIMIT: u32 = 20;

/// Which messages.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct MessagesQuery {
    /// Only those before this one: the `nextBefore` of the answer before.
    before: Option<Uuid>,
    /// How many.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Messages of a conversation. They go on arriving, so there are no numbered pages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagesBody {
    /// Newest first.
    data: Vec<MessageBody>,
    /// Goes into `before` for those that are older; null if there are none.
    next_before: Option<Uuid>,
}

/// Lists the messages of a conversation, newest first.
#[utoipa::path(
    get, path = "/whatsapp/conversations/{id}/messages", tag = "whatsapp", operation_id = "listMessages",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation"), MessagesQuery),
    responses((status = 200, description = "Some of them", body = MessagesBody))
)]
pub async fn messages(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
    Query(query): Query<MessagesQuery>,
) -> Reply<Json<MessagesBody>> {
    let limit = query.limit.unwrap_or(LIMIT);
    let engine = app.engine_for(&caller).await?;
    let messages = engine.conversation_messages(id, query.before.map(MessageId), limit).await?;
    // Fewer than asked for are the last ones; as many may be, and then an empty answer comes next.
    let full = u32::try_from(messages.len()).is_ok_and(|count| count >= limit);
    let next_before = messages.last().filter(|_| full).map(|oldest| oldest.id.0);
    Ok(Json(MessagesBody { data: messages.into_iter().map(MessageBody::from).collect(), next_before }))
}
