//! `POST /documents/upload`

use std::collections::BTreeMap;

use agent_core::engine::{Upload, UploadInfo};
use agent_core::model::AgentId;
use agent_core::{Engine, Error};
use axum::Json;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use utoipa::ToSchema;
use uuid::Uuid;

use super::DocumentBody;
use crate::access::Caller;
use crate::response::{Problem, Reply};
use crate::state::App;

/// Bytes of a form field that is not the file.
const FIELD_BYTES: usize = 64 * 1024;

/// The form of an upload.
#[derive(ToSchema)]
#[schema(as = UploadForm)]
#[expect(dead_code, reason = "describes the form; it is read piece by piece")]
pub struct UploadForm {
    /// The agent that alone may use it; every agent if absent.
    #[schema(value_type = Option<Uuid>)]
    agent_id: Option<Uuid>,
    /// A JSON object of texts: `{"title":"Manual"}`.
    metadata: Option<String>,
    /// The file: PDF, DOCX, Markdown, text, PNG or JPEG.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Uploads a document. It is stored when this answers, and searchable some seconds later: watch its
/// `status`. A file of the same name and agent becomes a new version of the document.
#[utoipa::path(
    post, path = "/documents/upload", tag = "documents", operation_id = "uploadDocument",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Stored, waiting to be processed", body = DocumentBody))
)]
pub async fn upload(
    State(app): State<App>,
    Caller(caller): Caller,
    form: Result<Multipart, MultipartRejection>,
) -> Reply<(StatusCode, Json<DocumentBody>)> {
    let mut form = form
        .map_err(|_| Problem::request("unsupported_media_type", "send the file as `multipart/form-data`"))?;
    let engine = app.engine_for(&caller).await?;
    let limits = engine.limits().await?;
    // Without a plan's limit the configured one holds alone.
    let size_limit = limits.max_file_mb.map_or(u64::MAX, |mb| mb * 1024 * 1024);

    let mut info = UploadInfo {
        filename: String::new(),
        agent_id: None,
        metadata: BTreeMap::new(),
        size_limit,
        document_limit: limits.max_documents,
    };
    let mut received = None;
    while let Some(mut field) = form.next_field().await.map_err(|e| malformed(&e))? {
        match field.name() {
            Some("file") if received.is_none() => {
                info.filename = field.file_name().unwrap_or_default().to_owned();
                received = Some(receive(&engine, info.clone(), &mut field).await?);
            }
            Some("agentId") => info.agent_id = agent(&text(&mut field).await?)?,
            Some("metadata") => info.metadata = metadata(&text(&mut field).await?)?,
            Some("file") => return Err(wrong("file", "one file a request")),
            other => {
                let name = other.unwrap_or_default().to_owned();
                return Err(wrong(&name, "not a field of this form: `file`, `agentId` and `metadata` are"));
            }
        }
    }
    let mut upload: Upload = received.ok_or_else(|| wrong("file", "the file is missing"))?;
    // Fields may come after the file: what they say counts all the same.
    upload.describe(info.agent_id, info.metadata).await?;
    let document = upload.finish().await?;
    Ok((StatusCode::CREATED, Json(document.into())))
}

async fn receive(engine: &Engine, info: UploadInfo, field: &mut Field<'_>) -> Reply<Upload> {
    let mut upload = engine.begin_upload(info).await?;
    while let Some(piece) = field.chunk().await.map_err(|e| malformed(&e))? {
        upload.write(&piece).await?;
    }
    Ok(upload)
}

async fn text(field: &mut Field<'_>) -> Reply<String> {
    let name = field.name().unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|e| malformed(&e))? {
        if bytes.len() + piece.len() > FIELD_BYTES {
            return Err(Problem::request("payload_too_large", format!("`{name}` is larger than 64 KB")));
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| wrong(&name, "is not UTF-8"))
}

fn agent(text: &str) -> Reply<Option<AgentId>> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = Uuid::try_parse(text).map_err(|_| wrong("agentId", "is not a UUID"))?;
    Ok(Some(AgentId(id)))
}

fn metadata(text: &str) -> Reply<BTreeMap<String, String>> {
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(text)
        .map_err(|_| wrong("metadata", "is not a JSON object, e.g. {\"title\":\"Manual\"}"))?;
    values
        .into_iter()
        .map(|(key, value)| match value {
            serde_json::Value::String(text) => Ok((key, text)),
            serde_json::Value::Number(n) => Ok((key, n.to_string())),
            serde_json::Value::Bool(b) => Ok((key, b.to_string())),
            _ => Err(wrong(&format!("metadata.{key}"), "is not a text")),
        })
        .collect()
}

fn wrong(field: &str, message: &str) -> Problem {
    let error = Error::invalid(format!("{field}: {message}")).with_code("validation_failed");
    Problem(error.with_field(field, message))
}

fn malformed(error: &MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::request("payload_too_large", "the body is larger than this server takes")
        }
        _ => Problem::request("malformed_multipart", "the form is not complete multipart/form-data"),
    }
}
