//! What the webhook hears of accepted messages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::behaviour::Refusal;
use super::messages::SentMessage;
use super::script::Script;
use super::shared::Shared;
use super::webhook::{Delivered, Webhook, envelope};
use crate::person::user_id_of;

/// What a message goes through when all is well.
const USUAL: [&str; 3] = ["sent", "delivered", "read"];

/// The first timestamp, unless another one is set: a day in November 2026.
const START: u64 = 1_795_000_000;

/// A status that was posted.
#[derive(Debug, Clone)]
pub struct PostedStatus {
    /// The message's id.
    pub message_id: String,
    /// `sent`, `delivered`, `read`, `failed`, …
    pub status: String,
    /// How the webhook took it.
    pub delivered: Delivered,
}

impl Shared {
    /// Tells the webhook of a message, one status after the other, beside everything else.
    pub(super) fn announce(self: &Arc<Self>, message: SentMessage, fails: Option<i64>) {
        let (webhook, statuses, gate) = self.script(|script| {
            (script.webhook.clone(), script.statuses_of(fails), script.statuses_held.clone())
        });
        let Some(webhook) = webhook else { return };
        let shared = Arc::clone(self);
        self.spawn(async move {
            if let Some(gate) = gate {
                gate.passed().await;
            }
            for status in statuses {
                shared.post(&webhook, &message, &status, fails).await;
            }
        });
    }

    async fn post(&self, webhook: &Webhook, message: &SentMessage, status: &str, fails: Option<i64>) {
        let time = self.script(Script::tick);
        let value = json!({
            "contacts": [contact(message)],
            "statuses": [update(message, status, time, fails)],
        });
        let delivered = webhook.deliver(&envelope(&message.number, &value)).await;
        let posted = PostedStatus { message_id: message.id.clone(), status: status.to_owned(), delivered };
        self.statuses.send_modify(|statuses| statuses.push(posted));
    }
}

impl Script {
    fn statuses_of(&self, fails: Option<i64>) -> Vec<String> {
        match (fails, &self.statuses) {
            (Some(_), _) => vec!["failed".to_owned()],
            (None, Some(statuses)) => statuses.clone(),
            (None, None) => USUAL.map(str::to_owned).to_vec(),
        }
    }

    fn tick(&mut self) -> u64 {
        let time = self.time.unwrap_or(START);
        self.time = Some(time + 1);
        time
    }
}

/// Whom the message went to.
fn contact(message: &SentMessage) -> Value {
    match (&message.wa_id, &message.recipient) {
        (Some(wa_id), _) => json!({ "wa_id": wa_id, "user_id": user_id_of(wa_id) }),
        (None, user_id) => json!({ "user_id": user_id }),
    }
}

fn update(message: &SentMessage, status: &str, time: u64, fails: Option<i64>) -> Value {
    let mut update = json!({ "id": message.id, "status": status, "timestamp": time.to_string() });
    match (&message.wa_id, &message.recipient) {
        (Some(wa_id), _) => {
            update["recipient_id"] = json!(wa_id);
            update["recipient_user_id"] = json!(user_id_of(wa_id));
        }
        (None, Some(user_id)) => update["recipient_user_id"] = json!(user_id),
        (None, None) => {}
    }
    if let Some(correlation) = message.correlation() {
        update["biz_opaque_callback_data"] = json!(correlation);
    }
    if matches!(status, "sent" | "delivered") {
        update["conversation"] = json!({ "id": "c0nversation", "origin": { "type": "service" } });
        update["pricing"] = json!({ "billable": false, "pricing_model": "PMP", "category": "service", "type": "free_customer_service" });
    }
    if let Some(code) = fails {
        update["errors"] = json!([Refusal::code(code).reported()]);
    }
    update
}
