//! Webhooks as Meta posts them, made before the clock runs: bytes that only have to be written. A whole HTTP
//! client would take a good part of the machine that is to be measured.

use std::time::Instant;

use agent_core::clock::{Clock, SystemClock};
use agent_core::whatsapp::signature::{HEADER, sign};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{NUMBER, SECRET};
use crate::report::milliseconds;
use crate::texts::{Random, text};

/// A customer's phone number.
pub fn phone(customer: usize) -> String {
    format!("55119{customer:08}")
}

/// An id of Meta's, as long as a real one.
pub fn wamid(number: usize) -> String {
    format!("wamid.HBgNNTUxMTkwMDAwMDAwMBUCABIYFDNB{number:024}")
}

/// Makes webhooks. No two are the same, whoever writes.
pub struct Webhooks {
    random: Random,
    made: usize,
}

impl Webhooks {
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), made: 0 }
    }

    /// The whole request for a message of a customer.
    pub fn message_of(&mut self, customer: usize) -> Vec<u8> {
        self.made += 1;
        let phone = phone(customer);
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "15550783881", "phone_number_id": NUMBER },
                "contacts": [{ "profile": { "name": format!("Cliente {customer}") }, "wa_id": phone }],
                "messages": [{
                    "from": phone,
                    "id": wamid(self.made),
                    "timestamp": SystemClock.now().timestamp().to_string(),
                    "type": "text",
                    "text": { "body": text(&mut self.random, 10) },
                }],
            } }] }],
        });
        let body = body.to_string();
        let signature = sign(SECRET.as_bytes(), body.as_bytes());
        let length = body.len();
        let head = format!(
            "POST /api/v1/whatsapp/webhook HTTP/1.1\r\nHost: localhost\r\nUser-Agent: facebookexternalua\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{HEADER}: {signature}\r\n\r\n"
        );
        (head + &body).into_bytes()
    }
}

/// A connection that stays open.
pub struct Line {
    stream: BufReader<TcpStream>,
    text: String,
}

impl Line {
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("the daemon takes no connection")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), text: String::new() })
    }

    /// Posts a webhook; milliseconds until it is acknowledged. Anything but 200 is an error.
    pub async fn post(&mut self, request: &[u8]) -> Result<f64> {
        let begun = Instant::now();
        self.stream.write_all(request).await?;
        let status = self.line().await?.to_owned();
        let mut length: Option<usize> = None;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("a header has no colon")?;
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse()?);
            }
        }
        let mut body = vec![0_u8; length.context("the answer has no length")?];
        self.stream.read_exact(&mut body).await?;
        let took = milliseconds(begun.elapsed());
        ensure!(status.starts_with("HTTP/1.1 200 "), "{status}: {}", String::from_utf8_lossy(&body));
        Ok(took)
    }

    /// The next line, without its end.
    async fn line(&mut self) -> Result<&str> {
        self.text.clear();
        let read = self.stream.read_line(&mut self.text).await?;
        ensure!(read > 0, "the daemon closed the connection");
        Ok(self.text.trim_end())
    }
}
