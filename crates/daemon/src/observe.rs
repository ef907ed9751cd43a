//! Around every request of the API: an id, the client's address and its rate limit, a time limit, a
//! span, the metrics, and one line in the log without contents. Webhooks have all of it but the rate
//! limit.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use agent_core::{Error, ErrorKind};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::extract::RequestInfo;
use crate::response::Problem;
use crate::state::App;

/// Header of a request's id, both ways.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Routes that may take as long as a language model does, or as WhatsApp and Stripe do.
const SLOW: [&str; 9] = [
    "/rag/query",
    "/rag/query/stream",
    "/documents/upload",
    "/whatsapp/send",
    "/whatsapp/conversations/{id}/messages",
    "/billing/create-checkout-session",
    "/billing/create-portal-session",
    "/billing/cancel-subscription",
    "/billing/resume-subscription",
];
/// Time for those: a model's own limit, tried again.
const SLOW_LIMIT: Duration = Duration::from_mins(10);

/// Wraps a request; see the module.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    observed(&app, request, next, |address| app.limits().check_address(address)).await
}

/// The same for webhooks, which come by the thousand from few addresses: none is held to a limit.
pub async fn observe_webhook(State(app): State<App>, request: Request, next: Next) -> Response {
    observed(&app, request, next, |_| Ok(())).await
}

async fn observed(
    app: &App,
    mut request: Request,
    next: Next,
    admit: impl FnOnce(IpAddr) -> Result<(), Problem>,
) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    // Only declared paths become labels: what a scanner tries must not become a metric each.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |m| m.as_str().to_owned());
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| IpAddr::from([127, 0, 0, 1]), |ConnectInfo(peer)| peer.ip());
    let address = app.limits().client_address(peer, request.headers());
    let request_id = request_id(app, request.headers());
    request.extensions_mut().insert(RequestInfo { request_id: request_id.clone(), address });

    let span = tracing::info_span!("request", %method, route, requestId = request_id);
    crate::otlp::continue_trace(&span, request.headers());
    let mut response = match admit(address) {
        Ok(()) => within(limit(app, &route), next.run(request)).instrument(span.clone()).await,
        Err(problem) => problem.into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID.clone(), id);
    }
    let (elapsed, status) = (begun.elapsed(), response.status());
    count(method.as_str(), route.clone(), status.as_u16(), elapsed);
    let processing_time_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(status, processingTimeMs = processing_time_ms, "request failed");
        } else {
            tracing::debug!(status, processingTimeMs = processing_time_ms, "request");
        }
    });
    response
}

fn limit(app: &App, route: &str) -> Duration {
    if SLOW.iter().any(|slow| route.ends_with(slow)) {
        return SLOW_LIMIT;
    }
    Duration::from_secs(app.engine().config().server.request_timeout_seconds)
}

async fn within(limit: Duration, work: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let error = Error::new(ErrorKind::Unavailable, "this took longer than a request may: try again");
        Problem(error.with_code("timeout")).into_response()
    })
}

/// The client's own id if it is a sane one, so that its log and ours meet.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let sane = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let own = headers.get(&REQUEST_ID).and_then(|v| v.to_str().ok()).filter(sane);
    own.map_or_else(|| app.engine().clock().new_id().to_string(), str::to_owned)
}

fn count(method: &str, route: String, status: u16, elapsed: Duration) {
    let method = match method {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    };
    let labels = [("method", method.to_owned()), ("route", route.clone()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route)
        .record(elapsed);
}
