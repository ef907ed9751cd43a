//! Files of customers: where they are, and their bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::behaviour::Refusal;
use super::script::Script;
use super::{origin, query};
use crate::log::Recorded;
use crate::reply::Reply;

/// Bytes sent at once.
const PIECE: usize = 1024;

/// A file that a customer sent.
#[derive(Debug, Clone)]
pub struct FakeMedia {
    mime_type: String,
    bytes: Vec<u8>,
    digest: Digest,
    announced: Option<u64>,
    hides_length: bool,
    gone: usize,
    elsewhere: Option<String>,
    redirected: Option<String>,
    cut_after: Option<usize>,
    number: Option<String>,
    /// Addresses given; only the last one is good.
    addresses: usize,
}

/// How the digest is announced.
#[derive(Debug, Clone, Copy)]
enum Digest {
    Hex,
    Base64,
    Wrong,
}

impl FakeMedia {
    /// A file; its digest is announced in hex.
    pub fn new(mime_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            mime_type: mime_type.to_owned(),
            bytes: bytes.into(),
            digest: Digest::Hex,
            announced: None,
            hides_length: false,
            gone: 0,
            elsewhere: None,
            redirected: None,
            cut_after: None,
            number: None,
            addresses: 0,
        }
    }

    /// Its digest is announced in base64.
    #[must_use]
    pub fn with_base64_digest(mut self) -> Self {
        self.digest = Digest::Base64;
        self
    }

    /// The digest of other bytes is announced.
    #[must_use]
    pub fn with_wrong_digest(mut self) -> Self {
        self.digest = Digest::Wrong;
        self
    }

    /// Another size is announced.
    #[must_use]
    pub fn announcing(mut self, size: u64) -> Self {
        self.announced = Some(size);
        self
    }

    /// The answer with the bytes does not say how many there are.
    #[must_use]
    pub fn without_length(mut self) -> Self {
        self.hides_length = true;
        self
    }

    /// The first `times` addresses have run out by the time they are used.
    #[must_use]
    pub fn gone(mut self, times: usize) -> Self {
        self.gone = times;
        self
    }

    /// It lies at this address, on another host.
    #[must_use]
    pub fn lying_at(mut self, address: &str) -> Self {
        self.elsewhere = Some(address.to_owned());
        self
    }

    /// Its address redirects to this one.
    #[must_use]
    pub fn redirected_to(mut self, address: &str) -> Self {
        self.redirected = Some(address.to_owned());
        self
    }

    /// The connection closes after so many bytes.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Only this number may see it.
    #[must_use]
    pub fn of_number(mut self, phone_number_id: &str) -> Self {
        self.number = Some(phone_number_id.to_owned());
        self
    }

    /// Its type and its bytes.
    pub(super) fn content(&self) -> (String, Vec<u8>) {
        (self.mime_type.clone(), self.bytes.clone())
    }

    fn announced_digest(&self) -> String {
        let digest = match self.digest {
            Digest::Hex | Digest::Base64 => Sha256::digest(&self.bytes),
            Digest::Wrong => Sha256::digest(b"other bytes"),
        };
        match self.digest {
            Digest::Base64 => STANDARD.encode(&digest[..]),
            Digest::Hex | Digest::Wrong => format!("{digest:x}"),
        }
    }

    fn describe(&mut self, id: &str, origin: &str) -> Value {
        self.addresses += 1;
        let own = format!("{origin}/media-files/{id}?ext={}", self.addresses);
        json!({
            "messaging_product": "whatsapp",
            "url": self.elsewhere.clone().unwrap_or(own),
            "mime_type": self.mime_type,
            "sha256": self.announced_digest(),
            "file_size": self.announced.unwrap_or(self.bytes.len() as u64),
            "id": id,
        })
    }

    fn bytes(&mut self, address: Option<&str>) -> Reply {
        let last = address.is_some_and(|ext| ext == self.addresses.to_string());
        if self.gone > 0 || !last {
            self.gone = self.gone.saturating_sub(1);
            return Reply::status(404);
        }
        if let Some(address) = &self.redirected {
            return Reply::status(302).header("location", address);
        }
        let sent = self.cut_after.map_or(self.bytes.len(), |most| most.min(self.bytes.len()));
        let pieces = self.bytes[..sent].chunks(PIECE).map(<[u8]>::to_vec).collect();
        let mut reply = Reply::pieces(&self.mime_type, pieces);
        if !self.hides_length {
            reply = reply.header("content-length", &self.bytes.len().to_string());
        }
        if self.cut_after.is_some() { reply.cut() } else { reply }
    }
}

/// Where a file is.
pub(super) fn locate(script: &mut Script, id: &str, request: &Recorded) -> Reply {
    let asking = query(request, "phone_number_id");
    match script.media.get_mut(id) {
        Some(media) if media.number.is_none() || media.number.as_deref() == asking => {
            Reply::json(&media.describe(id, &origin(request)))
        }
        _ => Refusal::hidden_object(id).reply(),
    }
}

/// Its bytes, for whoever says what program it is.
pub(super) fn serve(script: &mut Script, id: &str, request: &Recorded) -> Reply {
    if request.header("user-agent").is_none() {
        return Reply::status(400);
    }
    match script.media.get_mut(id) {
        Some(media) => media.bytes(query(request, "ext")),
        None => Reply::status(404),
    }
}
