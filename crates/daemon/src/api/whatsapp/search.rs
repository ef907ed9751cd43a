//! `GET /whatsapp/search`

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::message::MessageBody;
use crate::access::Caller;
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Messages at once when no number is asked for.
const LIMIT: u32 = 20;

/// What to look for.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct SearchQuery {
    /// Words: a message has to hold each of them; the last one may be a beginning.
    #[garde(length(chars, min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// How many.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Searches the messages of all conversations, newest first.
#[utoipa::path(
    get, path = "/whatsapp/search", tag = "whatsapp", operation_id = "searchMessages", params(SearchQuery),
    responses((status = 200, description = "The messages", body = Vec<MessageBody>))
)]
pub async fn search(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<SearchQuery>,
) -> Reply<Json<Vec<MessageBody>>> {
    let engine = app.engine_for(&caller).await?;
    let messages = engine.search_messages(&query.q, query.limit.unwrap_or(LIMIT)).await?;
    Ok(Json(messages.into_iter().map(MessageBody::from).collect()))
}
