//! `GET /organizations/{id}`

use agent_core::Error;
use agent_core::model::{OrganizationId, Principal};
use axum::Json;
use axum::extract::State;

use super::OrganizationDetailsBody;
use crate::access::Caller;
use crate::extract::Id;
use crate::response::{Problem, Reply};
use crate::state::App;

/// Shows a business with its plan, limits and usage.
#[utoipa::path(
    get, path = "/organizations/{id}", tag = "organizations", operation_id = "showOrganization",
    params(("id" = uuid::Uuid, Path, description = "Id of the business")),
    responses((status = 200, description = "The business", body = OrganizationDetailsBody))
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<OrganizationId>,
) -> Reply<Json<OrganizationDetailsBody>> {
    own(&caller, id)?;
    let details = app.engine_for(&caller).await?.organization_details().await?;
    Ok(Json(details.into()))
}

/// Another business is none of the caller's: as if it were not there.
pub fn own(caller: &Principal, id: OrganizationId) -> Reply<()> {
    if caller.organization_id == id {
        return Ok(());
    }
    Err(Problem(Error::not_found(format!("there is no organization {id}"))))
}
