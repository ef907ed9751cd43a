//! `GET /contacts`

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Caller;
use crate::api::page::{Page, Paging};
use crate::api::whatsapp::conversation::ContactBody;
use crate::extract::Query;
use crate::response::Reply;
use crate::state::App;

/// Which contacts.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ContactsQuery {
    /// Page, from 1.
    #[garde(range(min = 1, max = 1_000_000))]
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u64>,
    /// Rows of a page.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// Only those whose name, username, number or user id contains this.
    #[garde(length(chars, max = 200))]
    #[param(max_length = 200)]
    q: Option<String>,
}

/// Lists the contacts, newest first. Beyond 10,000 they are not counted.
#[utoipa::path(
    get, path = "/contacts", tag = "contacts", operation_id = "listContacts", params(ContactsQuery),
    responses((status = 200, description = "A page of them", body = Page<ContactBody>))
)]
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(query): Query<ContactsQuery>,
) -> Reply<Json<Page<ContactBody>>> {
    let paging = Paging::new(query.page, query.limit);
    let engine = app.engine_for(&caller).await?;
    let (contacts, total) = engine.contacts(query.q.as_deref(), paging.page, paging.limit).await?;
    Ok(Json(Page::new(contacts.into_iter().map(ContactBody::from).collect(), paging, total)))
}
