//! `[server]`: the daemon.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[server]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub bind: String,
}

impl Section for ServerConfig {
    const NAME: &'static str = "server";

    fn validate(&self) -> Result<(), Problem> {
        self.bind.parse::<std::net::SocketAddr>().map(|_| ()).map_err(|_| {
            Problem::new(
                "bind",
                format!("`{}` is not an address: IP:PORT is accepted, e.g. \"127.0.0.1:8080\"", self.bind),
            )
        })
    }
}
