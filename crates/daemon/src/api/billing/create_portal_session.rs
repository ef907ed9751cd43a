//! `POST /billing/create-portal-session`

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::HostedPageBody;
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// Where to come back to.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePortalRequest {
    /// Where to go afterwards; in one of the allowed origins.
    #[garde(length(chars, min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000, example = "https://app.example.com/billing")]
    return_url: String,
}

/// Opens Stripe's billing portal: means of payment, invoices, change of plan.
#[utoipa::path(
    post, path = "/billing/create-portal-session", tag = "billing", operation_id = "createPortalSession",
    request_body = CreatePortalRequest,
    responses((status = 200, description = "The page to send them to", body = HostedPageBody))
)]
pub async fn create_portal_session(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<CreatePortalRequest>,
) -> Reply<Json<HostedPageBody>> {
    let engine = app.engine_for(&caller).await?;
    Ok(Json(engine.create_portal_session(&request.return_url).await?.into()))
}
