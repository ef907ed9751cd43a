//! `GET /whatsapp/conversations`

use agent_core::model::AgentId;
use agent_core::store::ConversationFilter;
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::conversation::{ConversationBody, ConversationStatusBody, HandsBody};
use crate::access::Caller;
use crate::api::page::{Page, Paging};
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Which conversations.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ConversationsQuery {
    /// Page, from 1.
    #[garde(range(min = 1, max = 1_000_000))]
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u64>,
    /// Rows of a page.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// Only those in which this agent answers.
    agent_id: Option<Uuid>,
    /// Only those with this status; all that were not put away if absent.
    #[param(inline)]
    status: Option<ConversationStatusBody>,
    /// Only those in these hands.
    #[param(inline)]
    state: Option<HandsBody>,
}

/// Lists the conversations, latest message first. Beyond 10,000 they are not counted.
#[utoipa::path(
    get, path = "/whatsapp/conversations", tag = "whatsapp", operation_id = "listConversations",
    params(ConversationsQuery),
    responses((status = 200, description = "A page of them", body = Page<ConversationBody>))
)]
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<ConversationsQuery>,
) -> Reply<Json<Page<ConversationBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let filter = ConversationFilter {
        agent: query.agent_id.map(AgentId),
        status: query.status.map(Into::into),
        state: query.state.map(Into::into),
        ..ConversationFilter::default()
    };
    let engine = app.engine_for(&caller).await?;
    let (conversations, total) = engine.conversations(filter, paging.page, paging.limit).await?;
    Ok(Json(Page::new(conversations.into_iter().map(ConversationBody::from).collect(), paging, total)))
}
