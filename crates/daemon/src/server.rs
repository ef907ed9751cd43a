//! The listener and its connections: how many, how long, how large.
//!
//! hyper parses; what is ours is that no client can hold a connection, memory or the daemon's end for
//! longer than it is given: headers and idle keep-alive by hyper's own timer, bodies by a layer of
//! the router, answers by [`Paced`], which ends a connection whose client does not read.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use agent_core::config::ServerConfig;
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request};
use axum::http::Method;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep};
use tower::Service;

use crate::api::health::live::live;

/// Headers of one request, in bytes.
const HEADER_BYTES: usize = 32 * 1024;
/// Headers of one request, in number.
const HEADERS: usize = 100;

/// Where balancers ask whether the process answers.
const LIVE: &str = "/health/live";

/// Accepts until `shutdown`, then lets the requests in hand finish, at most `drain` long.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &ServerConfig,
    shutdown: impl Future<Output = ()>,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_timeout_seconds))
        .max_headers(HEADERS)
        .max_header_size(HEADER_BYTES)
        .max_buf_size(HEADER_BYTES * 4);
    let idle = Duration::from_secs(config.idle_timeout_seconds);
    let permits = Arc::new(Semaphore::new(config.max_connections));
    let connections = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        // No permit, no accept: what is over the limit waits in the system's queue.
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: trying at once would only spin.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            // Asked for by every balancer every second: nothing stands around it, not even the routes.
            let router = (!is_live(&request)).then(|| router.clone());
            async move {
                let Some(mut router) = router else { return Ok(live().await) };
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
                router.call(request).await
            }
        });
        let connection = builder.serve_connection(TokioIo::new(Paced::new(stream, idle)), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A client that went away or broke the protocol is its own affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let drain = Duration::from_secs(config.shutdown_seconds);
    tracing::info!(connections = connections.count(), "draining");
    if tokio::time::timeout(drain, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Whether the request asks for `/health/live`, and nothing of it has to be read or left out.
fn is_live(request: &Request<Incoming>) -> bool {
    request.method() == Method::GET && request.uri().path() == LIVE && request.body().is_end_stream()
}

/// A stream that fails when a write waits too long: a client that does not read cannot hold an answer.
///
/// Reading is not timed here: hyper's own timer looks after headers and idle connections, a layer of the
/// router after bodies.
struct Paced {
    stream: TcpStream,
    limit: Duration,
    writing: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    fn new(stream: TcpStream, limit: Duration) -> Self {
        Self { stream, limit, writing: None }
    }

    fn paced<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.writing = None;
            return polled;
        }
        let limit = self.limit;
        let timer =
            self.writing.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + limit)));
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.paced(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.paced(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.paced(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.paced(cx, polled)
    }
}
