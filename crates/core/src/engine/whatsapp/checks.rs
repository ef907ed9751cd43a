//! Whether the business numbers work: asked of Meta, and seen while messages are sent.

use serde::Serialize;

use super::super::Engine;
use crate::config::ChannelConfig;
use crate::error::{Error, Result};
use crate::whatsapp::client::GraphResult;
use crate::whatsapp::failure::GraphFailure;

/// Seconds for which it needs no second note that a number works.
const NOTED: i64 = 60;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Failed,
    /// It could not be looked at.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelStep {
    /// What: `number`, `app_secret` or `webhooks`.
    pub what: &'static str,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What Meta said, or what to do, in one line.
    pub note: String,
}

/// A business number that was looked at.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelTest {
    /// The channel's name.
    pub name: String,
    /// Whether nothing failed.
    pub ok: bool,
    /// Everything that was looked at.
    pub steps: Vec<ChannelStep>,
}

fn step(what: &'static str, outcome: CheckOutcome, note: impl Into<String>) -> ChannelStep {
    ChannelStep { what, outcome, note: note.into() }
}

impl Engine {
    /// Asks Meta whether a channel is set up, or all of them: id and token, app secret, webhooks. No message is
    /// sent.
    pub async fn test_channels(&self, name: Option<&str>) -> Result<Vec<ChannelTest>> {
        let channels = &self.parts.config.whatsapp.channels;
        if let Some(name) = name.filter(|name| !channels.contains_key(*name)) {
            let known: Vec<&str> = channels.keys().map(String::as_str).collect();
            let text = format!("there is no channel `{name}`: the configuration has {}", known.join(", "));
            return Err(Error::not_found(text));
        }
        let mut tests = Vec::new();
        for (channel_name, channel) in channels {
            if name.is_none_or(|name| name == channel_name) {
                let steps = self.test_channel(channel).await?;
                let ok = steps.iter().all(|step| step.outcome != CheckOutcome::Failed);
                tests.push(ChannelTest { name: channel_name.clone(), ok, steps });
            }
        }
        Ok(tests)
    }

    async fn test_channel(&self, channel: &ChannelConfig) -> Result<Vec<ChannelStep>> {
        let (graph, number) = (&self.parts.whatsapp.graph, channel.number()?);
        let id = channel.phone_number_id.clone();
        let mut steps = Vec::new();
        match graph.number_profile(&number, None).await {
            Ok(profile) => {
                let shown = [profile.display_number, profile.verified_name, profile.quality];
                let shown: Vec<String> = shown.into_iter().flatten().collect();
                steps.push(step("number", CheckOutcome::Ok, shown.join(", ")));
                self.parts.store.note_channel(id.clone(), None).await?;
                self.parts.store.mend_channel(id).await?;
            }
            Err(failure) => {
                self.parts.store.note_channel(id, Some(failure.to_string())).await?;
                steps.push(step("number", CheckOutcome::Failed, failure.to_string()));
                // Without an answer, or a token, nothing else can be asked.
                return Ok(steps);
            }
        }
        let secret = channel.app_secret.as_ref().map(|secret| secret.expose().trim().to_owned());
        steps.push(match graph.number_profile(&number, secret.as_deref()).await {
            Ok(_) => step("app_secret", CheckOutcome::Ok, "it is that of the token's app"),
            Err(failure) if failure.unanswered => step("app_secret", CheckOutcome::Skipped, failure.to_string()),
            Err(_) => {
                let text = "Meta does not take it for the token's app: webhooks would be refused (App settings, \
                            Basic, shows the secret)";
                step("app_secret", CheckOutcome::Failed, text)
            }
        });
        steps.push(match &channel.business_account_id {
            None => {
                let text = "not asked: set business_account_id";
                step("webhooks", CheckOutcome::Skipped, text)
            }
            Some(account) => subscription(graph.subscribed_apps(&number, account).await),
        });
        Ok(steps)
    }

    /// Agents and organizations that channels name and that are not there: the key, and what is wrong.
    pub async fn channel_mistakes(&self) -> Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        for (name, channel) in &self.parts.config.whatsapp.channels {
            if let Err(error) = self.owner_of(name, channel).await {
                let text = error.to_string();
                // The message begins with its key.
                let (key, text) = text.split_once(": ").unwrap_or(("whatsapp.channels", &text));
                found.push((key.to_owned(), text.to_owned()));
            }
        }
        Ok(found)
    }

    /// Meta took something from a number. Written down once a minute at most: it happens with every message.
    pub(super) async fn note_working(&self, number: &str) -> Result<()> {
        let now = self.parts.clock.now().timestamp();
        if self.parts.whatsapp.seen.is_news(number, now, NOTED) {
            self.parts.store.note_channel(number.to_owned(), None).await?;
        }
        Ok(())
    }

    /// Meta could not be reached, or does not take anything from a number.
    pub(super) async fn note_failing(&self, number: &str, failure: &GraphFailure) -> Result<()> {
        self.parts.whatsapp.seen.forget(number);
        self.parts.store.note_channel(number.to_owned(), Some(failure.to_string())).await
    }
}

fn subscription(apps: GraphResult<Vec<String>>) -> ChannelStep {
    match apps {
        Ok(apps) if apps.is_empty() => {
            let text = "no app gets this account's webhooks: add the webhook in the app's dashboard, or \
                        POST {business_account_id}/subscribed_apps";
            step("webhooks", CheckOutcome::Failed, text)
        }
        Ok(apps) => step("webhooks", CheckOutcome::Ok, format!("go to {}", apps.join(", "))),
        Err(failure) if failure.unanswered => step("webhooks", CheckOutcome::Skipped, failure.to_string()),
        Err(failure) => step("webhooks", CheckOutcome::Failed, failure.to_string()),
    }
}

/// When each number was last seen to work, so that not every message is a note.
#[derive(Default)]
pub(super) struct Seen(std::sync::Mutex<std::collections::HashMap<String, i64>>);

impl Seen {
    fn is_news(&self, number: &str, now: i64, seconds: i64) -> bool {
        let mut seen = self.numbers();
        let news = seen.get(number).is_none_or(|at| now - at >= seconds || now < *at);
        if news {
            seen.insert(number.to_owned(), now);
        }
        news
    }

    fn forget(&self, number: &str) {
        self.numbers().remove(number);
    }

    fn numbers(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, i64>> {
        // A poisoned lock still holds times: each is changed by one assignment.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
