//! A socket and the task that serves it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Pause after a connection could not be accepted: file descriptors are short, and trying at once would spin.
const TROUBLE: Duration = Duration::from_millis(50);

/// A running server; it stops when it is dropped, and its connections with it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// The handler had no answer: the connection closes without one.
#[derive(Debug)]
struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection closes without an answer")
    }
}

impl std::error::Error for Unanswered {}

impl Server {
    /// Serves on `address`, port 0 for any. `answer` says what becomes of a request: with `None` the
    /// connection closes without an answer.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn start<A, F>(address: SocketAddr, answer: A) -> io::Result<Self>
    where
        A: Fn(Request) -> F + Clone + Send + 'static,
        F: Future<Output = Option<Response>> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // Aborted with the task.
            let mut connections = JoinSet::new();
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, answer.clone()));
                        while connections.try_join_next().is_some() {}
                    }
                    Err(_) => tokio::time::sleep(TROUBLE).await,
                }
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection<A, F>(stream: TcpStream, answer: A)
where
    A: Fn(Request) -> F + Clone + Send + 'static,
    F: Future<Output = Option<Response>> + Send + 'static,
{
    // Otherwise each small piece of a stream waits 40 ms for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(request.map(Body::new));
        async move { answer.await.ok_or(Unanswered) }
    });
    // A client that went away, or was sent away, is its own affair.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
