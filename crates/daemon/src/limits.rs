//! Who may call how often, and whose address a request really comes from.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use agent_core::config::ServerConfig;
use agent_core::model::ApiKeyId;
use agent_core::{Error, ErrorKind};
use axum::http::HeaderMap;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use crate::response::Problem;

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock>;

/// Rate limits and trusted networks of a server.
pub struct Limits {
    addresses: Option<Keyed<IpAddr>>,
    keys: Option<Keyed<ApiKeyId>>,
    proxies: Vec<IpNet>,
    metrics_readers: Vec<IpNet>,
}

impl Limits {
    /// As configured. Networks were checked with the configuration.
    pub fn new(config: &ServerConfig) -> Self {
        let networks = |list: &[String]| list.iter().filter_map(|n| n.parse().ok()).collect();
        let addresses = NonZeroU32::new(config.requests_per_second).map(Quota::per_second);
        let keys = NonZeroU32::new(config.key_requests_per_minute).map(Quota::per_minute);
        Self {
            addresses: addresses.map(RateLimiter::dashmap),
            keys: keys.map(RateLimiter::dashmap),
            proxies: networks(&config.trusted_proxies),
            metrics_readers: networks(&config.metrics_allow),
        }
    }

    /// The client's address: the peer's, or, from a trusted proxy, the last address in
    /// `X-Forwarded-For` that is not itself a trusted proxy. Earlier ones are the client's own claim.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !contains(&self.proxies, peer) {
            return peer;
        }
        let mut address = peer;
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|v| v.split(',')).map(str::trim).collect();
        for hop in hops.into_iter().rev() {
            let Ok(hop) = hop.parse::<IpAddr>() else { break };
            address = hop.to_canonical();
            if !contains(&self.proxies, address) {
                break;
            }
        }
        address
    }

    /// Whether this address may read `/metrics`.
    pub fn reads_metrics(&self, address: IpAddr) -> bool {
        contains(&self.metrics_readers, address)
    }

    /// Counts a request of an address.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Problem> {
        // A network of IPv6 is one subscriber: single addresses in it cost nothing.
        let key = match address {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
            v4 @ IpAddr::V4(_) => v4,
        };
        check(self.addresses.as_ref(), &key)
    }

    /// Counts a request of an API key.
    pub fn check_key(&self, key: ApiKeyId) -> Result<(), Problem> {
        check(self.keys.as_ref(), &key)
    }

    /// Forgets who has not called for a while.
    pub fn forget_idle(&self) {
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
            addresses.shrink_to_fit();
        }
        if let Some(keys) = &self.keys {
            keys.retain_recent();
        }
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|n| n.contains(&address))
}

fn check<K: std::hash::Hash + Eq + Clone>(limiter: Option<&Keyed<K>>, key: &K) -> Result<(), Problem> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        let error = Error::new(ErrorKind::TooManyRequests, "too many requests: slow down");
        Problem(error.with_code("rate_limited").with_retry_after(wait.max(Duration::from_secs(1))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn limits(proxies: &[&str]) -> Limits {
        let config = agent_core::Config::default().server;
        let trusted_proxies = proxies.iter().map(|p| (*p).to_owned()).collect();
        Limits::new(&ServerConfig { trusted_proxies, requests_per_second: 2, ..config })
    }

    fn forwarded(by: &Limits, peer: &str, header: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static(header));
        by.client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(forwarded(&limits(&[]), "203.0.113.9", "10.0.0.1"), "203.0.113.9");
        let behind = limits(&["127.0.0.1/32", "10.0.0.0/8"]);
        assert_eq!(forwarded(&behind, "203.0.113.9", "10.0.0.1"), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_stranger_counts() {
        let behind = limits(&["127.0.0.1/32", "10.0.0.0/8"]);
        assert_eq!(forwarded(&behind, "127.0.0.1", "1.2.3.4, 198.51.100.7, 10.1.1.1"), "198.51.100.7");
        assert_eq!(forwarded(&behind, "127.0.0.1", "nonsense"), "127.0.0.1");
        assert_eq!(forwarded(&behind, "::ffff:127.0.0.1", "198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn the_third_request_of_a_second_is_refused_and_other_addresses_are_not() {
        let limits = limits(&[]);
        let one: IpAddr = "198.51.100.7".parse().unwrap();
        assert!(limits.check_address(one).is_ok() && limits.check_address(one).is_ok());
        assert!(limits.check_address(one).is_err());
        assert!(limits.check_address("198.51.100.8".parse().unwrap()).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_limit() {
        let limits = limits(&[]);
        for last in 1..=2 {
            assert!(limits.check_address(format!("2001:db8::{last}").parse().unwrap()).is_ok());
        }
        assert!(limits.check_address("2001:db8::99".parse().unwrap()).is_err());
    }
}
