//! `GET /billing/invoices`

use axum::Json;
use axum::extract::State;

use super::InvoiceBody;
use crate::access::Caller;
use crate::api::page::{Page, PageQuery, Paging};
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Lists the invoices of the business, newest first.
#[utoipa::path(
    get, path = "/billing/invoices", tag = "billing", operation_id = "listInvoices", params(PageQuery),
    responses((status = 200, description = "A page of them", body = Page<InvoiceBody>))
)]
pub async fn invoices(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<PageQuery>,
) -> Reply<Json<Page<InvoiceBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let (invoices, total) = app.engine_for(&caller).await?.invoices(paging.page, paging.limit).await?;
    Ok(Json(Page::new(invoices.into_iter().map(InvoiceBody::from).collect(), paging, total)))
}
