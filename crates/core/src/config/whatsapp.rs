//! `[whatsapp]`: the business numbers, and how conversations on them go.
//!
//! Secrets stay here and never reach the database. What a channel does not say of its own is taken from
//! the section (`WhatsappConfig::channels` comes resolved). Opening hours are in `whatsapp/hours.rs`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::resolve;
use super::{AlertsConfig, Problem, Secret, Section};

mod hours;
mod remarks;

pub use hours::{Hours, OpenAt};

/// `[whatsapp]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WhatsappConfig {
    /// Address of the Graph API.
    pub base_url: String,
    /// Version of the Graph API, as `v23.0`.
    pub api_version: String,
    /// Hosts that media may be fetched from with the token, beside the Graph API's; a name with a
    /// leading dot stands for everything below it.
    pub media_hosts: Vec<String>,
    /// Seconds that the Graph API has for an answer.
    pub timeout_seconds: u64,
    /// Token for the Graph API, for channels without one of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_file: Option<PathBuf>,
    /// What the Meta app signs webhooks with, for channels without one of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_secret: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_secret_file: Option<PathBuf>,
    /// What Meta says when it checks the webhook's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_token_file: Option<PathBuf>,
    /// Milliseconds of silence after which a burst of messages is answered.
    pub quiet_ms: u64,
    /// Milliseconds after its first message at which it is answered anyway.
    pub quiet_max_ms: u64,
    /// Minutes after which an answer begins with an apology.
    pub late_minutes: u64,
    /// Hours without a sign of a person after which the bot takes a conversation back; 0: never.
    pub human_hours: u64,
    /// Unanswered questions in a row after which a person is called; 0: never.
    pub max_refusals: u32,
    /// Messages that ask for a person.
    pub human_words: Vec<String>,
    /// Messages of the owner that give the customer they write to back to the agent.
    pub give_back_words: Vec<String>,
    /// Seconds within which a message of the Business app after a customer's was not typed; 0: all were.
    pub automatic_seconds: u64,
    /// Conversations in which one text of the Business app is an automatic one; 0: never.
    pub automatic_repeats: u32,
    /// Texts that the Business app sends by itself.
    pub automatic_texts: Vec<String>,
    /// Messages that ask for silence.
    pub stop_words: Vec<String>,
    /// Messages that end the silence.
    pub start_words: Vec<String>,
    /// Whether answers name their documents.
    pub show_sources: bool,
    /// Seconds to wait for news of a message whose sending ended in the dark.
    pub unknown_seconds: u64,
    /// Messages a second of one business number.
    pub messages_per_second: u32,
    /// Days that webhooks are kept as they came.
    pub keep_webhooks_days: u32,
    /// Largest voice note that is transcribed, in megabytes.
    pub max_media_mb: u64,
    /// What turns voice notes into text.
    pub transcription: TranscriptionConfig,
    /// The business numbers, each under a name of the operator's.
    #[serde(default)]
    pub channels: BTreeMap<String, ChannelConfig>,
}

/// `[whatsapp.transcription]`: an OpenAI-compatible endpoint for speech.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptionConfig {
    /// Address up to and without `/audio/transcriptions`; empty: voice notes are not transcribed.
    pub base_url: String,
    /// Model.
    pub model: String,
    /// Bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_file: Option<PathBuf>,
}

/// `[whatsapp.channels.<name>]`: a business number.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the business account; needed for templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_account_id: Option<String>,
    /// Slug of the organization it belongs to; the deployment's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Name of the agent that answers; the default agent if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// See [`WhatsappConfig::access_token`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// File that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_file: Option<PathBuf>,
    /// See [`WhatsappConfig::app_secret`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_secret: Option<Secret>,
    /// File that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_secret_file: Option<PathBuf>,
    /// See [`WhatsappConfig::verify_token`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<Secret>,
    /// File that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_token_file: Option<PathBuf>,
    /// WhatsApp number of whoever is told when a person is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Template that tells them when they have not written for a day: one parameter, the summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_template: Option<String>,
    /// Address that is sent the same as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_url: Option<String>,
    /// Mail address that is sent the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_email: Option<String>,
    /// Telegram chat that is sent the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_telegram: Option<String>,
    /// Whether somebody watches the inbox: then customers are promised a person though nobody is told.
    #[serde(default)]
    pub watched: bool,
    /// When people are there; always if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Said outside those hours to whoever asks for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_text: Option<String>,
    /// See [`WhatsappConfig::show_sources`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_sources: Option<bool>,
    /// See [`WhatsappConfig::messages_per_second`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_per_second: Option<u32>,
}

impl WhatsappConfig {
    /// The channel of a business number, with its name.
    pub fn channel_of(&self, phone_number_id: &str) -> Option<(&str, &ChannelConfig)> {
        let mut channels = self.channels.iter();
        channels
            .find(|(_, channel)| channel.phone_number_id == phone_number_id)
            .map(|(name, channel)| (name.as_str(), channel))
    }

    /// Whether something sends by each way that a channel names.
    pub(super) fn check_alerts(&self, alerts: &AlertsConfig) -> Result<(), Problem> {
        for (name, channel) in &self.channels {
            let wrong = |what: &str, text: &str| Err(Problem::new(format!("channels.{name}.{what}"), text));
            let is_address = |url: &String| {
                reqwest::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            };
            if channel.alert_url.as_ref().is_some_and(|url| !is_address(url)) {
                let text = "it is not an address: one that begins with https:// or http:// is accepted";
                return wrong("alert_url", text);
            }
            if channel.alert_email.as_ref().is_some_and(|address| !address.contains('@')) {
                return wrong("alert_email", "it is no mail address");
            }
            if channel.alert_email.is_some() && alerts.smtp.host.is_empty() {
                return wrong("alert_email", "it needs a mail server: set alerts.smtp.host");
            }
            if channel.alert_telegram.is_some() && !alerts.has_bot() {
                return wrong("alert_telegram", "it needs a bot: set alerts.telegram.bot_token");
            }
        }
        Ok(())
    }

    /// Reads every secret from its file, and gives channels what they lack of their own. What is wrong
    /// comes with its key.
    pub(super) fn resolve_secrets(&mut self) -> Result<(), (String, String)> {
        resolve("whatsapp.access_token", &mut self.access_token, self.access_token_file.as_deref())?;
        resolve("whatsapp.app_secret", &mut self.app_secret, self.app_secret_file.as_deref())?;
        resolve("whatsapp.verify_token", &mut self.verify_token, self.verify_token_file.as_deref())?;
        let speech = &mut self.transcription;
        resolve("whatsapp.transcription.api_key", &mut speech.api_key, speech.api_key_file.as_deref())?;
        for (name, channel) in &mut self.channels {
            for (what, own, file, shared) in [
                ("access_token", &mut channel.access_token, &channel.access_token_file, &self.access_token),
                ("app_secret", &mut channel.app_secret, &channel.app_secret_file, &self.app_secret),
                ("verify_token", &mut channel.verify_token, &channel.verify_token_file, &self.verify_token),
            ] {
                let key = format!("whatsapp.channels.{name}.{what}");
                resolve(&key, own, file.as_deref())?;
                if own.is_none() {
                    own.clone_from(shared);
                }
                if own.is_none() {
                    let text = format!("missing; set it, {what}_file, or whatsapp.{what} for every channel");
                    return Err((key, text));
                }
            }
        }
        Ok(())
    }
}

impl ChannelConfig {
    /// Whether the ids and numbers can be any.
    fn check_ids(&self, key: &dyn Fn(&str) -> String) -> Result<(), Problem> {
        if let Some(account) = &self.business_account_id
            && (account.is_empty() || !account.bytes().all(|b| b.is_ascii_digit()))
        {
            let text =
                format!("`{account}` is no id: Meta's id of the business account is accepted, digits only");
            return Err(Problem::new(key("business_account_id"), text));
        }
        if let Some(owner) = &self.owner {
            let digits = owner.bytes().filter(u8::is_ascii_digit).count();
            let spaced = |c: char| c.is_ascii_digit() || " +-().".contains(c);
            if !(8..=15).contains(&digits) || !owner.chars().all(spaced) {
                let text = format!(
                    "`{owner}` is no telephone number: one with country code is accepted, as 5511999999999"
                );
                return Err(Problem::new(key("owner"), text));
            }
        }
        Ok(())
    }
}

impl Section for WhatsappConfig {
    const NAME: &'static str = "whatsapp";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("timeout_seconds", &self.timeout_seconds, 1..=120)?;
        Problem::unless_within("quiet_ms", &self.quiet_ms, 0..=60_000)?;
        Problem::unless_within("quiet_max_ms", &self.quiet_max_ms, self.quiet_ms..=300_000)?;
        Problem::unless_within("late_minutes", &self.late_minutes, 1..=1440)?;
        Problem::unless_within("human_hours", &self.human_hours, 0..=8760)?;
        Problem::unless_within("automatic_seconds", &self.automatic_seconds, 0..=60)?;
        Problem::unless_within("unknown_seconds", &self.unknown_seconds, 1..=3600)?;
        Problem::unless_within("messages_per_second", &self.messages_per_second, 1..=1000)?;
        Problem::unless_within("keep_webhooks_days", &self.keep_webhooks_days, 1..=3650)?;
        Problem::unless_within("max_media_mb", &self.max_media_mb, 1..=100)?;
        let mut numbers = std::collections::BTreeSet::new();
        for (name, channel) in &self.channels {
            let key = |what: &str| format!("channels.{name}.{what}");
            let id = &channel.phone_number_id;
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
                let text = format!("`{id}` is no id: Meta's id of the number is accepted, digits only");
                return Err(Problem::new(key("phone_number_id"), text));
            }
            if !numbers.insert(id) {
                let text = format!("another channel has the phone_number_id {id} already");
                return Err(Problem::new(key("phone_number_id"), text));
            }
            if let Some(hours) = &channel.hours {
                hours.check().map_err(|text| Problem::new(key("hours"), text))?;
            }
            if let Some(rate) = &channel.messages_per_second {
                Problem::unless_within(key("messages_per_second"), rate, 1..=1000)?;
            }
            channel.check_ids(&key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
