//! `DELETE /contacts/{id}`

use agent_core::model::ContactId;
use agent_core::store::Erased;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::extract::Id;
use crate::response::Reply;
use crate::state::App;

/// How much of a contact was erased.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErasedBody {
    /// Conversations.
    conversations: u64,
    /// Messages of both sides.
    messages: u64,
    /// Notes about them.
    notes: u64,
    /// Numbers and ids that they were known by.
    identifiers: u64,
    /// Questions with their answers and ratings.
    queries: u64,
    /// Cached answers to those questions.
    cached_answers: u64,
    /// Bodies of webhooks that spoke of them.
    webhooks: u64,
    /// Alerts to the owner about them.
    alerts: u64,
}

impl From<Erased> for ErasedBody {
    fn from(erased: Erased) -> Self {
        Self {
            conversations: erased.conversations,
            messages: erased.messages,
            notes: erased.notes,
            identifiers: erased.identifiers,
            queries: erased.queries,
            cached_answers: erased.cached_answers,
            webhooks: erased.webhooks,
            alerts: erased.alerts,
        }
    }
}

/// Erases a contact with everything that is kept about them. There is no way back; a later message makes
/// a new contact.
///
/// 409 `conversation_busy` while they are being answered.
#[utoipa::path(
    delete, path = "/contacts/{id}", tag = "contacts", operation_id = "eraseContact",
    params(("id" = uuid::Uuid, Path, description = "Id of the contact")),
    responses((status = 200, description = "What was erased", body = ErasedBody))
)]
pub async fn erase(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<ContactId>,
) -> Reply<Json<ErasedBody>> {
    Ok(Json(app.engine_for(&caller).await?.erase_contact(id).await?.into()))
}
