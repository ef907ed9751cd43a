//! Meta's side of a webhook: signed bodies, posted until they are taken.
//!
//! Over plain HTTP to this machine only. What is posted, and what it means, is the caller's business.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How long a body is posted until it is taken, unless another time is set.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause after the first post; it doubles.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Time for an answer.
const ANSWER: Duration = Duration::from_secs(20);

/// A webhook of the program under test.
#[derive(Clone)]
pub struct Webhook {
    address: SocketAddr,
    path: String,
    app_secret: String,
    patience: Duration,
}

/// An address that is not on this machine, or is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotALoopbackAddress(pub String);

impl fmt::Display for NotALoopbackAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address) = self;
        write!(f, "`{address}` is not an address of this machine such as http://127.0.0.1:8080/webhook")
    }
}

impl std::error::Error for NotALoopbackAddress {}

impl fmt::Debug for Webhook {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("address", &self.address)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// How a body was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// How often it was posted.
    pub attempts: u32,
    /// The status of the last answer; 200 means that it was taken. `None`: no answer.
    pub status: Option<u16>,
}

impl Webhook {
    /// The webhook at `url`, which has to be `http://`, an IP address of this machine, and a port; bodies are
    /// signed with `app_secret`.
    ///
    /// # Errors
    /// For any other address: simulated customers reach no other machine.
    pub fn new(url: &str, app_secret: &str) -> Result<Self, NotALoopbackAddress> {
        let not_here = || NotALoopbackAddress(url.to_owned());
        let rest = url.strip_prefix("http://").ok_or_else(not_here)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.replace("localhost:", "127.0.0.1:");
        let address: SocketAddr = host.parse().map_err(|_| not_here())?;
        if !address.ip().is_loopback() {
            return Err(not_here());
        }
        Ok(Self { address, path: format!("/{path}"), app_secret: app_secret.to_owned(), patience: PATIENCE })
    }

    /// Goes on posting a body for so long; the real one does for days.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The value of `X-Hub-Signature-256` for a body.
    pub fn signature(app_secret: &str, body: &[u8]) -> String {
        let code = mac(app_secret.as_bytes(), body).finalize().into_bytes();
        code.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Posts it until it is taken, like Meta, as long as it is patient.
    pub async fn deliver(&self, payload: &Value) -> Delivered {
        let mut delivered = Delivered { attempts: 0, status: None };
        let (begun, mut pause) = (Instant::now(), PAUSE);
        loop {
            delivered.attempts += 1;
            delivered.status = self.post(payload).await.ok();
            if delivered.status == Some(200) || begun.elapsed() + pause > self.patience {
                return delivered;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Posts messages of customers to a number until they are taken: `value` holds `messages` and `contacts`
    /// as Meta writes them.
    pub async fn deliver_to(&self, phone_number_id: &str, value: &Value) -> Delivered {
        self.deliver(&envelope(phone_number_id, value)).await
    }

    /// Posts it once, signed; returns the status of the answer.
    pub async fn post(&self, payload: &Value) -> io::Result<u16> {
        let body = escaped(payload);
        let signature = Self::signature(&self.app_secret, body.as_bytes());
        self.post_bytes(body.as_bytes(), Some(&signature)).await
    }

    /// Posts these bytes once, with this signature or none: forged and broken deliveries.
    pub async fn post_bytes(&self, body: &[u8], signature: Option<&str>) -> io::Result<u16> {
        let status = tokio::time::timeout(ANSWER, self.exchange(body, signature)).await;
        status.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
    }

    async fn exchange(&self, body: &[u8], signature: Option<&str>) -> io::Result<u16> {
        let mut stream = TcpStream::connect(self.address).await?;
        let mut head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: facebookexternalua\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.path,
            self.address,
            body.len()
        );
        if let Some(signature) = signature {
            head.push_str(&format!("X-Hub-Signature-256: {signature}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        let mut piece = [0; 1024];
        while !answer.contains(&b'\n') {
            let read = stream.read(&mut piece).await?;
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&piece[..read]);
        }
        let line = String::from_utf8_lossy(&answer);
        let status = line.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

fn mac(key: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

/// A body as Meta posts it, for one number: `value` with `messages`, `contacts` or `statuses` goes inside.
pub(super) fn envelope(phone_number_id: &str, value: &Value) -> Value {
    let mut inner = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": phone_number_id },
    });
    for (key, part) in value.as_object().into_iter().flatten() {
        inner[key] = part.clone();
    }
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": inner }] }],
    })
}

/// JSON as Meta writes it before it signs: everything but ASCII escaped, and slashes too.
fn escaped(payload: &Value) -> String {
    let mut text = String::new();
    for c in payload.to_string().chars() {
        if c == '/' {
            text.push_str("\\/");
        } else if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{Log, Recorded, Reply, Server};

    #[test]
    fn bodies_are_escaped_without_changing_them() {
        let payload = json!({ "body": "ação 🙂 a/b \"x\"" });
        let text = escaped(&payload);
        assert!(text.is_ascii() && text.contains("\\u00e7") && text.contains("\\ud83d\\ude42"), "{text}");
        assert!(text.contains("a\\/b"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), payload);
    }

    /// RFC 4231, test case 2.
    #[test]
    fn the_signature_is_hmac_sha256() {
        assert_eq!(
            Webhook::signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[tokio::test]
    async fn a_body_is_posted_until_it_is_taken() {
        let (log, statuses) = (Log::default(), Arc::new(Mutex::new(vec![200, 204, 500])));
        let (kept, script) = (log.clone(), Arc::clone(&statuses));
        let answer = move |request| {
            let (log, script) = (kept.clone(), Arc::clone(&script));
            async move {
                log.add(Recorded::read(request).await);
                let status = script.lock().unwrap().pop()?;
                Some(Reply::status(status).send().await)
            }
        };
        let receiver = Server::start(([127, 0, 0, 1], 0).into(), answer).await.unwrap();
        let webhook = Webhook::new(&format!("{}/v1/webhook", receiver.origin()), "secret").unwrap();
        let delivered = webhook.deliver_to("123", &json!({ "statuses": [] })).await;
        assert_eq!(delivered, Delivered { attempts: 3, status: Some(200) });
        let requests = log.all();
        assert_eq!(requests[2].path, "/v1/webhook");
        let signed = Webhook::signature("secret", &requests[2].body);
        assert_eq!(requests[2].header("x-hub-signature-256"), Some(signed.as_str()));
        let value = &requests[2].json()["entry"][0]["changes"][0]["value"];
        assert_eq!(value["metadata"]["phone_number_id"], "123");
        // A connection that closes without an answer is no answer.
        let patient = webhook.patient(Duration::ZERO);
        assert_eq!(patient.deliver(&json!({})).await, Delivered { attempts: 1, status: None });
    }

    #[test]
    fn other_machines_are_left_alone() {
        for url in ["http://192.0.2.1:80/webhook", "https://127.0.0.1:1/", "http://127.0.0.1/", "nonsense"] {
            let error = Webhook::new(url, "secret").unwrap_err();
            assert!(error.to_string().contains(url), "{error}");
        }
        assert!(!format!("{:?}", Webhook::new("http://localhost:1/x", "secret").unwrap()).contains("secret"));
    }
}
