//! `[server]`: the daemon's listener, its limits, and whom it believes.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[server]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub bind: String,
    /// Before every path of the API; begins with `/` and does not end with one.
    pub api_prefix: String,
    /// Open connections at most.
    pub max_connections: usize,
    /// Time for a request's headers, and between two requests, in seconds.
    pub header_timeout_seconds: u64,
    /// Time without progress of a body or an answer, in seconds.
    pub idle_timeout_seconds: u64,
    /// Time for an ordinary request, in seconds.
    pub request_timeout_seconds: u64,
    /// Largest JSON body, in kilobytes.
    pub max_body_kb: usize,
    /// Time for requests in hand after the word to stop, in seconds.
    pub shutdown_seconds: u64,
    /// Requests of one address in a second; 0: no limit.
    pub requests_per_second: u32,
    /// Requests of one API key in a minute; 0: no limit.
    pub key_requests_per_minute: u32,
    /// Networks (CIDR) of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// Origins of web pages that may call the API.
    pub cors_origins: Vec<String>,
    /// Networks (CIDR) that may read `/metrics`.
    pub metrics_allow: Vec<String>,
}

impl Section for ServerConfig {
    const NAME: &'static str = "server";

    fn validate(&self) -> Result<(), Problem> {
        self.bind.parse::<std::net::SocketAddr>().map_err(|_| {
            Problem::new(
                "bind",
                format!("`{}` is not an address: IP:PORT is accepted, e.g. \"127.0.0.1:8080\"", self.bind),
            )
        })?;
        let prefix = &self.api_prefix;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if !prefix.is_empty()
            && (!prefix.starts_with('/') || prefix.ends_with('/') || !prefix.chars().all(plain))
        {
            return Err(Problem::new(
                "api_prefix",
                format!(
                    "`{prefix}` is not a path: one that begins with / and does not end with it is accepted"
                ),
            ));
        }
        Problem::unless_within("max_connections", &self.max_connections, 1..=100_000)?;
        Problem::unless_within("header_timeout_seconds", &self.header_timeout_seconds, 1..=600)?;
        Problem::unless_within("idle_timeout_seconds", &self.idle_timeout_seconds, 1..=600)?;
        Problem::unless_within("request_timeout_seconds", &self.request_timeout_seconds, 1..=3600)?;
        Problem::unless_within("max_body_kb", &self.max_body_kb, 16..=102_400)?;
        Problem::unless_within("shutdown_seconds", &self.shutdown_seconds, 0..=600)?;
        networks("trusted_proxies", &self.trusted_proxies)?;
        networks("metrics_allow", &self.metrics_allow)?;
        for origin in &self.cors_origins {
            super::llm::check_url("cors_origins", origin)?;
        }
        Ok(())
    }
}

/// Every entry is an address with the length of its network.
fn networks(key: &'static str, networks: &[String]) -> Result<(), Problem> {
    let fits = |text: &str| {
        let (address, bits) = text.split_once('/')?;
        let longest = match address.parse::<std::net::IpAddr>().ok()? {
            std::net::IpAddr::V4(_) => 32,
            std::net::IpAddr::V6(_) => 128,
        };
        (bits.parse::<u8>().ok()? <= longest).then_some(())
    };
    match networks.iter().find(|n| fits(n).is_none()) {
        None => Ok(()),
        Some(wrong) => Err(Problem::new(
            key,
            format!("`{wrong}` is not a network: ADDRESS/BITS is accepted, e.g. \"10.0.0.0/8\""),
        )),
    }
}
