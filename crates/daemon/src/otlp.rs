//! The HTTP client that traces leave by: the one the rest of the product uses, so that there is one TLS
//! stack and one idea of a timeout.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

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
