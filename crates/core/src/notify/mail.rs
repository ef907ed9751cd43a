//! Mails over SMTP, one connection each: alerts are few.

use std::sync::Arc;
use std::time::Duration;

use async_smtp::authentication::{Credentials, Mechanism};
use async_smtp::{EmailAddress, Envelope, SendableEmail, SmtpClient, SmtpTransport};
use chrono::{DateTime, Utc};
use mail_builder::MessageBuilder;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::io::{AsyncBufRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::{Secret, SmtpConfig, SmtpSecurity};
use crate::error::{Error, Result};
use crate::net::choose_tls;

/// A mail to somebody.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// The address.
    pub to: &'a str,
    /// What it is about, in one line.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Its id, the same however often it is tried.
    pub id: uuid::Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// A mail server and what opens it.
pub(super) struct Mailer {
    host: String,
    port: u16,
    security: SmtpSecurity,
    login: Option<(String, Secret)>,
    from: String,
    timeout: Duration,
    tls: Option<TlsConnector>,
}

impl Mailer {
    /// `None` if no server is configured.
    pub fn new(config: &SmtpConfig, timeout: Duration) -> Result<Option<Self>> {
        if config.host.is_empty() {
            return Ok(None);
        }
        let from = config.sender().to_owned();
        address(&from, "alerts.smtp.from")?;
        let login = match &config.password {
            Some(password) if !config.username.is_empty() => {
                Some((config.username.clone(), password.clone()))
            }
            _ => None,
        };
        let tls = match config.security {
            SmtpSecurity::None => None,
            SmtpSecurity::Tls | SmtpSecurity::Starttls => Some(connector()?),
        };
        let (host, port, security) = (config.host.clone(), config.port, config.security);
        Ok(Some(Self { host, port, security, login, from, timeout, tls }))
    }

    pub async fn send(&self, mail: Mail<'_>) -> Result<()> {
        let sent = tokio::time::timeout(self.timeout, self.deliver(mail)).await;
        sent.unwrap_or_else(|_| Err(self.unavailable("did not answer in time")))
    }

    async fn deliver(&self, mail: Mail<'_>) -> Result<()> {
        let envelope = Envelope::new(
            Some(address(&self.from, "alerts.smtp.from")?),
            vec![address(mail.to, "alert_email")?],
        );
        let envelope = envelope.map_err(|e| Error::config("a mail needs a recipient").with_source(e))?;
        let mail = SendableEmail::new(envelope, self.written(mail)?);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|e| self.unavailable("cannot be reached").with_source(e))?;
        match (&self.tls, self.security) {
            (Some(tls), SmtpSecurity::Tls) => {
                self.speak(BufReader::new(self.secured(tls, stream).await?), SmtpClient::new(), mail).await
            }
            (Some(tls), SmtpSecurity::Starttls) => {
                let plain = SmtpTransport::new(SmtpClient::new(), BufReader::new(stream)).await;
                let plain = plain.map_err(|e| self.refused(e))?.starttls().await;
                let plain = plain.map_err(|e| self.unavailable("does not begin TLS").with_source(e))?;
                // What came in the clear after the word for TLS is nobody's to trust.
                if !plain.buffer().is_empty() {
                    return Err(self.unavailable("said more than it may before TLS began"));
                }
                let stream = self.secured(tls, plain.into_inner()).await?;
                self.speak(BufReader::new(stream), SmtpClient::new().without_greeting(), mail).await
            }
            _ => self.speak(BufReader::new(stream), SmtpClient::new(), mail).await,
        }
    }

    async fn secured(
        &self,
        tls: &TlsConnector,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let name = ServerName::try_from(self.host.clone())
            .map_err(|e| Error::config("alerts.smtp.host is no name of a server").with_source(e))?;
        let secured = tls.connect(name, stream).await;
        secured.map_err(|e| {
            self.unavailable("cannot be talked to over TLS: check its port and certificate").with_source(e)
        })
    }

    async fn speak<S>(&self, stream: S, client: SmtpClient, mail: SendableEmail) -> Result<()>
    where
        S: AsyncBufRead + AsyncWrite + Unpin,
    {
        let mut transport = SmtpTransport::new(client, stream).await.map_err(|e| self.refused(e))?;
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let login = transport.try_login(&credentials, &[Mechanism::Plain, Mechanism::Login]).await;
            login.map_err(|e| match self.refused(e) {
                error if error.kind() == crate::error::ErrorKind::Config => {
                    Error::config("the mail server does not accept alerts.smtp.username with its password")
                        .with_source(error)
                }
                error => error,
            })?;
        }
        transport.send(mail).await.map_err(|e| self.refused(e))?;
        // It has the mail: how the conversation ends does not matter.
        let _ = transport.quit().await;
        Ok(())
    }

    /// The mail as it goes over the wire.
    fn written(&self, mail: Mail<'_>) -> Result<Vec<u8>> {
        let domain = self.from.rsplit('@').next().unwrap_or("localhost");
        let one_line: String = mail.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        MessageBuilder::new()
            .message_id(format!("{}@{domain}", mail.id))
            .date(mail.at.timestamp())
            .from(self.from.as_str())
            .to(mail.to)
            .header("Auto-Submitted", mail_builder::headers::raw::Raw::new("auto-generated"))
            .subject(one_line)
            .text_body(mail.text)
            .write_to_vec()
            .map_err(|e| Error::internal("a mail could not be written").with_source(e))
    }

    fn unavailable(&self, what: &str) -> Error {
        Error::unavailable(format!("the mail server {}:{} {what}", self.host, self.port))
    }

    /// What the server says no with: its words go to the log only, for they may repeat what it was told.
    fn refused(&self, error: async_smtp::error::Error) -> Error {
        use async_smtp::error::Error as Smtp;
        match error {
            Smtp::Permanent(_) => {
                Error::config(format!("the mail server {}:{} does not take our mail", self.host, self.port))
                    .with_source(error)
            }
            _ => self.unavailable("cannot send just now").with_source(error),
        }
    }
}

fn address(text: &str, setting: &str) -> Result<EmailAddress> {
    EmailAddress::new(text.to_owned())
        .map_err(|e| Error::config(format!("{setting} is no mail address")).with_source(e))
}

fn connector() -> Result<TlsConnector> {
    choose_tls();
    let config = ClientConfig::with_platform_verifier().map_err(|e| {
        Error::config(
            "cannot set up TLS for mails: check that certificate authorities are installed (package ca-certificates)",
        )
        .with_source(e)
    })?;
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests;
