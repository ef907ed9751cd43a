//! `[alerts]`: how people of the business are told outside WhatsApp, and when.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::resolve;
use super::{Problem, Secret, Section};

/// `[alerts]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AlertsConfig {
    /// When people are told of a customer who asks for one while the business is closed.
    pub when_closed: WhenClosed,
    /// Seconds that an address, a mail server or Telegram has for an answer.
    pub timeout_seconds: u64,
    /// What sends mails.
    pub smtp: SmtpConfig,
    /// What sends Telegram messages.
    pub telegram: TelegramConfig,
}

/// When people are told of a customer who asks for one while the business is closed. Those who still wait are
/// listed when it opens either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenClosed {
    /// At once.
    Now,
    /// When the business opens.
    Opening,
}

/// `[alerts.smtp]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Name of the mail server; empty: no mails are sent.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Whom to log in as; empty: nobody.
    pub username: String,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The sender's address; the user name if empty.
    pub from: String,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// TLS from the first byte; usually on port 465.
    Tls,
    /// TLS before anything else is said; usually on port 587. A server that offers none is not used.
    Starttls,
    /// Not at all: for a server on this machine.
    None,
}

/// `[alerts.telegram]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramConfig {
    /// Address of the Bot API.
    pub base_url: String,
    /// Token of the bot, as `BotFather` gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_token: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_token_file: Option<PathBuf>,
}

impl SmtpConfig {
    /// The sender's address.
    pub fn sender(&self) -> &str {
        if self.from.is_empty() { &self.username } else { &self.from }
    }
}

impl AlertsConfig {
    /// Reads every secret from its file. What is wrong comes with its key.
    pub(super) fn resolve_secrets(&mut self) -> Result<(), (String, String)> {
        let (smtp, telegram) = (&mut self.smtp, &mut self.telegram);
        resolve("alerts.smtp.password", &mut smtp.password, smtp.password_file.as_deref())?;
        resolve("alerts.telegram.bot_token", &mut telegram.bot_token, telegram.bot_token_file.as_deref())
    }

    /// Whether Telegram messages can be sent.
    pub(super) fn has_bot(&self) -> bool {
        self.telegram.bot_token.is_some() || self.telegram.bot_token_file.is_some()
    }
}

impl Section for AlertsConfig {
    const NAME: &'static str = "alerts";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("timeout_seconds", &self.timeout_seconds, 1..=120)?;
        if !self.smtp.host.is_empty() && !self.smtp.sender().contains('@') {
            return Err(Problem::new(
                "smtp.from",
                "is no mail address: one such as loja@example.com is needed",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigSources};

    fn load(text: &str) -> crate::error::Result<Config> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&ConfigSources { file: Some(file), ..ConfigSources::default() })
    }

    const CHANNEL: &str = "[whatsapp]\naccess_token = \"a\"\napp_secret = \"b\"\nverify_token = \"c\"\n\
                           [whatsapp.channels.store]\nphone_number_id = \"1\"\n";

    #[test]
    fn a_way_that_nothing_sends_by_is_named() {
        let wrong = |more: &str| load(&format!("{CHANNEL}{more}")).unwrap_err().to_string();
        let error = wrong("alert_email = \"dona@example.com\"");
        assert!(error.contains("store") && error.contains("alerts.smtp.host"), "{error}");
        let error = wrong("alert_telegram = \"123\"");
        assert!(error.contains("alerts.telegram.bot_token"), "{error}");
        let error = wrong("alert_url = \"example.com\"");
        assert!(error.contains("alert_url"), "{error}");
        let error = wrong("[alerts.smtp]\nhost = \"mail\"");
        assert!(error.contains("alerts.smtp.from"), "{error}");
    }

    #[test]
    fn secrets_are_read_and_not_shown() {
        let more = "alert_telegram = \"123\"\nalert_email = \"d@e\"\n[alerts.smtp]\nhost = \"m\"\nusername = \"a@b\"\n\
                    password = \"pw-1\"\n[alerts.telegram]\nbot_token = \"77:abc\"";
        let config = load(&format!("{CHANNEL}{more}")).unwrap();
        assert_eq!(config.alerts.smtp.sender(), "a@b");
        let shown = format!("{config:?}{}", toml::to_string(&config).unwrap());
        assert!(!shown.contains("pw-1") && !shown.contains("77:abc"), "{shown}");
    }
}
