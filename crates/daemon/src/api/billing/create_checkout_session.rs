//! `POST /billing/create-checkout-session`

use agent_core::engine::CheckoutRequest;
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

/// What to buy.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCheckoutRequest {
    /// Id of the plan.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "pro_monthly")]
    plan_id: String,
    /// Where to go after paying; in one of the allowed origins.
    #[garde(length(chars, min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000, example = "https://app.example.com/success")]
    success_url: String,
    /// Where to go after thinking better of it; in one of the allowed origins.
    #[garde(length(chars, min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000, example = "https://app.example.com/cancel")]
    cancel_url: String,
}

/// Begins the purchase of a plan: people pay on Stripe's page.
#[utoipa::path(
    post, path = "/billing/create-checkout-session", tag = "billing", operation_id = "createCheckoutSession",
    request_body = CreateCheckoutRequest,
    responses((status = 200, description = "The page to send them to", body = HostedPageBody))
)]
pub async fn create_checkout_session(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<CreateCheckoutRequest>,
) -> Reply<Json<HostedPageBody>> {
    let engine = app.engine_for(&caller).await?;
    let CreateCheckoutRequest { plan_id: plan, success_url, cancel_url } = request;
    let request = CheckoutRequest { plan, success_url, cancel_url };
    Ok(Json(engine.create_checkout(&caller, &request).await?.into()))
}
