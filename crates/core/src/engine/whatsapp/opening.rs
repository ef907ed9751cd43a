//! The business opens: people of it are told which customers wait for one, in one message, by every way.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Engine;
use super::alerting::{LOOKED_AT, News, shown};
use super::excerpt::{self, full_name};
use super::people::{alert_part, list_part};
use super::reach::ways_of;
use crate::error::Result;
use crate::jobs::payload::{OpeningPayload, list_waiting_by};
use crate::model::ConversationId;
use crate::store::NewAlert;
use crate::wording::whatsapp::{self as wording, Need};

/// What an alert is called that is such a list.
const OPENING: &str = "opening";

impl Engine {
    /// Lists the customers of a number who wait for a person, when the business opens.
    pub async fn list_waiting(&self, opening: &OpeningPayload, job: Uuid, last_try: bool) -> Result<()> {
        let number = &opening.phone_number_id;
        let (name, channel) = self.named_channel(number)?;
        let waiting = self.parts.store.waiting_for_a_person(number.clone()).await?;
        let Some(first) = waiting.first() else { return Ok(()) };
        let organization = self.organization.id;
        let (Some(way), Some(alert_id)) = (opening.way, opening.alert_id) else {
            self.parts.store.people_are_there(number.clone()).await?;
            let jobs = ways_of(channel)
                .into_iter()
                .map(|way| (way, list_waiting_by(organization, number, job, way)))
                .collect();
            let (phone_number_id, reason) = (number.clone(), OPENING.to_owned());
            let new = NewAlert { id: job, organization, phone_number_id, conversation: None, reason };
            return self.parts.store.begin_alert(new, jobs).await;
        };
        let locale = self.owners_locale(organization).await?;
        let mut entries = Vec::new();
        for conversation in &waiting {
            let latest = self.parts.store.messages(organization, conversation.id, None, LOOKED_AT).await?;
            entries.push((conversation, excerpt::latest(latest)));
        }
        let head = wording::waiting(locale, waiting.len());
        let listed = entries.iter().map(|(conversation, latest)| {
            let last = latest.last().map_or(&[][..], std::slice::from_ref);
            format!("• {}\n{}", full_name(&conversation.contact), excerpt::quotes(locale, last))
        });
        let text = format!("{head}\n{}", listed.collect::<Vec<_>>().join("\n"));
        let names: Vec<String> = waiting.iter().map(|c| full_name(&c.contact)).collect();
        let customers: Vec<Value> = entries
            .iter()
            .map(|(c, latest)| json!({ "conversationId": c.id, "contact": c.contact, "messages": shown(latest) }))
            .collect();
        let free = match waiting.as_slice() {
            [one] => {
                let (_, latest) = &entries[0];
                let quotes = excerpt::quotes(locale, latest);
                alert_part(
                    locale,
                    &wording::alert(locale, Need::Asked, &full_name(&one.contact), &quotes),
                    one.id,
                )
            }
            several => list_part(locale, &head, several),
        };
        let news = News {
            id: alert_id,
            channel,
            name,
            locale,
            text,
            subject: head.trim_end_matches(':').to_owned(),
            free,
            line: format!("{head} {}", names.join(", ")),
            note: if waiting.len() == 1 { json!({ "about": first.id }) } else { json!({}) },
            json: json!({
                "event": "conversations.waiting", "alertId": alert_id, "channel": name,
                "customers": customers, "at": self.parts.clock.timestamp(),
            }),
        };
        let outcome = self.tell(&news, way).await;

        let about: Vec<ConversationId> = waiting.iter().map(|c| c.id).collect();
        self.conclude_alert(alert_id, way, outcome, last_try, &about).await
    }
}
