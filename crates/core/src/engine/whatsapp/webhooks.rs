//! Letting Meta's webhooks in: the handshake, the signature, and the transaction after which Meta is told
//! that they arrived.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::Engine;
use super::lane::reason;
use crate::config::{ChannelConfig, WhatsappConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::payload::{alert_owner, answer_conversation};
use crate::store::{AutomaticTexts, InboxRules, KeptWebhook, Received, Webhook};
use crate::whatsapp::event::Delivery;
use crate::whatsapp::{envelope, signature};
use crate::wording::whatsapp::Need;

/// Why a webhook call was turned away; nothing of it was recorded.
#[derive(Debug)]
pub enum Refused {
    /// No channel is configured under that name.
    NoChannel,
    /// It carries no signature.
    Unsigned,
    /// The signature is not Meta's.
    BadSignature,
    /// It is Meta's, and could not be recorded: Meta is to try again.
    Failed(Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChannel => f.write_str("no such channel"),
            Self::Unsigned => f.write_str("the call is not signed"),
            Self::BadSignature => f.write_str("the signature does not fit"),
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Refused {}

/// What a webhook address is for: one channel, or every channel without a secret of its own.
struct Gate<'a> {
    secret: &'a str,
    verify_token: &'a str,
    /// The only channel whose number may be talked about.
    only: Option<&'a ChannelConfig>,
}

fn gate<'a>(config: &'a WhatsappConfig, channel: Option<&str>) -> Option<Gate<'a>> {
    match channel {
        Some(name) => {
            let channel = config.channels.get(name)?;
            Some(Gate {
                secret: channel.app_secret.as_ref()?.expose(),
                verify_token: channel.verify_token.as_ref()?.expose(),
                only: Some(channel),
            })
        }
        None => Some(Gate {
            secret: config.app_secret.as_ref()?.expose(),
            verify_token: config.verify_token.as_ref()?.expose(),
            only: None,
        }),
    }
}

impl Gate<'_> {
    /// Whoever knows one app's secret speaks for the numbers of that app and no others.
    fn speaks_for(&self, config: &WhatsappConfig, number: &str) -> bool {
        match self.only {
            Some(only) => only.phone_number_id == number,
            None => config.channel_of(number).is_some_and(|(_, channel)| {
                channel.app_secret.as_ref().is_some_and(|secret| secret.expose() == self.secret)
            }),
        }
    }
}

impl Engine {
    /// Answers Meta's check of the webhook's address; `None` if it is not Meta's. `query` as it came.
    pub fn whatsapp_handshake(&self, channel: Option<&str>, query: &str) -> Option<String> {
        signature::handshake(query, gate(&self.parts.config.whatsapp, channel)?.verify_token)
    }

    /// Takes a webhook in. When this returns `Ok`, everything it says is on disk, and Meta may be told so.
    ///
    /// `channel` is the name in the address, if it has one; `header` the signature as it came.
    pub async fn receive_webhook(
        &self,
        channel: Option<&str>,
        header: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Received, Refused> {
        let config = &self.parts.config.whatsapp;
        let gate = gate(config, channel).ok_or(Refused::NoChannel)?;
        signature::verify(gate.secret.as_bytes(), header, &body).map_err(|reason| match reason {
            signature::SignatureError::Missing => Refused::Unsigned,
            signature::SignatureError::Malformed | signature::SignatureError::Wrong => Refused::BadSignature,
        })?;
        self.take_in(&gate, channel, body).await.map_err(Refused::Failed)
    }

    /// Reads webhooks that came since a time once more; what was recorded then stays as it is. How many
    /// were read, and how many messages are new.
    pub async fn replay_webhooks(&self, since: DateTime<Utc>) -> Result<(u64, u64)> {
        const BATCH: u32 = 100;
        let config = &self.parts.config.whatsapp;
        let (mut read, mut new, mut after) = (0, 0, None);
        loop {
            let batch = self.parts.store.webhooks_since(since, after.clone(), BATCH).await?;
            let Some(last) = batch.last() else { return Ok((read, new)) };
            after = Some(last.id.clone());
            for KeptWebhook { body, channel, received_at, .. } in batch {
                let Delivery { mut items, odd } = envelope::read(&body);
                // It speaks for no more numbers than when it came.
                if let Some(channel) = &channel {
                    let gate = gate(config, Some(channel.as_str()).filter(|name| !name.is_empty()));
                    items.retain(|item| {
                        gate.as_ref().is_some_and(|gate| gate.speaks_for(config, item.phone_number_id()))
                    });
                }
                let received_at = Some(received_at);
                let webhook = Webhook { body: None, channel, received_at, items, odd };
                let received = self.parts.store.receive_webhook(webhook, self.inbox_rules().await?).await?;
                read += 1;
                new += received.messages;
            }
        }
    }

    async fn take_in(&self, gate: &Gate<'_>, channel: Option<&str>, body: Vec<u8>) -> Result<Received> {
        let delivery = envelope::read(&body);
        let config = &self.parts.config.whatsapp;
        let (items, foreign): (Vec<_>, Vec<_>) =
            delivery.items.into_iter().partition(|item| gate.speaks_for(config, item.phone_number_id()));
        for odd in &delivery.odd {
            tracing::info!(what = %odd, "part of a webhook could not be read");
        }
        let channel = channel.map(str::to_owned);
        let webhook = Webhook { body: Some(body), channel, received_at: None, items, odd: delivery.odd };
        let received = self.parts.store.receive_webhook(webhook, self.inbox_rules().await?).await;
        let received = received.map_err(|error| match error.kind() {
            ErrorKind::Internal => Error::unavailable("the webhook could not be recorded").with_source(error),
            _ => error,
        })?;
        metrics::counter!("whatsapp_messages_received_total").increment(received.messages);
        for number in &received.broken {
            tracing::error!(phone_number_id = %number, "Meta does not accept the access token: the channel is broken");
        }
        if !foreign.is_empty() || received.unknown > 0 {
            let items = foreign.len() as u64 + received.unknown;
            tracing::info!(items, "a webhook speaks of numbers that are not configured");
        }
        self.parts.whatsapp.tell(received.events.iter().cloned());
        Ok(received)
    }

    async fn inbox_rules(&self) -> Result<InboxRules> {
        let config = &self.parts.config.whatsapp;
        // Both were checked to be minutes at most.
        let millis = |ms: u64| TimeDelta::milliseconds(i64::try_from(ms).unwrap_or_default());
        Ok(InboxRules {
            numbers: self.whatsapp_numbers().await?,
            quiet: millis(config.quiet_ms),
            quiet_max: millis(config.quiet_max_ms),
            answer: answer_conversation,
            automatic: AutomaticTexts {
                within: TimeDelta::seconds(i64::try_from(config.automatic_seconds).unwrap_or_default()),
                repeats: config.automatic_repeats,
                texts: Arc::new(config.automatic_texts.clone()),
            },
            alert: |organization, conversation| alert_owner(organization, conversation, reason(Need::Unsent)),
        })
    }
}
