//! Telling people of the business outside WhatsApp: JSON to an address of theirs, mails, Telegram.
//!
//! One try each; what failed is tried again by whoever calls. What is said, and to whom, is not known here. Errors
//! name the place by its configuration key: addresses may hold secrets.

mod mail;
mod telegram;

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::config::AlertsConfig;
use crate::error::{Error, Result};
use crate::net::{USER_AGENT, asked_wait, client, without_address};
use mail::Mailer;
use telegram::Bot;

pub use mail::Mail;

/// What tells people.
pub struct Notifier {
    client: reqwest::Client,
    timeout: Duration,
    mailer: Option<Mailer>,
    bot: Option<Bot>,
}

impl Notifier {
    /// Prepares the ways that are configured; nothing is sent yet.
    ///
    /// # Errors
    /// `Config` for an address or a token that cannot be used.
    pub fn new(config: &AlertsConfig) -> Result<Self> {
        let timeout = Duration::from_secs(config.timeout_seconds);
        Ok(Self {
            client: client(timeout, USER_AGENT)?,
            timeout,
            mailer: Mailer::new(&config.smtp, timeout)?,
            bot: Bot::new(&config.telegram)?,
        })
    }

    /// Posts JSON to an address that `alert_url` names.
    ///
    /// # Errors
    /// `Unavailable`, with the time the address asks to be left alone, if it does.
    pub async fn post(&self, url: &str, body: &Value, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
        let answer = self.client.post(url).json(body).timeout(self.timeout).send().await;
        let answer = answer.map_err(|e| {
            let what = if e.is_timeout() { "did not answer in time" } else { "cannot be reached" };
            Error::unavailable(format!("alert_url {what}")).with_source(without_address(e))
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let error = Error::unavailable(format!("alert_url answered {}: {}", status.as_u16(), advice(status)));
        Err(match asked_wait(answer.headers(), now) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        })
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// `Config` for what the server will never take, else `Unavailable`.
    pub async fn mail(&self, mail: Mail<'_>) -> Result<()> {
        match &self.mailer {
            Some(mailer) => mailer.send(mail).await,
            None => Err(Error::config("no mails can be sent: set alerts.smtp.host")),
        }
    }

    /// Sends a text to a Telegram chat; what is too long for one message is cut.
    ///
    /// # Errors
    /// `Config` for a token or a chat that Telegram does not take, else `Unavailable`.
    pub async fn telegram(&self, chat: &str, text: &str) -> Result<()> {
        match &self.bot {
            Some(bot) => bot.send(&self.client, self.timeout, chat, text).await,
            None => Err(Error::config("no Telegram messages can be sent: set alerts.telegram.bot_token")),
        }
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "it is somewhere else, and redirects are not followed",
        401 | 403 => "it does not let us in",
        404 | 405 | 410 => "it takes no POST there",
        429 => "too many alerts at once",
        _ => "see what happens there",
    }
}
