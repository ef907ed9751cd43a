//! Which requests go through a proxy: what `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
//!
//! They are read as `curl` reads them, with one difference: an address of this machine or of a private
//! network is never asked for through a proxy. A proxy elsewhere cannot reach it, and its refusal would look
//! like the service's. Errors name the proxy, never its password. A variable that cannot be read is named
//! and otherwise left out.

use std::net::IpAddr;
use std::sync::OnceLock;

use reqwest::Url;

/// The variables of each kind; the first that is set counts.
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Endings of names that mean something in a private network only.
const PRIVATE_ENDINGS: [&str; 4] = [".localhost", ".local", ".internal", ".home.arpa"];

/// The proxies of an environment.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    /// What is asked for directly: the entries of `NO_PROXY`.
    direct: Vec<String>,
    /// Variables that cannot be read, each with the reason.
    problems: Vec<String>,
}

/// One proxy. Its address may carry a password, so it is not `Debug`.
#[derive(Clone)]
struct Proxy {
    url: Url,
    variable: &'static str,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Proxy {
    /// Host and port, as errors name it.
    fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// The proxies of this process's environment, which is read once.
pub(crate) fn proxies() -> &'static Proxies {
    static READ: OnceLock<Proxies> = OnceLock::new();
    READ.get_or_init(|| {
        let proxies = Proxies::read(|name| std::env::var_os(name)?.into_string().ok());
        for problem in &proxies.problems {
            tracing::warn!("{problem}");
        }
        proxies
    })
}

/// Variables of the environment that should name a proxy and cannot be read, each with the reason and
/// without its value.
pub fn proxy_problems() -> &'static [String] {
    &proxies().problems
}

/// Host and port of the proxy through which an address is asked, if it is.
pub fn proxy_for(address: &str) -> Option<String> {
    proxies().of(&Url::parse(address).ok()?).map(Proxy::name)
}

/// For errors: ` through the proxy HOST:PORT` if that is how `url` is asked, else nothing.
pub(crate) fn through(url: &Url) -> String {
    match proxies().of(url) {
        Some(proxy) => format!(" through the proxy {}", proxy.name()),
        None => String::new(),
    }
}

/// Host and port of the proxy through which an address is asked, and the variable that names it.
pub(crate) fn proxy_of(url: &Url) -> Option<(String, &'static str)> {
    proxies().of(url).map(|proxy| (proxy.name(), proxy.variable))
}

impl Proxies {
    /// What an environment says; `variable` looks one up.
    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut read = Self::default();
        // In a CGI program `HTTP_PROXY` is a header that a stranger sent.
        if variable("REQUEST_METHOD").is_some() {
            return read;
        }
        let mut first = |names: [&'static str; 2]| {
            let (name, value) = names.into_iter().find_map(|name| Some((name, variable(name)?)))?;
            let value = value.trim();
            if value.is_empty() {
                return None;
            }
            match parse(value) {
                Ok(url) => Some(Proxy { url, variable: name }),
                Err(why) => {
                    read.problems.push(format!(
                        "the environment variable {name} {why}: set it to an address such as \
                         http://proxy.example:3128, or unset it; no proxy is used for it"
                    ));
                    None
                }
            }
        };
        let all = first(ALL);
        read.http = first(HTTP).or_else(|| all.clone());
        read.https = first(HTTPS).or(all);
        let direct = NO.into_iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
        read.direct = direct
            .unwrap_or_default()
            .split([',', ' '])
            .map(|entry| entry.trim().to_lowercase())
            .filter(|entry| !entry.is_empty())
            .collect();
        read
    }

    /// Whether no request ever goes through a proxy.
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The address of the proxy through which `url` is asked, with its password.
    pub(crate) fn address(&self, url: &Url) -> Option<Url> {
        self.of(url).map(|proxy| proxy.url.clone())
    }

    fn of(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }?;
        let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_lowercase();
        let direct = is_private(&host)
            || self.direct.iter().any(|entry| matches(entry, &host, url.port_or_known_default()));
        (!direct).then_some(proxy)
    }
}

/// A proxy's address; the reason names no part of it.
fn parse(value: &str) -> Result<Url, &'static str> {
    const NONE: &str = "is not the address of a proxy";
    let address = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(&address).map_err(|_| NONE)?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "socks4" | "socks4a" | "socks5" | "socks5h" => {
            Err("names a SOCKS proxy, and only HTTP proxies can be used")
        }
        _ => Err(NONE),
    }
}

/// Whether a host is this machine or stands in a private network: by its address, or by a name that no public
/// server has.
fn is_private(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(IpAddr::V6(ip)) => match ip.to_ipv4_mapped() {
            Some(mapped) => is_private(&mapped.to_string()),
            None => {
                ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
        },
        Err(_) => !host.contains('.') || PRIVATE_ENDINGS.iter().any(|ending| host.ends_with(ending)),
    }
}

/// Whether an entry of `NO_PROXY` covers a host: `*`, an address, a network such as `10.0.0.0/8`, or a domain
/// with everything below it; each may name a port.
fn matches(entry: &str, host: &str, port: Option<u16>) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return in_network(host, network, bits);
    }
    let entry = entry.trim_start_matches("*.").trim_start_matches('.');
    if let (Ok(own), Ok(ip)) = (entry.trim_matches(['[', ']']).parse::<IpAddr>(), host.parse::<IpAddr>()) {
        return own == ip;
    }
    let domain = match entry.rsplit_once(':') {
        Some((domain, number)) if !domain.contains(':') => {
            if number.parse().ok() != port {
                return false;
            }
            domain
        }
        _ => entry,
    };
    host.strip_suffix(domain)
        .is_some_and(|rest| !domain.is_empty() && (rest.is_empty() || rest.ends_with('.')))
}

fn in_network(host: &str, network: &str, bits: &str) -> bool {
    let (Ok(host), Ok(network), Ok(bits)) = (host.parse(), network.parse(), bits.parse::<u32>()) else {
        return false;
    };
    match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            host.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(host), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            host.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| set.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
    }

    fn asked_through(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&Url::parse(url).unwrap()).map(Proxy::name)
    }

    #[test]
    fn this_machine_and_private_networks_are_asked_directly() {
        let proxies = environment(&[("ALL_PROXY", "http://proxy.example:3128")]);
        for direct in [
            "http://127.0.0.1:9200/v1",
            "http://127.8.0.1/",
            "http://localhost:11434/v1",
            "http://LOCALHOST./",
            "http://[::1]:8080/",
            "http://[::ffff:10.0.0.3]/",
            "http://[fd12::1]/",
            "http://[fe80::1]/",
            "http://10.1.2.3/",
            "http://172.16.0.9:8000/",
            "http://192.168.0.20/",
            "http://169.254.1.1/",
            "http://0.0.0.0:8080/",
            "http://ollama:11434/",
            "https://gpu.local/",
            "http://host.docker.internal:11434/",
        ] {
            assert_eq!(asked_through(&proxies, direct), None, "{direct}");
        }
        for outside in ["https://api.example.com/v1", "http://172.32.0.1/", "http://[2001:db8::1]/"] {
            assert_eq!(asked_through(&proxies, outside).as_deref(), Some("proxy.example:3128"), "{outside}");
        }
    }

    #[test]
    fn no_proxy_is_kept_in_all_its_forms() {
        let asked = |no: &str, url: &str| {
            let proxies = environment(&[("https_proxy", "proxy.example:3128"), ("no_proxy", no)]);
            asked_through(&proxies, url).is_some()
        };
        for (no, url) in [
            ("*", "https://api.example.com/"),
            ("localhost, example.com", "https://api.example.com/"),
            (".example.com", "https://example.com/"),
            ("*.example.com", "https://api.example.com/"),
            ("API.example.com:443", "https://api.example.com/"),
            ("203.0.113.0/24", "https://203.0.113.77/"),
            ("203.0.113.77", "https://203.0.113.77/"),
            ("2001:db8::/32", "https://[2001:db8:1::9]/"),
            ("2001:db8::9", "https://[2001:db8::9]/"),
        ] {
            assert!(!asked(no, url), "{no} covers {url}");
        }
        for (no, url) in [
            ("ample.com", "https://example.com/"),
            ("example.com:8443", "https://example.com/"),
            ("203.0.113.0/32", "https://203.0.113.77/"),
            ("203.0.113.0/x", "https://203.0.113.77/"),
            ("", "https://example.com/"),
        ] {
            assert!(asked(no, url), "{no} does not cover {url}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_value() {
        for (value, word) in [
            ("socks5h://u:segredo@127.0.0.1:1", "SOCKS"),
            ("http://u:segredo@", "not the address"),
            ("ftp://u:segredo@proxy/", "not the address"),
        ] {
            let proxies = environment(&[("HTTP_PROXY", value)]);
            let [problem] = &proxies.problems[..] else { panic!("{value}: {:?}", proxies.problems) };
            assert!(problem.contains("HTTP_PROXY") && problem.contains(word), "{problem}");
            assert!(!problem.contains("segredo") && !format!("{proxies:?}").contains("segredo"));
            assert_eq!(asked_through(&proxies, "http://example.com/"), None);
        }
        let empty = environment(&[("HTTP_PROXY", ""), ("http_proxy", "http://proxy.example:3128")]);
        assert!(empty.problems.is_empty() && asked_through(&empty, "http://example.com/").is_none());
    }

    #[test]
    fn the_password_goes_to_the_proxy_and_into_no_message() {
        let proxies = environment(&[("HTTP_PROXY", "http://u:segredo@proxy.example:3128")]);
        let url = Url::parse("http://example.com/").unwrap();
        assert_eq!(proxies.address(&url).unwrap().password(), Some("segredo"));
        assert_eq!(format!("{proxies:?}").matches("segredo").count(), 0);
        let cgi = environment(&[("REQUEST_METHOD", "POST"), ("HTTP_PROXY", "http://evil.example")]);
        assert_eq!(asked_through(&cgi, "http://example.com/"), None);
    }
}
