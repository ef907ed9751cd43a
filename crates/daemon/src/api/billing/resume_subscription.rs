//! `POST /billing/resume-subscription`

use axum::Json;
use axum::extract::State;

use super::SubscriptionBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lets a subscription that was to end with its period go on.
#[utoipa::path(
    post, path = "/billing/resume-subscription", tag = "billing", operation_id = "resumeSubscription",
    responses(
        (status = 200, description = "The subscription as it is now", body = SubscriptionBody),
        (status = 404, description = "There is no subscription", body = crate::response::ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub async fn resume_subscription(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Reply<Json<SubscriptionBody>> {
    Ok(Json(app.engine_for(&caller).await?.resume_subscription().await?.into()))
}
