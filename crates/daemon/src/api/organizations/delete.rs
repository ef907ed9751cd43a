//! `DELETE /organizations/{id}`

use agent_core::model::OrganizationId;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::show::own;
use crate::access::Caller;
use crate::extract::{Id, Query};
use crate::response::Reply;
use crate::state::App;

/// That it is meant.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteOrganizationQuery {
    /// The slug of the business, as a confirmation.
    #[garde(length(chars, max = 100))]
    confirm: String,
}

/// Deletes a business with its documents, agents and conversations. There is no way back.
#[utoipa::path(
    delete, path = "/organizations/{id}", tag = "organizations", operation_id = "deleteOrganization",
    params(("id" = uuid::Uuid, Path, description = "Id of the business"), DeleteOrganizationQuery),
    responses(
        (status = 204, description = "Deleted; the data goes within the day"),
        (status = 409, description = "Its subscription goes on: cancel it first",
         body = crate::response::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<OrganizationId>,
    Query(query): Query<DeleteOrganizationQuery>,
) -> Reply<StatusCode> {
    own(&caller, id)?;
    app.engine_for(&caller).await?.delete_organization(&caller, &query.confirm).await?;
    Ok(StatusCode::NO_CONTENT)
}
