//! `[stripe]`: who takes the money, how it is reached, and what its webhooks are signed with.
//!
//! What is sold is in `[plans]`. Without a secret key nothing is sold, and organizations use the plan that
//! `[plan]` names.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Problem, Secret, Section};

/// `[stripe]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StripeConfig {
    /// Address of Stripe's API, without `/v1`.
    pub base_url: String,
    /// Version that our own calls ask for; webhooks are read whatever their version.
    pub api_version: String,
    /// Seconds that Stripe has for an answer.
    pub timeout_seconds: u64,
    /// Secret API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_file: Option<PathBuf>,
    /// What webhooks are signed with; while it is rolled both, separated by commas or spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<Secret>,
    /// File that holds it; one or a few, each on a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret_file: Option<PathBuf>,
    /// Oldest signature that is accepted, in seconds.
    pub tolerance_seconds: u64,
    /// Origins that people may be sent back to; those of `server.cors_origins` if empty.
    pub return_origins: Vec<String>,
    /// Days that a subscription whose payment failed keeps its plan.
    pub past_due_days: u32,
    /// Whether a subscription keeps its plan while the collection of its payments is paused.
    pub pause_keeps_plan: bool,
}

impl StripeConfig {
    /// Whether plans are sold here.
    pub fn sells(&self) -> bool {
        self.secret_key.is_some()
    }

    /// Every secret that a webhook may be signed with.
    pub fn webhook_secrets(&self) -> Vec<&[u8]> {
        let text = self.webhook_secret.as_ref().map(Secret::expose).unwrap_or_default();
        let parts = text.split(|c: char| c == ',' || c.is_whitespace());
        parts.filter(|part| !part.is_empty()).map(str::as_bytes).collect()
    }

    /// Whether events have to be live (`true`) or of a sandbox, as the key says; `None` if it does not say.
    pub fn livemode(&self) -> Option<bool> {
        let key = self.secret_key.as_ref()?.expose();
        match key.split('_').nth(1) {
            Some("live") => Some(true),
            Some("test") => Some(false),
            _ => None,
        }
    }
}

impl Section for StripeConfig {
    const NAME: &'static str = "stripe";

    fn validate(&self) -> Result<(), Problem> {
        super::llm::check_url("base_url", &self.base_url)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if self.api_version.is_empty() || !self.api_version.bytes().all(plain) {
            let text = "a version such as 2026-10-28.endive is accepted";
            return Err(Problem::new("api_version", text));
        }
        Problem::unless_within("timeout_seconds", &self.timeout_seconds, 1..=120)?;
        Problem::unless_within("tolerance_seconds", &self.tolerance_seconds, 1..=86_400)?;
        Problem::unless_within("past_due_days", &self.past_due_days, 0..=365)?;
        for origin in &self.return_origins {
            super::llm::check_url("return_origins", origin)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn stripe(key: &str, secret: &str) -> StripeConfig {
        StripeConfig {
            secret_key: Some(Secret::new(key)),
            webhook_secret: Some(Secret::new(secret)),
            ..Config::default().stripe
        }
    }

    #[test]
    fn while_a_secret_is_rolled_there_are_two() {
        let both: [&[u8]; 2] = [b"whsec_new", b"whsec_old"];
        for text in ["whsec_new,whsec_old", "whsec_new\nwhsec_old\n", " whsec_new , whsec_old"] {
            assert_eq!(stripe("sk_test_1", text).webhook_secrets(), both);
        }
        assert!(stripe("sk_test_1", " ").webhook_secrets().is_empty());
        assert!(Config::default().stripe.webhook_secrets().is_empty());
    }

    #[test]
    fn the_key_says_which_events_are_meant() {
        for (key, live) in
            [("sk_live_1", Some(true)), ("rk_live_1", Some(true)), ("sk_test_1", Some(false)), ("key", None)]
        {
            assert_eq!(stripe(key, "s").livemode(), live, "{key}");
        }
    }
}
