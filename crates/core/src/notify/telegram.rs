//! Telegram's Bot API: `sendMessage`. The token is part of the address, so no address is ever repeated.

use std::time::Duration;

use reqwest::Url;
use serde_json::{Value, json};

use crate::config::{Secret, TelegramConfig};
use crate::error::{Error, Result};
use crate::net::{body_within, parse_base_url, without_address};

/// UTF-16 units of a message.
const LONGEST_TEXT: usize = 4096;
/// Bytes of an answer that are read.
const LONGEST_ANSWER: usize = 1 << 16;

/// A bot.
pub(super) struct Bot {
    base: Url,
    token: Secret,
}

impl Bot {
    /// `None` if no token is configured.
    pub fn new(config: &TelegramConfig) -> Result<Option<Self>> {
        let Some(token) = &config.bot_token else { return Ok(None) };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
        if token.expose().is_empty() || !token.expose().chars().all(fits) {
            return Err(Error::config("alerts.telegram.bot_token holds a character that no token has"));
        }
        let base = parse_base_url(&config.base_url, "alerts.telegram.base_url")?;
        Ok(Some(Self { base, token: token.clone() }))
    }

    pub async fn send(
        &self,
        client: &reqwest::Client,
        timeout: Duration,
        chat: &str,
        text: &str,
    ) -> Result<()> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&format!("bot{}", self.token.expose())).push("sendMessage");
        }
        // Without a parse_mode a text is shown as it is, whatever a customer wrote.
        let body =
            json!({ "chat_id": chat, "text": cut(text), "link_preview_options": { "is_disabled": true } });
        let answer = client.post(url).json(&body).timeout(timeout).send().await.map_err(|e| {
            let what = if e.is_timeout() { "did not answer in time" } else { "cannot be reached" };
            Error::unavailable(format!("Telegram {what}: check alerts.telegram.base_url and the network"))
                .with_source(without_address(e))
        })?;
        let status = answer.status();
        let body = body_within(answer, LONGEST_ANSWER).await.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if answer["ok"] == true {
            return Ok(());
        }
        let code = answer["error_code"].as_u64().unwrap_or_else(|| status.as_u16().into());
        let error = match code {
            400 | 403 => Error::config(
                "Telegram does not send to the chat of alert_telegram: check its id; it has to have written to the bot",
            ),
            401 | 404 => Error::config("Telegram does not accept alerts.telegram.bot_token"),
            _ => Error::unavailable(format!("Telegram cannot send just now ({code})")),
        };
        Err(match answer.pointer("/parameters/retry_after").and_then(Value::as_u64) {
            Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
            None => error,
        })
    }
}

/// The beginning of a text that fits into one message.
fn cut(text: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < LONGEST_TEXT
    };
    let beginning: String = text.chars().take_while(fits).collect();
    if beginning.len() == text.len() { beginning } else { format!("{beginning}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_what_one_message_holds() {
        assert_eq!(cut("olá"), "olá");
        let long = cut(&"🙂".repeat(3000));
        assert!(long.ends_with('…') && long.encode_utf16().count() <= LONGEST_TEXT);
    }

    #[test]
    fn a_token_that_cannot_be_one_is_not_repeated() {
        let config = |token: &str| TelegramConfig {
            base_url: "https://api.telegram.org".into(),
            bot_token: Some(Secret::new(token)),
            bot_token_file: None,
        };
        assert!(Bot::new(&config("12:ab_-")).unwrap().is_some());
        let error = Bot::new(&config("12:ab/../x")).err().unwrap();
        assert!(!format!("{error:?}").contains("12:ab"), "{error:?}");
    }
}
