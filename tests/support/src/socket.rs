//! Ports of this machine that the system chooses.

use axum::extract::Request;
use axum::response::Response;
use simulator::Server;
use tokio::net::TcpListener;

/// Serves on a free port.
pub(crate) async fn serve<A, F>(answer: A) -> Server
where
    A: Fn(Request) -> F + Clone + Send + 'static,
    F: Future<Output = Option<Response>> + Send + 'static,
{
    Server::start(([127, 0, 0, 1], 0).into(), answer).await.expect("loopback has a free port")
}

/// An address on which nothing listens: connections to it are refused.
///
/// # Panics
/// If loopback has no free port.
pub async fn unused_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    format!("http://{}", listener.local_addr().expect("a bound socket has an address"))
}
