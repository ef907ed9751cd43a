//! `GET /contacts/{id}/export`

use agent_core::model::{AuditEntry, ContactId};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::{Value, json};

use crate::access::{Caller, note};
use crate::extract::{Id, RequestInfo};
use crate::response::Reply;
use crate::state::App;

/// Everything that is kept about a contact. That it was taken along is written into the audit log.
#[utoipa::path(
    get, path = "/contacts/{id}/export", tag = "contacts", operation_id = "exportContact",
    params(("id" = uuid::Uuid, Path, description = "Id of the contact")),
    responses((status = 200,
               description = "`contact`, `identifiers`, `conversations`, `messages` oldest first, `notes` and `queries`",
               body = serde_json::Value))
)]
pub async fn export(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ContactId>,
    info: RequestInfo,
) -> Reply<([(HeaderName, &'static str); 1], Json<Value>)> {
    let export = app.engine_for(&caller).await?.export_contact(id).await?;
    let entry = AuditEntry {
        actor: caller.actor,
        action: "contacts:export",
        resource: "contacts",
        resource_id: Some(id.to_string()),
        details: json!({}),
        request_id: Some(info.request_id),
        address: Some(info.address.to_string()),
    };
    note(&app, caller.organization_id, entry).await;
    Ok(([(header::CONTENT_DISPOSITION, "attachment; filename=\"contact.json\"")], Json(export)))
}
