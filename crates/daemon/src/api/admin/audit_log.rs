//! `GET /admin/audit-log`

use axum::Json;
use axum::extract::State;

use super::AuditBody;
use crate::access::Caller;
use crate::api::page::{Page, PageQuery, Paging};
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Lists who did what, newest first.
#[utoipa::path(
    get, path = "/admin/audit-log", tag = "admin", operation_id = "auditLog", params(PageQuery),
    responses((status = 200, description = "A page of it", body = Page<AuditBody>))
)]
pub async fn audit_log(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<PageQuery>,
) -> Reply<Json<Page<AuditBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let (records, total) = app.engine_for(&caller).await?.audit_log(paging.page, paging.limit).await?;
    Ok(Json(Page::new(records.into_iter().map(AuditBody::from).collect(), paging, total)))
}
