//! `GET /documents/{id}/chunks`

use agent_core::model::{Chunk, DocumentId};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Caller;
use crate::api::page::{Page, PageQuery, Paging};
use crate::extract::{Id, Query};
use crate::response::Reply;
use crate::state::App;

/// A chunk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChunkBody {
    /// New with each version of the document.
    id: Uuid,
    /// Position, from 0.
    chunk_index: u32,
    /// Page, from 1.
    page_number: u32,
    /// First character of it on its page's text.
    char_start: u32,
    /// Character after its last.
    char_end: u32,
    /// Tokens of the embedding model.
    token_count: u32,
    /// The headings it stands under.
    heading: Option<String>,
    /// Its text.
    content: String,
}

impl From<Chunk> for ChunkBody {
    fn from(chunk: Chunk) -> Self {
        Self {
            id: chunk.id.0,
            chunk_index: chunk.chunk_index,
            page_number: chunk.page_number,
            char_start: chunk.char_start,
            char_end: chunk.char_end,
            token_count: chunk.token_count,
            heading: chunk.heading,
            content: chunk.content,
        }
    }
}

/// Lists the chunks of a document in order.
#[utoipa::path(
    get, path = "/documents/{id}/chunks", tag = "documents", operation_id = "listChunks",
    params(("id" = uuid::Uuid, Path, description = "Id of the document"), PageQuery),
    responses((status = 200, description = "A page of them", body = Page<ChunkBody>))
)]
pub async fn chunks(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<DocumentId>,
    Query(query): Query<PageQuery>,
) -> Reply<Json<Page<ChunkBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let engine = app.engine_for(&caller).await?;
    let (chunks, total) = engine.chunks_page(id, paging.offset(), paging.limit).await?;
    Ok(Json(Page::new(chunks.into_iter().map(ChunkBody::from).collect(), paging, total)))
}
