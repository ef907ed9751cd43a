//! `GET /rag/sources/{queryId}`

use agent_core::model::{QueryId, QuerySources};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::SourceBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// What an earlier answer rested on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourcesBody {
    /// The question's id.
    query_id: Uuid,
    /// What was asked.
    query: String,
    /// What was answered.
    answer: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// What it cited, best first.
    sources: Vec<DetailedSourceBody>,
}

/// A cited chunk in full.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DetailedSourceBody {
    /// The citation.
    #[serde(flatten)]
    source: SourceBody,
    /// Its whole text; null if the document has changed since.
    content: Option<String>,
    /// The headings it stands under.
    heading: Option<String>,
    /// Whether the document still has this chunk.
    is_current: bool,
}

impl From<QuerySources> for SourcesBody {
    fn from(found: QuerySources) -> Self {
        let detailed = found.sources.into_iter().map(|s| DetailedSourceBody {
            is_current: s.current,
            content: s.content,
            heading: s.heading,
            source: s.source.into(),
        });
        Self {
            query_id: found.query_id.0,
            query: found.question,
            answer: found.answer,
            created_at: found.created_at,
            sources: detailed.collect(),
        }
    }
}

/// Shows what an earlier answer rested on.
#[utoipa::path(
    get, path = "/rag/sources/{queryId}", tag = "rag", operation_id = "showSources",
    params(("queryId" = uuid::Uuid, Path, description = "`queryId` of an answer")),
    responses((status = 200, description = "The sources", body = SourcesBody))
)]
pub async fn sources(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<QueryId>,
) -> Reply<Json<SourcesBody>> {
    Ok(Json(app.engine_for(&caller).await?.query_sources(id).await?.into()))
}
