//! `GET /admin/dashboard`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::AuditBody;
use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// Lines of recent activity.
const RECENT: u64 = 20;

/// The numbers at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardBody {
    /// The numbers.
    stats: StatsBody,
    /// The newest lines of the audit log.
    recent_activity: Vec<AuditBody>,
}

/// The numbers of the caller's business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsBody {
    /// Businesses counted here: the caller's own.
    total_organizations: u64,
    /// Of those, with an active subscription.
    active_subscriptions: u64,
    /// Documents.
    total_documents: u64,
    /// Questions answered, refusals included.
    total_messages: u64,
    /// Of those, refused.
    refused_messages: u64,
    /// Answered in this calendar month.
    messages_this_month: u64,
    /// Seconds an answer took, on average over the last 30 days; null if there was none.
    avg_response_time: Option<f64>,
    /// Jobs waiting or running.
    pending_jobs: u64,
    /// Jobs given up.
    dead_jobs: u64,
}

/// Shows how the business does.
#[utoipa::path(
    get, path = "/admin/dashboard", tag = "admin", operation_id = "dashboard",
    responses((status = 200, description = "The numbers", body = DashboardBody))
)]
pub async fn dashboard(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<DashboardBody>> {
    let engine = app.engine_for(&caller).await?;
    let details = engine.organization_details().await?;
    let numbers = engine.dashboard().await?;
    let (recent, _) = engine.audit_log(1, RECENT).await?;
    let stats = StatsBody {
        total_organizations: 1,
        active_subscriptions: u64::from(details.subscription_status == "active"),
        total_documents: details.usage.documents,
        total_messages: numbers.queries,
        refused_messages: numbers.refused,
        messages_this_month: details.usage.messages_this_month,
        avg_response_time: numbers.average_response_ms.map(|ms| ms / 1000.0),
        pending_jobs: numbers.pending_jobs,
        dead_jobs: numbers.dead_jobs,
    };
    Ok(Json(DashboardBody { stats, recent_activity: recent.into_iter().map(AuditBody::from).collect() }))
}
