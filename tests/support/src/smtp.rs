//! A mail server: takes logins, mails and nothing else, and keeps what it was told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for a mail.
const DEADLINE: Duration = Duration::from_secs(20);

/// A mail that was taken.
#[derive(Debug, Clone, Default)]
pub struct ReceivedMail {
    /// Who logged in, if anybody.
    pub login: Option<String>,
    /// The recipients.
    pub to: Vec<String>,
    /// Headers and body, as they came.
    pub data: String,
}

#[derive(Debug, Default)]
struct Kept {
    mails: watch::Sender<Vec<ReceivedMail>>,
    heard: Mutex<String>,
    /// The answer to the next recipients instead of the usual one.
    refusal: Mutex<Option<String>>,
}

/// A running mail server without TLS; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeSmtp {
    port: u16,
    kept: Arc<Kept>,
    serving: JoinHandle<()>,
}

impl FakeSmtp {
    /// Starts on a free port.
    ///
    /// # Panics
    /// If loopback has none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let kept = Arc::new(Kept::default());
        let shared = Arc::clone(&kept);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away ends its own conversation only.
                let _ = talk(stream, &shared).await;
            }
        });
        Self { port, kept, serving }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The mails so far, oldest first.
    pub fn received(&self) -> Vec<ReceivedMail> {
        self.kept.mails.borrow().clone()
    }

    /// Waits until there were `count` mails, and returns them.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<ReceivedMail> {
        let mut mails = self.kept.mails.subscribe();
        let waited = tokio::time::timeout(DEADLINE, mails.wait_for(|mails| mails.len() >= count)).await;
        assert!(waited.is_ok(), "waited for {count} mails in vain");
        self.received()
    }

    /// Every line that clients said.
    pub fn heard(&self) -> String {
        self.kept.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on recipients are answered with this.
    pub fn refuse_with(&self, answer: &str) {
        *self.kept.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.to_owned());
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn talk(stream: TcpStream, kept: &Kept) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 fake ESMTP\r\n").await?;
    let mut mail = ReceivedMail::default();
    loop {
        let line = read_line(&mut stream, kept).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "" | "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            "EHLO" => "250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN".to_owned(),
            "AUTH" => {
                mail.login = line.rsplit(' ').next().and_then(user_of);
                "235 2.7.0 welcome".to_owned()
            }
            "RCPT" => {
                let refusal = kept.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if refusal.is_none() {
                    mail.to.extend(line.split(['<', '>']).nth(1).map(str::to_owned));
                }
                refusal.unwrap_or_else(|| "250 2.1.5 ok".to_owned())
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                mail.data = data(&mut stream, kept).await?;
                let taken = std::mem::take(&mut mail);
                kept.mails.send_modify(|mails| mails.push(taken));
                "250 2.0.0 taken".to_owned()
            }
            "MAIL" | "RSET" | "NOOP" => "250 ok".to_owned(),
            _ => "502 5.5.1 unknown".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>, kept: &Kept) -> std::io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    kept.heard.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
    Ok(line.trim_end().to_owned())
}

async fn data(stream: &mut BufReader<TcpStream>, kept: &Kept) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let line = read_line(stream, kept).await?;
        if line == "." {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
}

/// The user in the initial response of AUTH PLAIN.
fn user_of(response: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(response).ok()?).ok()?;
    text.split('\0').nth(1).map(str::to_owned)
}
