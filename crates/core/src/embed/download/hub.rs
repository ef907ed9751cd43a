//! The hub's side of a download: where a file is, what it must hash to, and its bytes.
//!
//! `GET {base}/{repo}/resolve/{revision}/{path}` either answers with the file (small ones) or
//! redirects to another host (large ones). What identifies the file is in the headers of the last
//! answer that still comes from the hub, so redirects are followed by hand, and the token is
//! sent only to the hub's own origin. Nothing here touches the disk.

use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, LOCATION, RANGE,
};
use reqwest::{Method, Response, StatusCode, Url};

use crate::clock::SharedClock;
use crate::error::{Error, Result};
use crate::net::{
    Again, Failure, USER_AGENT, again_after, bearer, client, may_pass, origin_of, parse_base_url, through,
    without_address,
};

/// Redirects followed for one file.
const MOST_REDIRECTS: usize = 5;

/// What always helps when the hub does not.
const IMPORT: &str = "import a model folder with `agentctl models import DIR`";

/// The checksum that the hub announces for a file, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Digest {
    /// SHA-256 of the content: files in large-file storage.
    Sha256(String),
    /// What git calls the file, SHA-1 over a header and the content: all other files.
    GitSha1(String),
}

impl Digest {
    /// From an entity tag, with its quotes and possibly marked as weak.
    fn from_etag(etag: &str) -> Option<Self> {
        let hex = etag.trim().trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
        match hex.len() {
            _ if !hex.chars().all(|c| c.is_ascii_hexdigit()) => None,
            64 => Some(Self::Sha256(hex)),
            40 => Some(Self::GitSha1(hex)),
            _ => None,
        }
    }

    /// The hexadecimal digits.
    pub(super) fn hex(&self) -> &str {
        match self {
            Self::Sha256(hex) | Self::GitSha1(hex) => hex,
        }
    }
}

/// A file as the hub describes it.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) digest: Digest,
    pub(super) size: Option<u64>,
    pub(super) commit: Option<String>,
    /// Where its bytes are; may be signed and short-lived, so it is asked for on every attempt.
    url: Url,
}

/// What came back for the bytes from an offset on.
pub(super) enum Answer {
    /// The bytes from the offset on.
    Rest(Response),
    /// All bytes: what is there already has to go.
    Whole(Response),
    /// There are no more bytes.
    Complete,
    /// What is there already does not fit what the server has; it has to go before another try.
    Unfit(Failure),
}

/// The hub and the client that talks to it.
pub(super) struct Hub {
    client: reqwest::Client,
    base: Url,
    origin: String,
    authorization: Option<HeaderValue>,
    clock: SharedClock,
}

impl Hub {
    pub(super) fn new(
        base_url: &str,
        token: Option<&str>,
        stall: Duration,
        clock: SharedClock,
    ) -> Result<Self> {
        let base = parse_base_url(base_url, "models.hub_url")?;
        let origin = format!("{}{}", origin_of(&base), through(&base));
        let authorization = bearer(token, "HF_TOKEN")?;
        Ok(Self { client: client(stall, USER_AGENT)?, base, origin, authorization, clock })
    }

    /// Scheme, host and port, for errors.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Asks the hub, and only the hub, what the file is and where its bytes are.
    pub(super) async fn locate(&self, repo: &str, revision: &str, path: &str) -> Result<Located, Failure> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(repo.split('/')).push("resolve").push(revision);
            segments.extend(path.split('/'));
        }
        let (mut linked, mut size, mut commit) = (None, None, None);
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send(Method::HEAD, &url, 0).await?;
            let status = response.status();
            let headers = response.headers();
            linked = linked.or_else(|| text(headers, "x-linked-etag"));
            size = size.or_else(|| text(headers, "x-linked-size")?.parse().ok());
            commit = commit.or_else(|| text(headers, "x-repo-commit").filter(|commit| is_commit(commit)));
            let next = match self.redirect(&url, &response)? {
                Some(next) if next.origin() == self.base.origin() => {
                    url = next;
                    continue;
                }
                Some(elsewhere) => elsewhere,
                None if status.is_success() => {
                    size = size.or_else(|| text(headers, CONTENT_LENGTH.as_str())?.parse().ok());
                    url
                }
                None => return Err(self.refused(&response, &url, path)),
            };
            let etag = linked.or_else(|| text(headers, ETAG.as_str()));
            let digest = etag.as_deref().and_then(Digest::from_etag).ok_or_else(|| {
                Failure::last(Error::unavailable(format!(
                    "the model hub at {} gives no checksum for {path}, so it cannot be verified: set \
                     models.hub_url to another hub, or {IMPORT}",
                    self.origin
                )))
            })?;
            return Ok(Located { digest, size, commit, url: next });
        }
        Err(self.too_many_redirects(path))
    }

    /// Asks for the bytes of a located file from `offset` on.
    pub(super) async fn get(&self, located: &Located, offset: u64, path: &str) -> Result<Answer, Failure> {
        let mut url = located.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send(Method::GET, &url, offset).await?;
            if let Some(next) = self.redirect(&url, &response)? {
                url = next;
                continue;
            }
            let range = text(response.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
            return match response.status() {
                StatusCode::OK => Ok(Answer::Whole(response)),
                StatusCode::PARTIAL_CONTENT if range.starts_with(&format!("bytes {offset}-")) => {
                    Ok(Answer::Rest(response))
                }
                StatusCode::RANGE_NOT_SATISFIABLE if range == format!("bytes */{offset}") => {
                    Ok(Answer::Complete)
                }
                StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                    Ok(Answer::Unfit(self.short(path)))
                }
                _ => Err(self.refused(&response, &url, path)),
            };
        }
        Err(self.too_many_redirects(path))
    }

    async fn send(&self, method: Method, url: &Url, offset: u64) -> Result<Response, Failure> {
        let mut request = self.client.request(method, url.clone());
        if url.origin() == self.base.origin()
            && let Some(authorization) = &self.authorization
        {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if offset > 0 {
            request = request.header(RANGE, format!("bytes={offset}-"));
        }
        request.send().await.map_err(|e| {
            let text = if url.origin() == self.base.origin() {
                format!("cannot reach the model hub at {}: check the network or {IMPORT}", self.origin)
            } else {
                format!(
                    "cannot reach {}, where the model hub at {} keeps its files: check the network \
                     or {IMPORT}",
                    origin_of(url),
                    self.origin
                )
            };
            Failure::passing(Error::unavailable(text).with_source(without_address(e)))
        })
    }

    /// Where the answer points, if it is a redirect; never from https to http.
    fn redirect(&self, from: &Url, response: &Response) -> Result<Option<Url>, Failure> {
        if !response.status().is_redirection() {
            return Ok(None);
        }
        let location = text(response.headers(), LOCATION.as_str());
        let next = location.and_then(|location| from.join(&location).ok());
        let safe = |next: &Url| match next.scheme() {
            "https" => true,
            scheme => scheme == "http" && self.base.scheme() == "http",
        };
        next.filter(safe).map(Some).ok_or_else(|| {
            Failure::last(Error::unavailable(format!(
                "the model hub at {} redirects to an address that is not safe to follow: set \
                 models.hub_url to another hub, or {IMPORT}",
                self.origin
            )))
        })
    }

    fn too_many_redirects(&self, path: &str) -> Failure {
        Failure::last(Error::unavailable(format!(
            "the model hub at {} redirects too often for {path}: set models.hub_url to another hub, \
             or {IMPORT}",
            self.origin
        )))
    }

    /// A status that is neither success nor redirect.
    fn refused(&self, response: &Response, url: &Url, path: &str) -> Failure {
        let status = response.status();
        let number = status.as_u16();
        let host = origin_of(url);
        let elsewhere = url.origin() != self.base.origin();
        let error = match number {
            // A signed address has run out: the hub gives a new one.
            401 | 403 | 404 if elsewhere => {
                let text = format!("{host} refused {path} ({number}): try again, or {IMPORT}");
                return Failure::passing(Error::unavailable(text));
            }
            401 | 403 => Error::config(format!(
                "the model hub at {host} does not give {path} to everybody ({number}): check the \
                 model's name, accept its terms there if it has any, and set HF_TOKEN to a token \
                 that may read it"
            )),
            404 => Error::not_found(format!(
                "the model hub at {host} has no {path} in this model and revision: check the name"
            )),
            _ => Error::unavailable(format!(
                "the model hub at {host} has a problem of its own ({number}): try again later, or \
                 {IMPORT}"
            )),
        };
        let again =
            if may_pass(status) { again_after(response.headers(), self.clock.now()) } else { Again::No };
        Failure { error, again, outage: status.is_server_error() }
    }

    /// The connection broke or fell silent.
    pub(super) fn broken(&self, error: reqwest::Error, path: &str) -> Failure {
        let short = self.short(path);
        Failure { error: short.error.with_source(without_address(error)), ..short }
    }

    /// The bytes ended before the file did.
    pub(super) fn short(&self, path: &str) -> Failure {
        Failure::passing(Error::unavailable(format!(
            "the download of {path} from the model hub at {} broke off: run it again to continue, or \
             {IMPORT}",
            self.origin
        )))
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A commit goes into the next address, so it has to look like one.
fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_tell_the_two_checksums_apart() {
        let sha256 = "A".repeat(64);
        let sha1 = "b".repeat(40);
        assert_eq!(Digest::from_etag(&format!("\"{sha256}\"")), Some(Digest::Sha256("a".repeat(64))));
        assert_eq!(Digest::from_etag(&format!("W/\"{sha1}\"")), Some(Digest::GitSha1(sha1.clone())));
        assert_eq!(Digest::from_etag("\"5d41402abc4b2a76b9719d911017c592-3\""), None);
        assert_eq!(Digest::from_etag(&"z".repeat(40)), None);
    }
}
