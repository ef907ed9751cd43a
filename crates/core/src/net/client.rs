//! The HTTP client and the addresses it is given.
//!
//! One client per service: it keeps its connections. Redirects are never followed here, because
//! whoever follows one has to decide first whether the key may go along. Which requests go through a proxy is
//! in `proxy.rs`.

use std::sync::Once;
use std::time::Duration;

use futures::StreamExt;
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::proxy::proxies;
use crate::error::{Error, Result};

/// Time to open a connection; a host that takes longer is down, however long an answer may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How this library names itself to services.
pub(crate) const USER_AGENT: &str = concat!("agent-core/", env!("CARGO_PKG_VERSION"));

/// A client that gives up on a server which stays silent for `timeout`, follows no redirects and
/// names itself `user_agent`.
///
/// `timeout` is the longest wait for the next bytes, not for the whole answer: a long answer that
/// keeps coming is fine. Callers that want a limit on the whole set it on the request.
///
/// # Errors
/// `Config` if the machine's trust store or the user agent cannot be used.
pub fn client(timeout: Duration, user_agent: &str) -> Result<reqwest::Client> {
    choose_tls();
    let builder = reqwest::Client::builder();
    let builder = if proxies().is_empty() {
        builder.no_proxy()
    } else {
        builder.proxy(reqwest::Proxy::custom(|url| proxies().address(url)))
    };
    builder
        .user_agent(user_agent)
        .connect_timeout(CONNECT.min(timeout))
        .read_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| {
            Error::config(
                "cannot set up HTTPS on this machine: check that its certificate authorities are \
                 installed (package ca-certificates)",
            )
            .with_source(without_address(e))
        })
}

/// Installs the TLS implementation that this product is built with, unless the program that embeds
/// the library has installed another one.
pub(crate) fn choose_tls() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        // An error means that one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The base address of a service; `setting` names the configuration key it came from.
pub(crate) fn parse_base_url(text: &str, setting: &str) -> Result<Url> {
    // The text is not repeated: a password may be part of it.
    let url = Url::parse(text.trim_end_matches('/')).map_err(|e| {
        Error::config(format!(
            "{setting} is not an address: one that begins with https:// or http:// is accepted"
        ))
        .with_source(e)
    })?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(url);
    }
    Err(Error::config(format!("{setting} must begin with https:// or http://")))
}

/// The `Authorization` header for a key or token; `None` if there is none. `setting` names the
/// configuration key it came from.
pub(crate) fn bearer(key: Option<&str>, setting: &str) -> Result<Option<HeaderValue>> {
    let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else { return Ok(None) };
    // The cause would show the key.
    let mut value = HeaderValue::try_from(format!("Bearer {key}"))
        .map_err(|_| Error::config(format!("{setting} holds a character that no key can have")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Scheme, host and port: what errors and logs may say of an address. User, password, path and
/// query stay out, since each may carry a secret.
pub(crate) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A transport error as a cause for the log, without the address it happened at.
pub(crate) fn without_address(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}

/// Why a body was not read to its end.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is longer than the caller can use.
    TooLong,
    /// The connection broke or fell silent.
    Broken(reqwest::Error),
}

/// The whole body, if it has at most `limit` bytes: what a service sends is not trusted to be small.
pub(crate) async fn body_within(response: reqwest::Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| BodyError::Broken(without_address(e)))?;
        if body.len() + piece.len() > limit {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_origin_shows_no_secrets() {
        let url = parse_base_url("https://user:pw@api.example.com:8443/v1?key=sk", "x").unwrap();
        assert_eq!(origin_of(&url), "https://api.example.com:8443");
    }

    #[test]
    fn a_bad_address_names_its_setting_and_is_not_repeated() {
        for bad in ["", "api.example.com/v1", "ftp://user:pw@host/", "https://"] {
            let error = parse_base_url(bad, "llm.base_url").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("llm.base_url"), "{error}");
            assert!(!format!("{error:?}").contains("pw"));
        }
    }

    #[test]
    fn a_key_is_trimmed_hidden_and_never_repeated() {
        let value = bearer(Some(" sk-1\n"), "x.api_key").unwrap().unwrap();
        assert_eq!(value, "Bearer sk-1");
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert!(bearer(Some("  "), "x.api_key").unwrap().is_none());
        let error = bearer(Some("sk-\u{7}1"), "x.api_key").unwrap_err();
        assert!(error.to_string().contains("x.api_key"));
        assert!(!format!("{error:?}").contains("sk-"));
    }

    #[test]
    fn clients_can_be_built_many_times() {
        for _ in 0..2 {
            client(Duration::from_secs(1), "agent/0.1").unwrap();
        }
    }
}
