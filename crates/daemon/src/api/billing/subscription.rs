//! `GET /billing/subscription`

use axum::Json;
use axum::extract::State;

use super::SubscriptionBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Shows what the business pays for and what it has.
#[utoipa::path(
    get, path = "/billing/subscription", tag = "billing", operation_id = "showSubscription",
    responses((status = 200, description = "The subscription and the plan in force", body = SubscriptionBody))
)]
pub async fn subscription(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<SubscriptionBody>> {
    Ok(Json(app.engine_for(&caller).await?.subscription().await?.into()))
}
