//! Messages that were accepted, and messages that were marked as read.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::behaviour::Refusal;
use super::check;
use super::script::Script;
use super::shared::Shared;
use crate::reply::Reply;

/// A message that the fake accepted.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// Its id (`wamid…`).
    pub id: String,
    /// Meta's id of the number it was sent from.
    pub number: String,
    /// The phone number that was written to, as the sender gave it.
    pub to: Option<String>,
    /// The user id that was written to, where there is no phone number.
    pub recipient: Option<String>,
    /// The phone number as WhatsApp knows it.
    pub wa_id: Option<String>,
    /// The whole request.
    pub payload: Value,
}

/// A message that was marked as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadReceipt {
    /// Meta's id of the number.
    pub number: String,
    /// The message.
    pub message_id: String,
    /// Whether the customer was shown that an answer is being written.
    pub typing: bool,
}

impl SentMessage {
    /// What the customer reads: text, body of an interactive message, caption, or the emoji of a reaction.
    pub fn text(&self) -> &str {
        let payload = &self.payload;
        let kind = payload["type"].as_str().unwrap_or("text");
        let content = &payload[kind];
        let texts = [&content["body"], &content["body"]["text"], &content["caption"], &content["emoji"]];
        texts.into_iter().find_map(Value::as_str).unwrap_or_default()
    }

    /// The phone number or user id that was written to.
    pub fn addressee(&self) -> &str {
        self.to.as_deref().or(self.recipient.as_deref()).unwrap_or_default()
    }

    /// What comes back with its statuses.
    pub fn correlation(&self) -> Option<&str> {
        self.payload["biz_opaque_callback_data"].as_str()
    }
}

impl Shared {
    /// Takes a message, if Graph would, and tells the webhook; with `fails`, that it failed.
    pub(super) fn accept(
        self: &Arc<Self>,
        number: &str,
        payload: &Value,
        fails: Option<i64>,
    ) -> Result<Reply, Refusal> {
        check::message(payload)?;
        // Ids are given in the order in which messages are recorded.
        let message = self.script(|script| -> Result<SentMessage, Refusal> {
            let message = script.admit(self.seed(), number, payload)?;
            self.sent.send_modify(|sent| sent.push(message.clone()));
            Ok(message)
        })?;
        let input = message.addressee();
        let contact = match &message.wa_id {
            Some(wa_id) => json!({ "input": input, "wa_id": wa_id }),
            None => json!({ "input": input, "user_id": input }),
        };
        let answer = json!({
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{ "id": message.id }],
        });
        self.announce(message, fails);
        Ok(Reply::json(&answer))
    }

    /// Takes a read receipt.
    pub(super) fn mark_read(&self, number: &str, payload: &Value) -> Reply {
        if let Err(refusal) = check::product(payload) {
            return refusal.reply();
        }
        let Some(message_id) = payload["message_id"].as_str().filter(|id| !id.is_empty()) else {
            return Refusal::code(100).details("The parameter message_id is required.").reply();
        };
        let indicator = payload.get("typing_indicator");
        if indicator.is_some_and(|indicator| indicator["type"] != "text") {
            return Refusal::code(100).details("Param typing_indicator['type'] must be text.").reply();
        }
        let receipt = ReadReceipt {
            number: number.to_owned(),
            message_id: message_id.to_owned(),
            typing: indicator.is_some(),
        };
        self.receipts.send_modify(|receipts| receipts.push(receipt));
        Reply::json(&json!({ "success": true }))
    }
}

impl Script {
    /// The message under its new id, unless a rate limit is reached.
    fn admit(&mut self, seed: u64, number: &str, payload: &Value) -> Result<SentMessage, Refusal> {
        let text = |key: &str| payload[key].as_str().map(str::to_owned);
        let (to, recipient) = (text("to"), text("recipient"));
        let addressee = to.as_deref().or(recipient.as_deref()).unwrap_or_default();
        if !self.pair_limit.admits(&format!("{number} {addressee}")) {
            return Err(Refusal::code(131_056));
        }
        if !self.number_limit.admits(number) {
            return Err(Refusal::code(130_429));
        }
        self.issued += 1;
        let wa_id = to.as_ref().map(|to| {
            let digits = || to.chars().filter(char::is_ascii_digit).collect();
            self.wa_ids.get(to).cloned().unwrap_or_else(digits)
        });
        Ok(SentMessage {
            id: format!("wamid.{}", STANDARD.encode(format!("{seed:016x}{:06}", self.issued))),
            number: number.to_owned(),
            to,
            recipient,
            wa_id,
            payload: payload.clone(),
        })
    }
}
