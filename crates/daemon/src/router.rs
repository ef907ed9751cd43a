//! The whole route table: which path leads to which verb, and who may take it.

use std::time::Duration;

use agent_core::model::Permission as P;
use agent_core::{Error, ErrorKind};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::access::{self, API_KEY, Access};
use crate::api::{
    admin, agents, auth, billing, contacts, documents, health, organizations, rag, users, whatsapp,
};
use crate::observe::{REQUEST_ID, observe, observe_webhook};
use crate::response::Problem;
use crate::state::App;
use crate::{docs, front, openapi};

/// Largest webhook: what Meta promises not to exceed; Stripe's are far smaller.
const WEBHOOK_BYTES: usize = 3 * 1024 * 1024;

/// Every route of the API but the webhooks.
fn table(app: &App) -> OpenApiRouter<App> {
    let open = |routes| declared(app, Access::Open, routes);
    let person = |routes| declared(app, Access::Person, routes);
    let needs = |permission, routes| declared(app, Access::Needs(permission), routes);
    OpenApiRouter::with_openapi(openapi::document())
        .merge(open(routes!(auth::register::register)))
        .merge(open(routes!(auth::login::login)))
        .merge(open(routes!(auth::refresh::refresh)))
        .merge(person(routes!(auth::logout::logout)))
        .merge(person(routes!(auth::accept_invitation::accept_invitation)))
        .merge(needs(P::ApiKeysCreate, routes!(auth::create_key::create_key)))
        .merge(needs(P::ApiKeysRead, routes!(auth::list_keys::list_keys)))
        .merge(needs(P::ApiKeysDelete, routes!(auth::revoke_key::revoke_key)))
        .merge(person(routes!(users::me::me)))
        .merge(person(routes!(users::update_me::update_me)))
        .merge(person(routes!(users::delete_me::delete_me)))
        .merge(person(routes!(users::export_me::export_me)))
        .merge(needs(P::UsersRead, routes!(users::list::list)))
        .merge(needs(P::UsersRead, routes!(users::invitations::invitations)))
        .merge(needs(P::UsersCreate, routes!(users::invite::invite)))
        .merge(needs(P::UsersDelete, routes!(users::revoke_invitation::revoke_invitation)))
        .merge(needs(P::UsersRead, routes!(users::show::show)))
        .merge(needs(P::UsersUpdate, routes!(users::update::update)))
        .merge(needs(P::UsersDelete, routes!(users::remove::remove)))
        .merge(needs(P::OrganizationRead, routes!(organizations::list::list)))
        .merge(needs(P::OrganizationRead, routes!(organizations::show::show)))
        .merge(needs(P::OrganizationUpdate, routes!(organizations::update::update)))
        .merge(needs(P::OrganizationDelete, routes!(organizations::delete::delete)))
        // The plan says how large a file may be; it is counted while it is stored.
        .merge(
            needs(P::DocumentsCreate, routes!(documents::upload::upload)).layer(DefaultBodyLimit::disable()),
        )
        .merge(needs(P::DocumentsRead, routes!(documents::list::list)))
        .merge(needs(P::DocumentsRead, routes!(documents::show::show)))
        .merge(needs(P::DocumentsDelete, routes!(documents::delete::delete)))
        .merge(needs(P::DocumentsUpdate, routes!(documents::process::process)))
        .merge(needs(P::DocumentsRead, routes!(documents::chunks::chunks)))
        .merge(needs(P::RagQuery, routes!(rag::query::query)))
        .merge(needs(P::RagQuery, routes!(rag::stream::stream)))
        .merge(needs(P::RagQuery, routes!(rag::feedback::feedback)))
        .merge(needs(P::RagRead, routes!(rag::sources::sources)))
        .merge(needs(P::AgentsRead, routes!(agents::list::list)))
        .merge(needs(P::AgentsCreate, routes!(agents::create::create)))
        .merge(needs(P::AgentsRead, routes!(agents::show::show)))
        .merge(needs(P::AgentsUpdate, routes!(agents::update::update)))
        .merge(needs(P::AgentsDelete, routes!(agents::delete::delete)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::send::send)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::list::list)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::show::show)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::messages::messages)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::write::write)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::takeover::takeover)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::release::release)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::mark_read::mark_read)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::set_status::set_status)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::notes::notes)))
        .merge(needs(P::ConversationsUpdate, routes!(whatsapp::add_note::add_note)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::export::export)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::search::search)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::channels::channels)))
        .merge(needs(P::ConversationsRead, routes!(whatsapp::events::events)))
        .merge(needs(P::ConversationsRead, routes!(contacts::list::list)))
        .merge(needs(P::ConversationsRead, routes!(contacts::show::show)))
        .merge(needs(P::ConversationsRead, routes!(contacts::export::export)))
        .merge(needs(P::ConversationsDelete, routes!(contacts::erase::erase)))
        .merge(needs(P::BillingUpdate, routes!(billing::create_checkout_session::create_checkout_session)))
        .merge(needs(P::BillingUpdate, routes!(billing::create_portal_session::create_portal_session)))
        .merge(needs(P::BillingRead, routes!(billing::subscription::subscription)))
        .merge(needs(P::BillingUpdate, routes!(billing::cancel_subscription::cancel_subscription)))
        .merge(needs(P::BillingUpdate, routes!(billing::resume_subscription::resume_subscription)))
        .merge(needs(P::BillingRead, routes!(billing::invoices::invoices)))
        .merge(needs(P::AdminRead, routes!(admin::dashboard::dashboard)))
        .merge(needs(P::AdminRead, routes!(admin::audit_log::audit_log)))
        .merge(needs(P::AdminUpdate, routes!(admin::reindex_document::reindex_document)))
        .merge(needs(P::AdminUpdate, routes!(admin::reindex_all::reindex_all)))
        .merge(needs(P::AdminRead, routes!(admin::list_jobs::list_jobs)))
        .merge(needs(P::AdminRead, routes!(admin::show_job::show_job)))
        .merge(needs(P::AdminUpdate, routes!(admin::retry_job::retry_job)))
        .merge(needs(P::AdminUpdate, routes!(admin::discard_job::discard_job)))
        .merge(open(routes!(health::show::show)))
        .merge(open(routes!(health::ready::ready)))
        .merge(open(routes!(health::live::live)))
        .merge(open(routes!(health::metrics::metrics)))
}

/// What Meta and Stripe call: declared like every route, and kept apart because [`router`] puts less around it.
fn webhooks(app: &App) -> OpenApiRouter<App> {
    use whatsapp::{handshake, receive};
    let open = |routes| declared(app, Access::Open, routes);
    OpenApiRouter::new()
        .merge(open(routes!(handshake::handshake, receive::receive)))
        .merge(open(routes!(handshake::handshake_of_channel, receive::receive_of_channel)))
        .merge(open(routes!(billing::receive::receive)))
}

/// Routes with who may take them: checked, and said in the document.
fn declared(app: &App, access: Access, routes: UtoipaMethodRouter<App>) -> OpenApiRouter<App> {
    let mut declared = OpenApiRouter::new().routes(routes);
    openapi::declare(declared.get_openapi_mut(), access);
    match access {
        Access::Open => declared,
        Access::Person | Access::Needs(_) => {
            declared.route_layer(middleware::from_fn_with_state((app.clone(), access), access::check))
        }
    }
}

/// The server's answer to every path: the API under its prefix, and what machines look for at the root.
pub fn router(app: &App) -> Router {
    let config = app.engine().config().server.clone();
    let (api, document) = table(app).split_for_parts();
    let (webhooks, their_document) = webhooks(app).split_for_parts();
    let document: OpenApi = openapi::finish(document.merge_from(their_document), &config.api_prefix);
    let api = api
        .route("/openapi.json", get(docs::document))
        .route("/docs", get(docs::page))
        .route("/docs/{file}", get(docs::file))
        .layer(Extension(docs::Document::new(&document)));
    let root = Router::new()
        .route("/health", get(health::show::show))
        .route("/health/ready", get(health::ready::ready))
        .route("/metrics", get(health::metrics::metrics));
    let body_idle = Duration::from_secs(config.idle_timeout_seconds);
    let routes = if config.api_prefix.is_empty() { api } else { root.nest(&config.api_prefix, api) };
    let prefix = config.api_prefix.clone();
    let routes = routes.route("/", get(async move |headers: HeaderMap| front::page(&headers, &prefix)));
    let routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(config.max_body_kb * 1024))
        .layer(RequestBodyTimeoutLayer::new(body_idle))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), observe))
        .layer(CompressionLayer::new())
        .layer(cors(&config.cors_origins));
    let routes = security_headers().into_iter().fold(routes, |routes, (name, value)| {
        routes.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)))
    });
    let routes = routes.with_state(app.clone());
    // They come by the thousand, from no browser, and nobody reads the answers.
    let webhooks = webhooks
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(WEBHOOK_BYTES))
        .layer(RequestBodyTimeoutLayer::new(body_idle))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), observe_webhook))
        .with_state(app.clone());
    if config.api_prefix.is_empty() {
        return routes.merge(webhooks);
    }
    let routes = routes.nest(&config.api_prefix, webhooks);
    // Asked for by every balancer every second: nothing stands around it.
    routes.route("/health/live", get(health::live::live))
}

fn security_headers() -> [(HeaderName, &'static str); 6] {
    [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::CACHE_CONTROL, "no-store"),
    ]
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|o| o.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static(API_KEY)])
        .expose_headers([REQUEST_ID.clone(), header::RETRY_AFTER])
        .allow_credentials(true)
        .max_age(Duration::from_hours(1))
}

async fn not_found() -> Problem {
    Problem(Error::not_found("there is nothing here: see the API's documentation at /docs under its prefix"))
}

async fn method_not_allowed() -> Problem {
    Problem::request("method_not_allowed", "this path does not take this method")
}

/// A handler panicked: the client gets a problem, the log the reason.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(reason: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let reason = reason
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| reason.downcast_ref::<&str>().copied())
        .unwrap_or("no reason");
    tracing::error!(reason, "a handler panicked");
    Problem(Error::new(ErrorKind::Internal, "a handler panicked")).into_response()
}
