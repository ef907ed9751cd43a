//! `GET /whatsapp/conversations/{id}/export`

use agent_core::model::{AuditEntry, ConversationId};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::{Value, json};

use crate::access::{Caller, note};
use crate::extract::{Id, RequestInfo};
use crate::response::Reply;
use crate::state::App;

/// Everything that is kept of a conversation. That it was taken along is written into the audit log.
#[utoipa::path(
    get, path = "/whatsapp/conversations/{id}/export", tag = "whatsapp", operation_id = "exportConversation",
    params(("id" = uuid::Uuid, Path, description = "Id of the conversation")),
    responses((status = 200, description = "`conversation`, `messages` oldest first, and `notes`",
               body = serde_json::Value))
)]
pub async fn export(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ConversationId>,
    info: RequestInfo,
) -> Reply<([(HeaderName, &'static str); 1], Json<Value>)> {
    let export = app.engine_for(&caller).await?.export_conversation(id).await?;
    let entry = AuditEntry {
        actor: caller.actor,
        action: "conversations:export",
        resource: "conversations",
        resource_id: Some(id.to_string()),
        details: json!({}),
        request_id: Some(info.request_id),
        address: Some(info.address.to_string()),
    };
    note(&app, caller.organization_id, entry).await;
    Ok(([(header::CONTENT_DISPOSITION, "attachment; filename=\"conversation.json\"")], Json(export)))
}
