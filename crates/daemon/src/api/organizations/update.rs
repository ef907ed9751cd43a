//! `PUT /organizations/{id}`

use agent_core::model::{OrganizationId, OrganizationPatch};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::show::own;
use super::{OrganizationDetailsBody, SettingsBody};
use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::Reply;
use crate::state::App;

/// What to change; what is absent stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct UpdateOrganizationRequest {
    /// New name.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// New settings, laid over the old ones.
    #[schema(value_type = Option<SettingsBody>)]
    settings: Option<serde_json::Value>,
}

/// Changes a business.
#[utoipa::path(
    put, path = "/organizations/{id}", tag = "organizations", operation_id = "updateOrganization",
    params(("id" = uuid::Uuid, Path, description = "Id of the business")),
    request_body = UpdateOrganizationRequest,
    responses((status = 200, description = "The business as it is now", body = OrganizationDetailsBody))
)]
pub async fn update(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<OrganizationId>,
    Body(request): Body<UpdateOrganizationRequest>,
) -> Reply<Json<OrganizationDetailsBody>> {
    own(&caller, id)?;
    let engine = app.engine_for(&caller).await?;
    let patch = OrganizationPatch { name: request.name, settings: request.settings };
    Ok(Json(engine.update_organization(patch).await?.into()))
}
