//! `POST /billing/cancel-subscription`

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::SubscriptionBody;
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// When it ends.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub struct CancelSubscriptionRequest {
    /// Now, and not at the end of what is paid.
    at_once: bool,
}

/// Cancels the subscription: it ends with the period that is paid, or at once.
#[utoipa::path(
    post, path = "/billing/cancel-subscription", tag = "billing", operation_id = "cancelSubscription",
    request_body(content = Option<CancelSubscriptionRequest>, description = "Without a body: at the end of the period"),
    responses((status = 200, description = "The subscription as it is now", body = SubscriptionBody))
)]
pub async fn cancel_subscription(
    State(app): State<App>,
    Caller(caller): Caller,
    request: Option<Body<CancelSubscriptionRequest>>,
) -> Reply<Json<SubscriptionBody>> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(app.engine_for(&caller).await?.cancel_subscription(request.at_once).await?.into()))
}
