//! `GET /contacts/{id}`

use agent_core::model::{ContactDetails, ContactId, ContactIdentifier};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Caller;
use crate::api::whatsapp::conversation::ContactBody;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// Something a contact is known by.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifierBody {
    /// `phone`, `user_id` or `parent_user_id`.
    kind: String,
    /// As Meta gave it.
    value: String,
}

impl From<ContactIdentifier> for IdentifierBody {
    fn from(identifier: ContactIdentifier) -> Self {
        Self { kind: identifier.kind, value: identifier.value }
    }
}

/// A contact with everything it is known by.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactDetailsBody {
    /// Who.
    contact: ContactBody,
    /// Every number and id that leads here.
    identifiers: Vec<IdentifierBody>,
    /// Ids of their conversations, oldest first.
    conversations: Vec<Uuid>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<ContactDetails> for ContactDetailsBody {
    fn from(details: ContactDetails) -> Self {
        Self {
            contact: details.contact.into(),
            identifiers: details.identifiers.into_iter().map(Into::into).collect(),
            conversations: details.conversations.into_iter().map(|id| id.0).collect(),
            created_at: details.created_at,
        }
    }
}

/// Shows a contact.
#[utoipa::path(
    get, path = "/contacts/{id}", tag = "contacts", operation_id = "showContact",
    params(("id" = uuid::Uuid, Path, description = "Id of the contact")),
    responses((status = 200, description = "The contact", body = ContactDetailsBody))
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ContactId>,
) -> Reply<Json<ContactDetailsBody>> {
    Ok(Json(app.engine_for(&caller).await?.contact(id).await?.into()))
}
