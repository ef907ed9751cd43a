//! The columns of a generation, and batches of them.

use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{Array, ArrayRef, FixedSizeListArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::error::{Error, Result};
use crate::model::{AgentId, ChunkId, DocumentId, FileType, OrganizationId};

/// A chunk as the index holds it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The chunk.
    pub chunk_id: ChunkId,
    /// The business.
    pub organization_id: OrganizationId,
    /// The agent that alone may use it.
    pub agent_id: Option<AgentId>,
    /// Its document.
    pub document_id: DocumentId,
    /// Position within the document, from 0.
    pub chunk_index: u32,
    /// Page, from 1.
    pub page_number: u32,
    /// File name of the document.
    pub filename: String,
    /// Kind of file.
    pub document_type: FileType,
    /// The text.
    pub content: String,
    /// Words to be found by, joined by spaces.
    pub terms: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Unit vector.
    pub vector: Vec<f32>,
}

/// Words of a chunk as `text::terms` makes them, joined by spaces: what full text searches. Folding
/// and stemming happen there and not in LanceDB, which stems before it folds, so that a customer who
/// writes without accents would not find `devolução`.
pub(super) const TERMS: &str = "terms";
pub(super) const VECTOR: &str = "vector";
pub(super) const CHUNK_ID: &str = "chunk_id";
pub(super) const ORGANIZATION_ID: &str = "organization_id";
/// Empty for documents that every agent may use.
pub(super) const AGENT_ID: &str = "agent_id";

const TEXTS: [&str; 5] = [CHUNK_ID, ORGANIZATION_ID, AGENT_ID, "document_id", "filename"];

pub(super) fn schema(dimension: usize) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let mut fields: Vec<Field> = TEXTS.iter().map(|n| text(n)).collect();
    fields.extend([
        Field::new("chunk_index", DataType::UInt32, false),
        Field::new("page_number", DataType::UInt32, false),
        text("document_type"),
        text("content"),
        text("created_at"),
        text(TERMS),
        Field::new(VECTOR, vector_type(dimension), false),
    ]);
    Arc::new(Schema::new(fields))
}

fn vector_type(dimension: usize) -> DataType {
    // Dimensions are checked to be at most 8192 where they enter.
    let size = i32::try_from(dimension).unwrap_or(i32::MAX);
    DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, true)), size)
}

pub(super) fn batch(entries: &[Entry], dimension: usize) -> Result<RecordBatch> {
    if let Some(wrong) = entries.iter().find(|e| e.vector.len() != dimension) {
        return Err(Error::internal(format!(
            "a vector has {} components, the index has {dimension}",
            wrong.vector.len()
        )));
    }
    let text = |get: &dyn Fn(&Entry) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(entries.iter().map(get)))
    };
    let number = |get: &dyn Fn(&Entry) -> u32| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(entries.iter().map(get)))
    };
    let size = i32::try_from(dimension).unwrap_or(i32::MAX);
    let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        entries.iter().map(|e| Some(e.vector.iter().map(|v| Some(*v)))),
        size,
    );
    let columns = vec![
        text(&|e| e.chunk_id.to_string()),
        text(&|e| e.organization_id.to_string()),
        text(&|e| e.agent_id.map(|a| a.to_string()).unwrap_or_default()),
        text(&|e| e.document_id.to_string()),
        text(&|e| e.filename.clone()),
        number(&|e| e.chunk_index),
        number(&|e| e.page_number),
        text(&|e| e.document_type.as_str().to_owned()),
        text(&|e| e.content.clone()),
        text(&|e| e.created_at.clone()),
        text(&|e| e.terms.clone()),
        Arc::new(vectors) as ArrayRef,
    ];
    RecordBatch::try_new(schema(dimension), columns)
        .map_err(|e| Error::internal("an index batch does not fit its schema").with_source(e))
}

/// A text column of a result.
pub(super) fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    batch
        .column_by_name(name)
        .and_then(|c| c.as_any().downcast_ref())
        .ok_or_else(|| Error::internal(format!("the index returned no column {name}")))
}
