//! Telling people of the business that a customer needs them: an alert goes out by every way that is configured,
//! each tried again by its own job, so that none holds up another. If all of them fail, the customer hears of it
//! and the agent goes on. The list of those who wait when the business opens is in `opening.rs`.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Engine;
use super::excerpt::{self, full_name, short_name};
use super::people::{alert_part, is_contact, need, template_language, template_part};
use super::reach::ways_of;
use crate::clock::SharedClock;
use crate::config::ChannelConfig;
use crate::error::{Error, Result};
use crate::jobs::is_final;
use crate::jobs::payload::{AlertPayload, alert_by, answer_conversation, send_reply};
use crate::model::{AlertWay, Author, Conversation, ConversationId, Hands, Locale, Message, OrganizationId};
use crate::notify::Mail;
use crate::store::{AlertEnd, NewAlert, Part, Reply};
use crate::wording::whatsapp::{self as wording, Need};

/// Messages among which a customer's latest are looked for.
pub(super) const LOOKED_AT: u32 = 30;

/// Something that people of the business are told.
pub(super) struct News<'a> {
    pub id: Uuid,
    pub channel: &'a ChannelConfig,
    /// The channel's name.
    pub name: &'a str,
    pub locale: Locale,
    /// In several lines, customers' words quoted.
    pub text: String,
    /// In one line, without customers' words: what a mail is about.
    pub subject: String,
    /// What WhatsApp shows to an owner who may be written to freely.
    pub free: Part,
    /// In one line, for a template.
    pub line: String,
    /// What it is about: notes which customer an answer to it is for.
    pub note: Value,
    pub json: Value,
}

impl Engine {
    /// Tells people of the business that a conversation needs a person: the job without a way begins one job for
    /// each, which tells. Done again for the same job, nothing is said twice on WhatsApp. `last_try`: what fails now
    /// is not tried again.
    pub async fn alert_owner(&self, alert: &AlertPayload, job: Uuid, last_try: bool) -> Result<()> {
        let id = alert.conversation_id;
        let Some(state) = self.parts.store.lane_state(id).await? else { return Ok(()) };
        let conversation = state.conversation;
        let (name, channel) = self.named_channel(&conversation.phone_number_id)?;
        let need = need(&alert.reason);
        let (Some(way), Some(alert_id)) = (alert.way, alert.alert_id) else {
            return self.begin_alert(channel, &conversation, state.organization, alert, job).await;
        };
        let latest = self.parts.store.messages(state.organization, id, None, LOOKED_AT).await?;
        let latest = excerpt::latest(latest);
        let locale = self.owners_locale(state.organization).await?;
        let customer = full_name(&conversation.contact);
        let text = wording::alert(locale, need, &customer, &excerpt::quotes(locale, &latest));
        let news = News {
            id: alert_id,
            channel,
            name,
            locale,
            free: alert_part(locale, &text, id),
            line: wording::alert_line(locale, need, &customer, &excerpt::in_one_line(locale, &latest)),
            subject: wording::alert(locale, need, &customer, ""),
            text,
            note: json!({ "about": id }),
            json: conversation_json(&conversation, name, alert, alert_id, &latest, &self.parts.clock),
        };
        let outcome = self.tell(&news, way).await;
        self.conclude_alert(alert_id, way, outcome, last_try, &[id]).await
    }

    async fn begin_alert(
        &self,
        channel: &ChannelConfig,
        conversation: &Conversation,
        organization: OrganizationId,
        alert: &AlertPayload,
        job: Uuid,
    ) -> Result<()> {
        let id = conversation.id;
        let owners_own = channel.owner.as_deref().is_some_and(|owner| is_contact(owner, conversation));
        // What cannot be sent to the owner is mostly an alert: telling of it would not end.
        if owners_own && need(&alert.reason) == Need::Unsent {
            return self.judge_failed_alerts(id).await;
        }
        tracing::info!(conversation = %id, reason = %alert.reason, "a person is needed");
        let ways: Vec<AlertWay> =
            ways_of(channel).into_iter().filter(|way| !owners_own || *way != AlertWay::Whatsapp).collect();
        if ways.is_empty() && !channel.watched {
            tracing::error!(conversation = %id, "nobody is told that a customer needs a person: no alert is configured");
        }
        let jobs = ways.into_iter().map(|way| (way, alert_by(organization, id, &alert.reason, job, way)));
        let new = NewAlert {
            id: job,
            organization,
            phone_number_id: conversation.phone_number_id.clone(),
            conversation: Some(id),
            reason: alert.reason.clone(),
        };
        self.parts.store.begin_alert(new, jobs.collect()).await
    }

    pub(super) async fn tell(&self, news: &News<'_>, way: AlertWay) -> Result<()> {
        let (notifier, channel) = (&self.parts.whatsapp.notifier, news.channel);
        let gone = || Error::config(format!("the channel {} does not name this way any more", news.name));
        match way {
            AlertWay::Whatsapp => self.tell_owner(news, channel.owner.as_deref().ok_or_else(gone)?).await,
            AlertWay::Url => {
                let url = channel.alert_url.as_deref().ok_or_else(gone)?;
                notifier.post(url, &news.json, self.parts.clock.now()).await
            }
            AlertWay::Email => {
                let to = channel.alert_email.as_deref().ok_or_else(gone)?;
                let (subject, text, id) = (news.subject.as_str(), news.text.as_str(), news.id);
                notifier.mail(Mail { to, subject, text, id, at: self.parts.clock.now() }).await
            }
            AlertWay::Telegram => {
                notifier.telegram(channel.alert_telegram.as_deref().ok_or_else(gone)?, &news.text).await
            }
        }
    }

    async fn tell_owner(&self, news: &News<'_>, owner: &str) -> Result<()> {
        let numbers = self.whatsapp_numbers().await?;
        let number = &news.channel.phone_number_id;
        let Some(business) = numbers.get(number) else { return Ok(()) };
        let digits = owner.chars().filter(char::is_ascii_digit).collect();
        let theirs = self.parts.store.conversation_with(*business, number.clone(), digits).await?;
        if !self.parts.store.reply_parts(news.id).await?.is_empty() {
            return Ok(());
        }
        let part = match (self.may_write_freely(&theirs), &news.channel.alert_template) {
            (true, _) => news.free.clone(),
            (false, Some(template)) => {
                let known = self.parts.store.templates(number.clone()).await?;
                template_part(&known, template, template_language(news.locale), &news.line, &news.note)?
            }
            (false, None) => {
                return Err(Error::config(
                    "the owner did not write for a day and there is no alert_template: `agentctl templates create \
                     owner-alert` makes one",
                ));
            }
        };
        let (organization, conversation) = (business.organization, theirs.id);
        let send = send_reply(organization, conversation, news.id);
        self.write_to_owner(conversation, news.id, vec![part], send).await
    }

    /// Writes to the owner; what is said there is the product's.
    pub(super) async fn write_to_owner(
        &self,
        conversation: ConversationId,
        id: Uuid,
        parts: Vec<Part>,
        send: crate::store::NewJob,
    ) -> Result<()> {
        let reply = Reply {
            id,
            conversation,
            author: Author::System,
            user: None,
            reply_to: None,
            parts,
            answered: None,
            send,
        };
        let (_, events) = self.parts.store.write_message(reply).await?;
        self.parts.whatsapp.tell(events);
        Ok(())
    }

    /// Records how a way of telling ended, if it did; the last one to fail has consequences.
    pub(super) async fn conclude_alert(
        &self,
        alert: Uuid,
        way: AlertWay,
        outcome: Result<()>,
        last_try: bool,
        about: &[ConversationId],
    ) -> Result<()> {
        let error = match &outcome {
            Ok(()) => None,
            Err(error) if last_try || is_final(error) => Some(error.to_string()),
            Err(_) => return outcome,
        };
        let end = self.parts.store.conclude_alert(alert, way, error).await?;
        if end == AlertEnd::Failed {
            self.nobody_was_told(about).await?;
        }
        outcome
    }

    /// Alerts that Meta took, or seemed to take, and did not deliver: a template that was paused, a number that is
    /// none.
    async fn judge_failed_alerts(&self, owners: ConversationId) -> Result<()> {
        for (alert, about, error) in self.parts.store.failed_alert_messages(owners).await? {
            tracing::error!(%alert, reason = %error, "the owner could not be told on WhatsApp");
            let end = self.parts.store.conclude_alert(alert, AlertWay::Whatsapp, Some(error)).await?;
            if end == AlertEnd::Failed {
                self.nobody_was_told(about.as_slice()).await?;
            }
        }
        Ok(())
    }

    /// Every way failed. Was a person promised, the customer hears what is true, and the agent goes on.
    async fn nobody_was_told(&self, about: &[ConversationId]) -> Result<()> {
        metrics::counter!("whatsapp_alerts_failed_total").increment(1);
        if about.is_empty() {
            tracing::error!("nobody could be told of the customers who wait for a person");
        }
        for id in about {
            tracing::error!(conversation = %id, "nobody could be told that a customer needs a person");
            self.take_promise_back(*id).await?;
        }
        Ok(())
    }

    async fn take_promise_back(&self, id: ConversationId) -> Result<()> {
        let Some(state) = self.parts.store.lane_state(id).await? else { return Ok(()) };
        let conversation = state.conversation;
        let promised = conversation.state == Hands::Human && conversation.person_wanted_at.is_some();
        if !promised || self.channel(&conversation.phone_number_id)?.watched {
            return Ok(());
        }
        let event = self.parts.store.resume(state.organization, id, answer_conversation).await?;
        self.parts.whatsapp.tell(event);
        let wanted = conversation.contact.opted_out_at.is_none() && conversation.contact.blocked_at.is_none();
        if wanted && self.may_write_freely(&conversation) {
            let locale = self.owners_locale(state.organization).await?;
            let reply = self.parts.clock.new_id();
            let send = send_reply(state.organization, id, reply);
            let parts = vec![Part::text(wording::could_not_tell(locale))];
            self.write_to_owner(id, reply, parts, send).await?;
        }
        Ok(())
    }

    /// The language of a business.
    pub(super) async fn owners_locale(&self, organization: OrganizationId) -> Result<Locale> {
        let agent = self.parts.store.default_agent(organization).await?;
        Ok(agent.map_or_else(Locale::default, |agent| agent.locale))
    }

    pub(super) fn named_channel(&self, phone_number_id: &str) -> Result<(&str, &ChannelConfig)> {
        let found = self.parts.config.whatsapp.channel_of(phone_number_id);
        found.ok_or_else(|| {
            let text = format!("no channel of the configuration has the phone_number_id {phone_number_id}");
            Error::not_found(text)
        })
    }
}

/// What `alert_url` is told of a conversation.
fn conversation_json(
    conversation: &Conversation,
    channel: &str,
    alert: &AlertPayload,
    id: Uuid,
    latest: &[Message],
    clock: &SharedClock,
) -> Value {
    json!({
        "event": "conversation.needs_person",
        "alertId": id,
        "reason": alert.reason,
        "channel": channel,
        "conversationId": conversation.id,
        "contact": conversation.contact,
        "customer": short_name(&conversation.contact),
        "lastMessage": latest.last().map(|m| m.content.as_str()).unwrap_or_default(),
        "messages": shown(latest),
        "at": clock.timestamp(),
    })
}

pub(super) fn shown(messages: &[Message]) -> Vec<Value> {
    let one = |m: &Message| json!({ "type": m.message_type, "text": m.content, "at": m.sent_at.as_ref().unwrap_or(&m.created_at) });
    messages.iter().map(one).collect()
}
