//! A model hub with the interface of huggingface.co, and the other host that keeps its large files.
//!
//! Like the real one: small files are redirected within the hub, large ones to a signed address on
//! another host, which answers with an entity tag of its own and refuses a request that carries the
//! hub's token.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::response::Response;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use simulator::{Gate, Log, Recorded, Reply, Server};

use crate::socket::serve;

/// The commit that every revision stands for.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Bytes sent at once.
const PIECE: usize = 1024;

/// A file of a repository.
#[derive(Debug, Clone)]
pub struct HubFile {
    path: String,
    bytes: Vec<u8>,
    large: bool,
}

impl HubFile {
    /// A file in git: identified by its git object name, served by the hub itself.
    pub fn small(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), large: false }
    }

    /// A file in large-file storage: identified by its SHA-256, served by another host.
    pub fn large(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), large: true }
    }

    fn etag(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |hex, b| format!("{hex}{b:02x}"));
        if self.large {
            return format!("\"{}\"", hex(&Sha256::digest(&self.bytes)));
        }
        let mut git = Sha1::new_with_prefix(format!("blob {}\0", self.bytes.len()));
        git.update(&self.bytes);
        format!("\"{}\"", hex(&git.finalize()))
    }
}

/// A running fake; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeHub {
    hub: Server,
    _storage: Server,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    repo: String,
    files: BTreeMap<String, HubFile>,
    storage_origin: String,
    hub_log: Log,
    storage_log: Log,
    manner: Mutex<Manner>,
}

#[derive(Debug, Default)]
struct Manner {
    token: Option<String>,
    cuts: Vec<(String, usize)>,
    stalls: Vec<(String, usize, Gate)>,
    content: BTreeMap<String, Vec<u8>>,
    ignores_ranges: bool,
    hides_checksums: bool,
    expired: usize,
    signatures: usize,
}

impl FakeHub {
    /// Starts on two free ports with the files of repository `repo`.
    pub async fn start(repo: &str, files: Vec<HubFile>) -> Self {
        // The storage's address has to be known before the hub can redirect to it.
        let storage_cell: Arc<std::sync::OnceLock<Arc<Shared>>> = Arc::default();
        let cell = storage_cell.clone();
        let storage = serve(move |request| storage_responds(cell.clone(), request)).await;
        let shared = Arc::new(Shared {
            repo: repo.into(),
            files: files.into_iter().map(|file| (file.path.clone(), file)).collect(),
            storage_origin: storage.origin(),
            hub_log: Log::default(),
            storage_log: Log::default(),
            manner: Mutex::default(),
        });
        // Nobody else sets it.
        let _ = storage_cell.set(Arc::clone(&shared));
        let state = Arc::clone(&shared);
        let hub = serve(move |request| hub_responds(Arc::clone(&state), request)).await;
        Self { hub, _storage: storage, shared }
    }

    /// What to configure as the hub's address.
    pub fn base_url(&self) -> String {
        self.hub.origin()
    }

    /// Scheme, host and port of the host with the large files.
    pub fn storage_origin(&self) -> String {
        self.shared.storage_origin.clone()
    }

    /// The requests to the hub so far.
    pub fn log(&self) -> Log {
        self.shared.hub_log.clone()
    }

    /// The requests to the host with the large files so far.
    pub fn storage_log(&self) -> Log {
        self.shared.storage_log.clone()
    }

    /// Requests to the hub without this token are refused from now on.
    pub fn require_token(&self, token: &str) {
        self.shared.manner(|manner| manner.token = Some(token.into()));
    }

    /// The next time that bytes of `path` are sent, the connection closes after `bytes` of them.
    pub fn cut(&self, path: &str, bytes: usize) {
        self.shared.manner(|manner| manner.cuts.push((path.into(), bytes)));
    }

    /// The next time that bytes of `path` are sent, the rest waits for the gate after `bytes` of them.
    pub fn stall(&self, path: &str, bytes: usize, gate: &Gate) {
        self.shared.manner(|manner| manner.stalls.push((path.into(), bytes, gate.clone())));
    }

    /// Serves other bytes under the old checksum from now on.
    pub fn corrupt(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.shared.manner(|manner| manner.content.insert(path.into(), bytes.into()));
    }

    /// Answers with the whole file whatever range is asked for, from now on.
    pub fn ignore_ranges(&self) {
        self.shared.manner(|manner| manner.ignores_ranges = true);
    }

    /// Announces no checksums from now on.
    pub fn hide_checksums(&self) {
        self.shared.manner(|manner| manner.hides_checksums = true);
    }

    /// The next `count` signed addresses have run out by the time they are used.
    pub fn expire_addresses(&self, count: usize) {
        self.shared.manner(|manner| manner.expired = count);
    }
}

impl Shared {
    fn manner<T>(&self, change: impl FnOnce(&mut Manner) -> T) -> T {
        change(&mut self.manner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bytes of a file, or the part that is asked for.
    fn serve(&self, request: &Recorded, file: &HubFile, etag: &str) -> Reply {
        let changed = self.manner(|manner| manner.content.get(&file.path).cloned());
        let bytes = changed.unwrap_or_else(|| file.bytes.clone());
        let range = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let range = range.filter(|_| !self.manner(|manner| manner.ignores_ranges));
        let total = bytes.len();
        let from = range.unwrap_or(0);
        if range.is_some() && from >= total {
            return Reply::status(416).header("content-range", &format!("bytes */{total}"));
        }
        let rest = &bytes[from..];
        let length = rest.len().to_string();
        let head = |reply: Reply| {
            reply.header("etag", etag).header("accept-ranges", "bytes").header("content-length", &length)
        };
        if request.method == "HEAD" {
            return head(Reply::status(200));
        }
        let path = &file.path;
        let cut = self.manner(|manner| take(&mut manner.cuts, |(name, _)| name == path));
        let stall = self.manner(|manner| take(&mut manner.stalls, |(name, ..)| name == path));
        let sent = cut.as_ref().map_or(rest.len(), |(_, bytes)| rest.len().min(*bytes));
        let (first, second) = match &stall {
            Some((_, bytes, _)) => rest[..sent].split_at(sent.min(*bytes)),
            None => rest[..sent].split_at(sent),
        };
        let first: Vec<Vec<u8>> = first.chunks(PIECE).map(<[u8]>::to_vec).collect();
        let second = second.chunks(PIECE).map(<[u8]>::to_vec);
        let pause = first.len();
        let pieces = first.into_iter().chain(second).collect();
        let mut reply = head(Reply::pieces("application/octet-stream", pieces));
        if range.is_some() {
            let content_range = format!("bytes {from}-{}/{total}", total - 1);
            reply = reply.with_status(206).header("content-range", &content_range);
        }
        if let Some((_, _, gate)) = stall {
            reply = reply.paused_after(pause, &gate);
        }
        if cut.is_some() { reply.cut() } else { reply }
    }

    fn answer_at_hub(&self, request: &Recorded) -> Reply {
        let token = self.manner(|manner| manner.token.clone());
        let given = request.header("authorization").and_then(|v| v.strip_prefix("Bearer "));
        if token.is_some() && token.as_deref() != given {
            let reply = Reply::status(401).header("x-error-code", "GatedRepo");
            return reply.header("x-error-message", "Access is restricted.");
        }
        let cached = format!("/api/resolve-cache/models/{}/{COMMIT}/", self.repo);
        if let Some(file) = request.path.strip_prefix(&cached).and_then(|p| self.files.get(p)) {
            let hidden = self.manner(|manner| manner.hides_checksums);
            let etag = if hidden { "\"none\"".into() } else { file.etag() };
            return self.serve(request, file, &etag);
        }
        let resolve = format!("/{}/resolve/", self.repo);
        let asked = request.path.strip_prefix(&resolve).and_then(|rest| rest.split_once('/'));
        let Some(file) = asked.and_then(|(_, path)| self.files.get(path)) else {
            return Reply::status(404).header("x-error-code", "EntryNotFound");
        };
        if !file.large {
            let location = format!("{cached}{}", file.path);
            let reply = Reply::status(307).header("location", &location);
            return reply.header("x-repo-commit", COMMIT);
        }
        let number = self.manner(|manner| {
            manner.signatures += 1;
            manner.signatures
        });
        let location = format!("{}/{}?signature={number}", self.storage_origin, file.path);
        let reply = Reply::status(302)
            .header("location", &location)
            .header("x-repo-commit", COMMIT)
            .header("x-linked-size", &file.bytes.len().to_string());
        if self.manner(|manner| manner.hides_checksums) {
            return reply;
        }
        reply.header("x-linked-etag", &file.etag()).header("etag", "\"of-the-redirect\"")
    }

    fn answer_at_storage(&self, request: &Recorded) -> Reply {
        if request.header("authorization").is_some() {
            return Reply::status(400);
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let expired = self.manner(|manner| {
            let expired = manner.expired > 0;
            manner.expired = manner.expired.saturating_sub(1);
            expired
        });
        if expired || !query.starts_with("signature=") {
            return Reply::status(403);
        }
        match self.files.get(path.trim_start_matches('/')) {
            Some(file) => self.serve(request, file, "\"of-the-storage-1\""),
            None => Reply::status(404),
        }
    }
}

/// The first entry that fits, removed.
fn take<T>(entries: &mut Vec<T>, fits: impl Fn(&T) -> bool) -> Option<T> {
    let at = entries.iter().position(fits)?;
    Some(entries.remove(at))
}

async fn hub_responds(shared: Arc<Shared>, request: Request) -> Option<Response> {
    let request = Recorded::read(request).await;
    shared.hub_log.add(request.clone());
    Some(shared.answer_at_hub(&request).send().await)
}

async fn storage_responds(
    shared: Arc<std::sync::OnceLock<Arc<Shared>>>,
    request: Request,
) -> Option<Response> {
    let request = Recorded::read(request).await;
    let Some(shared) = shared.get() else { return Some(Reply::status(503).send().await) };
    shared.storage_log.add(request.clone());
    Some(shared.answer_at_storage(&request).send().await)
}
