//! People: telling the owner that a conversation needs them, and doing what their buttons say.
//!
//! The owner is told on WhatsApp, by a message with buttons while they may be written to freely and by a
//! template otherwise, and at an address of their choice. What they press, or write after pressing, comes
//! in as messages of the owner and is taken here before the agent sees it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Engine;
use super::draft::{Case, Draft};
use super::templates;
use super::writing::WINDOW_CLOSED;
use crate::config::ChannelConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::is_final;
use crate::jobs::payload::{AlertPayload, send_reply};
use crate::model::{Author, Conversation, ConversationId, Hands, Locale};
use crate::store::{Part, Pending, Reply, TemplateRecord};
use crate::whatsapp::identity::phone_key;
use crate::whatsapp::outgoing::INTERACTIVE_BODY;
use crate::whatsapp::split::shorten;
use crate::wording::whatsapp::{self as wording, Need};

/// What an owner's button does, in the order of `wording::alert_buttons`.
const BUTTONS: [&str; 3] = ["owner.answer", "owner.take", "owner.release"];

/// Id of the button that calls a person.
pub(super) const PERSON: &str = "person";

impl Engine {
    /// Tells the owner that a conversation needs a person. Done again for the same job, nothing is said
    /// twice on WhatsApp.
    pub async fn alert_owner(&self, alert: &AlertPayload, job: Uuid) -> Result<()> {
        let id = alert.conversation_id;
        let Some(state) = self.parts.store.lane_state(id).await? else { return Ok(()) };
        let conversation = state.conversation;
        let channel = self.channel(&conversation.phone_number_id)?;
        let owners_own = channel.owner.as_deref().is_some_and(|owner| is_contact(owner, &conversation));
        // What cannot be sent to the owner is mostly an alert: telling of it would not end.
        if owners_own && need(&alert.reason) == Need::Unsent {
            return Ok(());
        }
        let locale = match self.parts.store.default_agent(state.organization).await? {
            Some(agent) => agent.locale,
            None => Locale::default(),
        };
        let text = wording::alert(locale, need(&alert.reason), &name(&conversation), &conversation.last_text);
        if let Some(owner) = channel.owner.as_deref().filter(|_| !owners_own) {
            self.tell_owner(channel, owner, &conversation, locale, &text, job).await?;
        }
        if let Some(url) = &channel.alert_url {
            self.post_alert(url, &conversation, &alert.reason).await?;
        }
        tracing::info!(conversation = %id, reason = %alert.reason, "a person is needed");
        Ok(())
    }

    async fn tell_owner(
        &self,
        channel: &ChannelConfig,
        owner: &str,
        about: &Conversation,
        locale: Locale,
        text: &str,
        job: Uuid,
    ) -> Result<()> {
        let numbers = self.whatsapp_numbers().await?;
        let Some(of_number) = numbers.get(&channel.phone_number_id) else { return Ok(()) };
        let digits = owner.chars().filter(char::is_ascii_digit).collect();
        let theirs =
            self.parts.store.conversation_with(*of_number, channel.phone_number_id.clone(), digits).await?;
        if !self.parts.store.reply_parts(job).await?.is_empty() {
            return Ok(());
        }
        let part = match (self.may_write_freely(&theirs), &channel.alert_template) {
            (true, _) => alert_part(locale, text, about.id),
            (false, Some(template)) => {
                let known = self.parts.store.templates(channel.phone_number_id.clone()).await?;
                template_part(&known, template, locale, text)?
            }
            (false, None) => {
                tracing::warn!(
                    "the owner did not write for a day and there is no alert_template: not told on WhatsApp"
                );
                return Ok(());
            }
        };
        let reply = Reply {
            id: job,
            conversation: theirs.id,
            author: Author::System,
            user: None,
            reply_to: None,
            parts: vec![part],
            answered: None,
            send: send_reply(of_number.organization, theirs.id, job),
        };
        let (_, events) = self.parts.store.write_message(reply).await?;
        self.parts.whatsapp.tell(events);
        Ok(())
    }

    /// Whether the customer's last message is less than 24 hours old, with a little to spare.
    pub(super) fn may_write_freely(&self, conversation: &Conversation) -> bool {
        let last = conversation.last_inbound_at.as_deref().and_then(|t| t.parse::<DateTime<Utc>>().ok());
        last.is_some_and(|last| self.parts.clock.now() - last < TimeDelta::minutes(24 * 60 - 5))
    }

    async fn post_alert(&self, url: &str, conversation: &Conversation, reason: &str) -> Result<()> {
        let body = json!({
            "event": "conversation.needs_person",
            "reason": reason,
            "conversationId": conversation.id,
            "contact": conversation.contact,
            "lastMessage": conversation.last_text,
            "at": self.parts.clock.timestamp(),
        });
        let timeout = std::time::Duration::from_secs(self.parts.config.whatsapp.timeout_seconds);
        let client = crate::net::client(timeout, crate::net::USER_AGENT)?;
        let failed = |what: &str| Error::unavailable(format!("whatsapp alert_url {what}"));
        let answer = client.post(url).json(&body).timeout(timeout).send().await;
        // The address may hold a secret: it is not repeated.
        let answer = answer.map_err(|e| failed("cannot be reached").with_source(e.without_url()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(failed(&format!("answered {}", answer.status())))
    }

    /// What an owner wants by what they pressed or wrote; `None` if it is not for us, or nobody's owner
    /// writes.
    pub(super) async fn word_of_the_owner(&self, case: &Case<'_>) -> Result<Option<Draft>> {
        if !is_owners(case) {
            return Ok(None);
        }
        match self.do_for_the_owner(case).await {
            // It would fail the same way again, and hold up whatever the owner writes next.
            Err(error) if is_final(&error) || error.code() == Some(WINDOW_CLOSED) => {
                tracing::warn!(error = ?error, "what the owner wants cannot be done");
                self.parts.store.set_relay(case.state.conversation.id, None).await?;
                let locale = case.locale();
                Ok(Some(Draft::saying(match error.kind() {
                    ErrorKind::NotFound => wording::alert_gone(locale),
                    ErrorKind::Conflict => wording::not_relayed_late(locale),
                    _ => wording::not_relayed(locale),
                })))
            }
            done => done,
        }
    }

    async fn do_for_the_owner(&self, case: &Case<'_>) -> Result<Option<Draft>> {
        let (locale, own) = (case.locale(), case.state.conversation.id);
        let pressed = case.state.pending.iter().rev().find_map(button);
        if let Some((button, customer)) = pressed {
            match button {
                0 => {
                    self.hand_over(customer, Hands::Human).await?;
                    self.parts.store.set_relay(own, Some(customer)).await?;
                }
                1 => self.hand_over(customer, Hands::Human).await?,
                _ => self.hand_over(customer, Hands::Bot).await?,
            }
            return Ok(Some(Draft::saying(wording::alert_done(locale, button))));
        }
        let Some(customer) = case.state.relay_to else { return Ok(None) };
        let texts: Vec<&str> =
            case.state.pending.iter().filter(|p| p.act == "answer").map(|p| p.text.trim()).collect();
        if texts.is_empty() {
            return Ok(None);
        }
        // The id makes it one message, however often this runs.
        let id = case.state.pending.last().map(|p| p.id.0).unwrap_or_default();
        if self.parts.store.reply_parts(id).await?.is_empty() {
            self.write(customer, texts.join("\n"), Author::Human, None, id).await?;
        }
        self.parts.store.set_relay(own, None).await?;
        Ok(Some(Draft::saying(wording::relayed(locale))))
    }
}

/// Whether the owner of the business writes.
pub(super) fn is_owners(case: &Case<'_>) -> bool {
    case.channel.owner.as_deref().is_some_and(|owner| is_contact(owner, &case.state.conversation))
}

/// The owner's button that a message presses, and the conversation it is about.
fn button(pending: &Pending) -> Option<(usize, ConversationId)> {
    let choice = choice(pending)?;
    let (action, conversation) = choice.split_once(':')?;
    let number = BUTTONS.iter().position(|known| *known == action)?;
    Some((number, conversation.parse().ok()?))
}

/// Our id of what was chosen.
pub(super) fn choice(pending: &Pending) -> Option<String> {
    let message: Value = serde_json::from_str(&pending.details).ok()?;
    ["/interactive/button_reply/id", "/interactive/list_reply/id", "/button/payload"]
        .iter()
        .find_map(|path| message.pointer(path)?.as_str().map(str::to_owned))
}

fn alert_part(locale: Locale, text: &str, about: ConversationId) -> Part {
    let titles = wording::alert_buttons(locale);
    let buttons: Vec<Value> = BUTTONS
        .iter()
        .zip(titles)
        .map(|(action, title)| json!({ "id": format!("{action}:{about}"), "title": title }))
        .collect();
    Part {
        kind: "interactive",
        text: shorten(text, INTERACTIVE_BODY),
        details: json!({ "buttons": buttons }).to_string(),
    }
}

fn template_part(known: &[TemplateRecord], template: &str, locale: Locale, text: &str) -> Result<Part> {
    let language = match locale {
        Locale::Portuguese => "pt_BR",
        Locale::English => "en",
        Locale::Spanish => "es",
    };
    // One line, as Meta wants the values of templates.
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (details, text) = templates::saying(known, template, language, &shorten(&line, INTERACTIVE_BODY))?;
    Ok(Part { kind: "template", text, details: details.to_string() })
}

/// A refusal with a way out.
pub(super) fn with_person_button(text: String, locale: Locale) -> Part {
    let buttons = json!([{ "id": PERSON, "title": wording::call_a_person(locale) }]);
    Part { kind: "interactive", text, details: json!({ "buttons": buttons }).to_string() }
}

fn is_contact(owner: &str, conversation: &Conversation) -> bool {
    let phone = conversation.contact.phone.as_deref();
    phone.is_some_and(|phone| phone_key(phone) == phone_key(owner))
}

fn name(conversation: &Conversation) -> String {
    let contact = &conversation.contact;
    match (&contact.name, &contact.phone) {
        (Some(name), Some(phone)) => format!("{name} ({phone})"),
        _ => contact.label().to_owned(),
    }
}

fn need(reason: &str) -> Need {
    match reason {
        "asked" => Need::Asked,
        "refused" => Need::Refused,
        "unsent" => Need::Unsent,
        _ => Need::Failed,
    }
}
