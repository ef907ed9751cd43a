//! `GET /organizations`

use agent_core::model::Actor;
use axum::Json;
use axum::extract::State;

use super::OrganizationBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lists the businesses the caller belongs to.
#[utoipa::path(
    get, path = "/organizations", tag = "organizations", operation_id = "listOrganizations",
    responses((status = 200, description = "The businesses", body = Vec<OrganizationBody>))
)]
pub async fn list(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<Vec<OrganizationBody>>> {
    let Actor::User(user) = caller.actor else {
        let own = app.engine_for(&caller).await?.organization().clone();
        return Ok(Json(vec![own.into()]));
    };
    let all = app.engine().organizations_of(user).await?;
    Ok(Json(all.into_iter().map(|(organization, _)| organization.into()).collect()))
}
