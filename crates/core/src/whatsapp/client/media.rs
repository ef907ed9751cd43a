//! Fetching a file that a customer sent.
//!
//! Graph tells where it is, and the same token opens that place: so the token goes only to hosts that are
//! known to be Meta's, and no redirect is followed. What comes is held to a size and to its digest. The host
//! of the files is not behind Graph's breaker: messages go out without it. What a file holds is not looked
//! at here.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use futures::StreamExt;
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::wire::{Answer, LONGEST_ANSWER};
use super::{GraphClient, GraphResult, Number};
use crate::error::{Error, ErrorKind};
use crate::net::{body_within, origin_of, without_address};
use crate::whatsapp::failure::GraphFailure;

/// Time for a whole file, however steadily it drips.
const PATIENCE: Duration = Duration::from_mins(5);

/// A file.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// Its bytes; their digest was right if Graph named one.
    pub bytes: Vec<u8>,
    /// Its type as Graph says, such as `audio/ogg; codecs=opus`.
    pub mime_type: String,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
}

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaError {
    /// Graph or the host of the files refused, or did not answer.
    Graph(Box<GraphFailure>),
    /// It has more bytes than the caller takes.
    TooLarge {
        /// What the caller takes.
        cap: u64,
    },
    /// Its bytes are not the ones that Graph announced.
    Corrupt,
    /// It lies on a host that may not see the token.
    Untrusted {
        /// Scheme, host and port.
        origin: String,
    },
}

/// Where a file is and what it has to be.
struct Located {
    url: Url,
    mime_type: String,
    sha256: Option<String>,
    size: Option<u64>,
}

impl GraphClient {
    /// Fetches a file of at most `cap` bytes. Ids from webhooks are good for 7 days.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub async fn media(&self, number: &Number, media_id: &str, cap: u64) -> Result<Media, MediaError> {
        let mut located = self.locate(number, media_id, cap).await?;
        let mut response = self.fetch(number, &located.url).await?;
        if response.status() == StatusCode::NOT_FOUND {
            // The address lives for minutes; a new one may do.
            located = self.locate(number, media_id, cap).await?;
            response = self.fetch(number, &located.url).await?;
        }
        let origin = origin_of(&located.url);
        if !response.status().is_success() {
            return Err(self.not_given(number, response, &origin).await.into());
        }
        let bytes = receive(response, cap, &origin).await?;
        let digest = Sha256::digest(&bytes);
        if located.sha256.is_some_and(|announced| !is_digest(&announced, &digest)) {
            return Err(MediaError::Corrupt);
        }
        Ok(Media { bytes, mime_type: located.mime_type, sha256: format!("{digest:x}") })
    }

    /// Asks where it is, and refuses what is too large or in a strange place before anything is fetched.
    async fn locate(&self, number: &Number, media_id: &str, cap: u64) -> Result<Located, MediaError> {
        let mut url = self.url(&[media_id])?;
        url.query_pairs_mut().append_pair("phone_number_id", &number.phone_number_id);
        let located = self.ask(number, self.get(number, url)?, Located::read).await?;
        if located.size.is_some_and(|size| size > cap) {
            return Err(MediaError::TooLarge { cap });
        }
        if !self.may_see_token(&located.url) {
            return Err(MediaError::Untrusted { origin: origin_of(&located.url) });
        }
        Ok(located)
    }

    async fn fetch(&self, number: &Number, url: &Url) -> GraphResult<Response> {
        let request = self.get(number, url.clone())?.timeout(PATIENCE);
        request.send().await.map_err(|error| broken(error, &origin_of(url)))
    }

    /// Whether the token may be sent there.
    fn may_see_token(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let known = |allowed: &String| {
            let below = allowed.starts_with('.') && host.len() > allowed.len();
            host == allowed.as_str() || (below && host.ends_with(allowed.as_str()))
        };
        url.origin() == self.base.origin()
            || (url.scheme() == "https" && url.port().is_none() && self.media_hosts.iter().any(known))
    }

    /// An answer of the files' host with another status than success.
    async fn not_given(&self, number: &Number, response: Response, origin: &str) -> Box<GraphFailure> {
        let (status, asked) = (response.status(), self.asked(response.headers()));
        let body = body_within(response, LONGEST_ANSWER).await.ok();
        Answer { status, asked, body }.failure(number, format!("the host {origin} did not give the file"))
    }
}

impl Located {
    fn read(answer: &Value) -> Option<Self> {
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let size = answer.get("file_size");
        Some(Self {
            url: Url::parse(text("url")?).ok().filter(Url::has_host)?,
            mime_type: text("mime_type").unwrap_or_default().to_owned(),
            sha256: text("sha256").map(str::trim).filter(|digest| !digest.is_empty()).map(str::to_owned),
            size: size.and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok())),
        })
    }
}

/// The body, if it has at most `cap` bytes.
async fn receive(response: Response, cap: u64, origin: &str) -> Result<Vec<u8>, MediaError> {
    if response.content_length().is_some_and(|length| length > cap) {
        return Err(MediaError::TooLarge { cap });
    }
    let mut bytes = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| broken(error, origin))?;
        if bytes.len() as u64 + piece.len() as u64 > cap {
            return Err(MediaError::TooLarge { cap });
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn broken(error: reqwest::Error, origin: &str) -> Box<GraphFailure> {
    let error = without_address(error);
    tracing::debug!(?error, "a file was not fetched");
    Box::new(GraphFailure::unanswered(format!("the host {origin} did not send the file to its end")))
}

/// Whether a digest as Meta writes it, in hex or in base64, is this one.
fn is_digest(announced: &str, digest: &[u8]) -> bool {
    let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let unpadded = announced.trim_end_matches('=');
    announced.eq_ignore_ascii_case(&hex)
        || unpadded == STANDARD_NO_PAD.encode(digest)
        || unpadded == URL_SAFE_NO_PAD.encode(digest)
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("bytes", &self.bytes.len())
            .field("mime_type", &self.mime_type)
            .field("sha256", &self.sha256)
            .finish()
    }
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Graph(failure) => write!(f, "{failure}"),
            Self::TooLarge { cap } => write!(f, "the file has more than {cap} bytes"),
            Self::Corrupt => f.write_str("the file is not the one that Meta announced: its SHA-256 differs"),
            Self::Untrusted { origin } => write!(
                f,
                "the file lies at {origin}, which may not see the access token: if that is Meta's, add its \
                 host to whatsapp.media_hosts"
            ),
        }
    }
}

impl std::error::Error for MediaError {}

impl From<Box<GraphFailure>> for MediaError {
    fn from(failure: Box<GraphFailure>) -> Self {
        Self::Graph(failure)
    }
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Self {
        let kind = match &error {
            MediaError::Graph(failure) => return failure.to_error(),
            MediaError::TooLarge { .. } => ErrorKind::InvalidInput,
            MediaError::Corrupt => ErrorKind::Unavailable,
            MediaError::Untrusted { .. } => ErrorKind::Config,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::ManualClock;
    use crate::net::Breaker;
    use crate::whatsapp::client::GraphConfig;

    #[test]
    fn a_digest_is_known_in_every_spelling() {
        let digest = Sha256::digest(b"ogg");
        let padded = format!("{}=", STANDARD_NO_PAD.encode(&digest[..]));
        let hex = format!("{digest:x}");
        for announced in [&hex, &hex.to_uppercase(), &padded, &URL_SAFE_NO_PAD.encode(&digest[..])] {
            assert!(is_digest(announced, &digest), "{announced}");
        }
        for other in ["", "=", &hex[..63], &STANDARD_NO_PAD.encode(b"other")] {
            assert!(!is_digest(other, &digest), "{other}");
        }
    }

    #[test]
    fn only_hosts_of_metas_see_the_token() {
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let breaker = Arc::new(Breaker::new("whatsapp", clock.clone()));
        let client = GraphClient::new(GraphConfig::default(), breaker, clock).unwrap();
        let trusted = |url: &str| client.may_see_token(&Url::parse(url).unwrap());
        for url in [
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
            "https://LOOKASIDE.fbsbx.com:443/x",
            "https://scontent.xx.fbcdn.net/x",
            "https://mmg.whatsapp.net/x",
            "https://graph.facebook.com/x",
        ] {
            assert!(trusted(url), "{url}");
        }
        for url in [
            "http://lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com:8443/x",
            "https://lookaside.fbsbx.com.example.com/x",
            "https://evil-lookaside.fbsbx.com/x",
            "https://fbcdn.net/x",
            "https://evilfbcdn.net/x",
            "https://user@lookaside.fbsbx.com/x",
            "http://graph.facebook.com/x",
            "https://127.0.0.1/x",
            "https://example.com/lookaside.fbsbx.com",
        ] {
            assert!(!trusted(url), "{url}");
        }
    }

    #[test]
    fn a_location_is_read_leniently() {
        let read = |text: &str| Located::read(&serde_json::from_str(text).unwrap());
        let text = r#"{"url": "https://lookaside.fbsbx.com/x", "file_size": "12", "sha256": " "}"#;
        let located = read(text).unwrap();
        assert_eq!((located.size, located.sha256, located.mime_type.as_str()), (Some(12), None, ""));
        for odd in ["{}", r#"{"url": 5}"#, r#"{"url": "data:,x"}"#, r#"{"url": "no address"}"#] {
            assert!(read(odd).is_none(), "{odd}");
        }
    }
}
