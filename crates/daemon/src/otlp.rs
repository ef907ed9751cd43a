//! Traces at the edge of the process: continued from the caller's header, and sent off by the HTTP client
//! that the rest of the product uses, so that there is one TLS stack and one idea of a timeout.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderName};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Headers as a source of the caller's trace.
struct Carrier<'a>(&'a HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Makes the span part of the trace that the caller began, if they say so in a W3C `traceparent` header.
pub fn continue_trace(span: &tracing::Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let context = TraceContextPropagator::new().extract(&Carrier(headers));
        // It fails where nobody collects traces: then there is nothing to continue.
        let _ = span.set_parent(context);
    }
}

/// Longest wait for a collector.
const TIMEOUT: Duration = Duration::from_secs(5);

/// reqwest behind OpenTelemetry's interface.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    // The exporter works on a thread of its own, without a runtime.
    runtime: tokio::runtime::Handle,
}

impl Client {
    /// A client of the current runtime.
    ///
    /// # Errors
    /// TLS cannot be set up on this machine.
    pub fn new() -> anyhow::Result<Self> {
        let http = agent_core::net::client(TIMEOUT, concat!("agentd/", env!("CARGO_PKG_VERSION")))?;
        Ok(Self { http, runtime: tokio::runtime::Handle::current() })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        });
        let (status, headers, bytes) = sent.await??;
        let mut response = Response::builder().status(status).body(bytes)?;
        *response.headers_mut() = headers;
        Ok(response)
    }
}
