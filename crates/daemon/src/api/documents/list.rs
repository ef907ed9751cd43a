//! `GET /documents`

use agent_core::model::AgentId;
use agent_core::store::{DocumentFilter, DocumentOrder};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{DocumentBody, StatusBody};
use crate::access::Caller;
use crate::api::page::{Page, Paging};
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Which documents.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ListQuery {
    /// Page, from 1.
    #[garde(range(min = 1, max = 1_000_000))]
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u64>,
    /// Rows of a page.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<StatusBody>,
    /// Only those of this agent.
    agent_id: Option<Uuid>,
}

/// Lists the documents, newest first.
#[utoipa::path(
    get, path = "/documents", tag = "documents", operation_id = "listDocuments", params(ListQuery),
    responses((status = 200, description = "A page of them", body = Page<DocumentBody>))
)]
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Reply<Json<Page<DocumentBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let filter = DocumentFilter {
        agent_id: query.agent_id.map(AgentId),
        status: query.status.map(Into::into),
        offset: paging.offset(),
        limit: Some(paging.limit),
        order: DocumentOrder::NewestFirst,
        searchable: false,
    };
    let (documents, total) = app.engine_for(&caller).await?.documents(filter).await?;
    Ok(Json(Page::new(documents.into_iter().map(DocumentBody::from).collect(), paging, total)))
}
