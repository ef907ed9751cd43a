//! Chunks: the text that is found and cited. The vectors are in the index.

use rusqlite::{Connection, Row, params};

use super::rows::Cells;
use super::{Store, rows};
use crate::error::Result;
use crate::model::{AgentId, Chunk, ChunkId, ChunkText, DocumentId, FileType, OrganizationId};
use crate::text::TermSet;

/// A chunk with its id, on its way into the store.
#[derive(Debug, Clone)]
pub struct ChunkRow {
    /// New with each version of the document.
    pub id: ChunkId,
    /// The chunk.
    pub text: ChunkText,
    /// What it is found by.
    pub terms: TermSet,
}

impl ChunkRow {
    /// A chunk whose terms are not known yet.
    pub fn new(id: ChunkId, text: ChunkText) -> Self {
        Self { id, text, terms: TermSet::default() }
    }
}

/// A chunk with what a citation needs of its document.
#[derive(Debug, Clone)]
pub struct FoundChunk {
    /// The chunk.
    pub chunk: Chunk,
    /// File name of its document.
    pub filename: String,
    /// Path of its document.
    pub path: String,
    /// Kind of file.
    pub file_type: FileType,
    /// The agent that alone may use the document, as text.
    pub agent_id: Option<String>,
    /// What the chunk is found by; `None` for one from before that was kept.
    pub terms: Option<TermSet>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Chunk> {
    Ok(Chunk {
        id: rows::parsed(row, "id")?,
        document_id: rows::parsed(row, "document_id")?,
        chunk_index: row.get("chunk_index")?,
        page_number: row.get("page_number")?,
        char_start: row.get("char_start")?,
        char_end: row.get("char_end")?,
        token_count: row.get("token_count")?,
        heading: row.get("heading")?,
        content: row.get("content")?,
    })
}

/// Reads the columns of [`FOUND`], which come first in the statement: a question reads a hundred rows.
fn read_found(row: &Row<'_>) -> rusqlite::Result<FoundChunk> {
    let mut cells = Cells::of(row);
    Ok(FoundChunk {
        chunk: Chunk {
            id: cells.parsed()?,
            document_id: cells.parsed()?,
            chunk_index: cells.get()?,
            page_number: cells.get()?,
            char_start: cells.get()?,
            char_end: cells.get()?,
            token_count: cells.get()?,
            heading: cells.get()?,
            content: cells.get()?,
        },
        filename: cells.get()?,
        path: cells.get()?,
        file_type: cells.word("file type", FileType::from_stored)?,
        agent_id: cells.get()?,
        terms: cells.get::<Option<Vec<u8>>>()?.map(|bytes| TermSet::from_bytes(&bytes)),
    })
}

/// Columns of a [`FoundChunk`]: a join on the owning document. Whatever chunks a document has are current: a new
/// upload that waits, is being processed, or could not be read does not hide them.
const FOUND: &str =
    "SELECT k.id, k.document_id, k.chunk_index, k.page_number, k.char_start, k.char_end, k.token_count,
                            k.heading, k.content, d.filename, d.path, d.file_type, d.agent_id, k.terms
                     FROM document_chunks k JOIN documents d ON d.id = k.document_id
                     WHERE k.organization_id = ?1";

pub(super) fn replace(
    c: &Connection,
    organization: OrganizationId,
    document: DocumentId,
    chunks: &[ChunkRow],
    now: &str,
) -> Result<()> {
    let document = document.to_string();
    let organization = organization.to_string();
    c.prepare_cached("DELETE FROM document_chunks WHERE document_id = ?1")?.execute([&document])?;
    let mut insert = c.prepare_cached(
        "INSERT INTO document_chunks (id, organization_id, document_id, chunk_index, content, heading, token_count,
                                      page_number, char_start, char_end, created_at, terms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for (index, ChunkRow { id, text, terms }) in chunks.iter().enumerate() {
        insert.execute(params![
            id.to_string(),
            organization,
            document,
            i64::try_from(index).unwrap_or(i64::MAX),
            text.content,
            text.heading,
            text.token_count,
            text.page_number,
            text.char_start,
            text.char_end,
            now,
            terms.to_bytes(),
        ])?;
    }
    Ok(())
}

impl Store {
    /// The chunks of a document in order.
    pub async fn chunks(&self, organization: OrganizationId, document: DocumentId) -> Result<Vec<Chunk>> {
        self.read(move |c| {
            let sql = "SELECT id, document_id, chunk_index, page_number, char_start, char_end, token_count, heading, content
                       FROM document_chunks WHERE organization_id = ?1 AND document_id = ?2 ORDER BY chunk_index";
            let mut statement = c.prepare_cached(sql)?;
            let chunks = statement.query_map(params![organization.to_string(), document.to_string()], read)?;
            Ok(chunks.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The chunks of a document in order: at most `limit` of them, after `offset` others.
    pub async fn chunks_page(
        &self,
        organization: OrganizationId,
        document: DocumentId,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<Chunk>> {
        self.read(move |c| {
            let sql = "SELECT id, document_id, chunk_index, page_number, char_start, char_end, token_count, heading, content
                       FROM document_chunks WHERE organization_id = ?1 AND document_id = ?2
                       ORDER BY chunk_index LIMIT ?3 OFFSET ?4";
            let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            let mut statement = c.prepare_cached(sql)?;
            let values =
                params![organization.to_string(), document.to_string(), number(limit), number(offset)];
            let chunks = statement.query_map(values, read)?;
            Ok(chunks.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The current chunks among `ids`, in no order. Ids the index still has but the store does not
    /// (an old version, a deleted document) are not returned.
    pub async fn found_chunks(
        &self,
        organization: OrganizationId,
        ids: Vec<ChunkId>,
    ) -> Result<Vec<FoundChunk>> {
        self.read(move |c| {
            let mut statement = c.prepare_cached(&format!("{FOUND} AND k.id = ?2"))?;
            let whose = organization.to_string();
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.extend(statement.query_row(params![whose, id.to_string()], read_found).ok_or_absent()?);
            }
            Ok(found)
        })
        .await
    }

    /// Whether everything that is searchable may be found by this agent of this organization: nobody else
    /// has documents. Looked up by the edges of an index, so that it costs nothing to ask.
    pub async fn may_find_everything(
        &self,
        organization: OrganizationId,
        agent: Option<AgentId>,
    ) -> Result<bool> {
        self.read(move |c| {
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM documents WHERE organization_id < ?1)
                          AND NOT EXISTS (SELECT 1 FROM documents WHERE organization_id > ?1)
                          AND NOT EXISTS (SELECT 1 FROM documents
                                          WHERE organization_id = ?1 AND agent_id > '' AND agent_id < ?2)
                          AND NOT EXISTS (SELECT 1 FROM documents
                                          WHERE organization_id = ?1 AND agent_id > ?2)";
            let agent = agent.map(|a| a.to_string()).unwrap_or_default();
            Ok(c.prepare_cached(sql)?
                .query_row(params![organization.to_string(), agent], |row| row.get(0))?)
        })
        .await
    }

    /// A page of every organization's current chunks, for rebuilding an index: those with an id after
    /// `after`, in the order of ids.
    pub async fn chunks_after(
        &self,
        after: Option<ChunkId>,
        limit: usize,
    ) -> Result<Vec<(OrganizationId, FoundChunk)>> {
        self.read(move |c| {
            let sql = FOUND
                .replace("k.organization_id = ?1", "k.id > ?1")
                .replace(" FROM document_chunks", ", k.organization_id FROM document_chunks");
            let mut statement = c.prepare_cached(&format!("{sql} ORDER BY k.id LIMIT ?2"))?;
            let after = after.map(|a| a.to_string()).unwrap_or_default();
            let page = statement
                .query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    Ok((rows::parsed(row, "organization_id")?, read_found(row)?))
                })?;
            Ok(page.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Every current chunk's id.
    pub async fn chunk_ids(&self) -> Result<Vec<ChunkId>> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT id FROM document_chunks")?;
            let ids = statement.query_map([], |row| rows::parsed(row, "id"))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Number of current chunks of an organization.
    pub async fn chunk_count_of(&self, organization: OrganizationId) -> Result<u64> {
        self.read(move |c| {
            let sql = "SELECT COUNT(*) FROM document_chunks WHERE organization_id = ?1";
            let count: i64 = c.prepare_cached(sql)?.query_row([organization.to_string()], |r| r.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    /// Number of current chunks of all organizations: what the index should have.
    pub async fn chunk_count(&self) -> Result<u64> {
        self.read(|c| {
            let count: i64 =
                c.prepare_cached("SELECT COUNT(*) FROM document_chunks")?.query_row([], |r| r.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }
}

trait OkOrAbsent<T> {
    fn ok_or_absent(self) -> rusqlite::Result<Option<T>>;
}

impl<T> OkOrAbsent<T> for rusqlite::Result<T> {
    fn ok_or_absent(self) -> rusqlite::Result<Option<T>> {
        rusqlite::OptionalExtension::optional(self)
    }
}
