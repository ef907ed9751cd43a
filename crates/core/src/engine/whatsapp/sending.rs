//! Sending what was written: part after part, at Meta's pace, never twice.
//!
//! The store says what is next and marks it before anything goes over the wire; what the Graph API answers
//! decides what is recorded and when to go on. An attempt of which nobody knows how it ended is not
//! repeated before its news had time to come.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use uuid::Uuid;

use super::super::Engine;
use super::attaching::Unattached;
use super::lane::reason;
use super::templates;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::JobFailure;
use crate::jobs::payload::{alert_owner, answer_conversation};
use crate::model::Author;
use crate::store::{Next, Outgoing, Patience, SendOutcome};
use crate::whatsapp::client::SendError;
use crate::whatsapp::failure::{GraphFailure, Verdict};
use crate::whatsapp::outgoing::{
    Button, Buttons, Content, Frame, List, ListRow, ListSection, Outgoing as Message, Recipient, Template,
};
use crate::wording::whatsapp::Need;

/// Attempts at a message whose failures may pass.
const TRIES: u32 = 8;
/// How often a number with a bad token is tried again: somebody may have set another.
const BROKEN: Duration = Duration::from_mins(1);

impl Engine {
    /// Sends the parts of a reply that were not sent yet, in order.
    ///
    /// The failure says when to go on: most are no failures but waits.
    pub async fn send_reply(&self, reply: Uuid) -> Result<(), JobFailure> {
        let seconds = i64::try_from(self.parts.config.whatsapp.unknown_seconds).unwrap_or(60);
        let patience = Patience { news: TimeDelta::seconds(seconds), since: self.parts.whatsapp.since };
        loop {
            match self.parts.store.begin_sending(reply, patience).await? {
                Next::Done(unsent) => {
                    self.parts.whatsapp.tell(unsent);
                    return Ok(());
                }
                Next::Wait(until) => {
                    let wait = (until - self.parts.clock.now()).to_std().unwrap_or_default();
                    return Err(JobFailure::postponed(wait));
                }
                Next::GivenUp(outgoing, unsent) => {
                    self.parts.whatsapp.tell(unsent);
                    metrics::counter!("whatsapp_messages_failed_total").increment(1);
                    tracing::error!(message = %outgoing.id, "nobody knows whether a message was sent: it is given up");
                    return Ok(self.tell_of_unsent(&outgoing).await?);
                }
                Next::Closed(outgoing, unsent) => {
                    self.parts.whatsapp.tell(unsent);
                    metrics::counter!("whatsapp_messages_failed_total").increment(1);
                    tracing::warn!(message = %outgoing.id, "the customer wrote too long ago: a message is not sent");
                    return Ok(self.tell_of_unsent(&outgoing).await?);
                }
                Next::Send(outgoing) => self.send_one(*outgoing).await?,
            }
        }
    }

    async fn send_one(&self, outgoing: Outgoing) -> Result<(), JobFailure> {
        let channel = self.channel(&outgoing.phone_number_id)?;
        let number = channel.number()?;
        let attached = match self.attachment(&number, &outgoing).await {
            Ok(attached) => attached,
            Err(Unattached::Graph(failure)) => return self.not_sent(&outgoing, &failure).await,
            Err(Unattached::Never(why)) => {
                let error = Error::invalid(format!("a file cannot be passed on: {why}"));
                return self.never_sent(&outgoing, error).await;
            }
        };
        let message = match message(&outgoing, attached).and_then(|m| m.payload()) {
            Ok(message) => message,
            // Ours to mend: Graph would refuse it.
            Err(error) => return self.never_sent(&outgoing, error).await,
        };
        let whatsapp = &self.parts.whatsapp;
        let customer = outgoing.contact.phone.as_deref().or(outgoing.contact.user_id.as_deref());
        if let Err(wait) = whatsapp.pace.pair(&outgoing.phone_number_id, customer.unwrap_or_default()) {
            self.conclude(&outgoing, SendOutcome::TooEarly).await?;
            return Err(JobFailure::postponed(wait));
        }
        let rate = channel.messages_per_second.unwrap_or(self.parts.config.whatsapp.messages_per_second);
        tokio::time::sleep(whatsapp.pace.number(&outgoing.phone_number_id, rate)).await;
        match whatsapp.graph.send(&number, &message).await {
            Ok(accepted) => {
                metrics::counter!("whatsapp_messages_sent_total").increment(1);
                self.conclude(&outgoing, SendOutcome::Accepted(accepted.message_id)).await?;
                self.note_working(&outgoing.phone_number_id).await?;
                if self.parts.store.mend_channel(outgoing.phone_number_id.clone()).await? {
                    tracing::info!(phone_number_id = %outgoing.phone_number_id, "the channel works again");
                }
                Ok(())
            }
            Err(SendError::Unknown(failure)) => {
                tracing::warn!(message = %outgoing.id, reason = %failure, "nobody knows whether a message was sent");
                self.conclude(&outgoing, SendOutcome::Unknown { message: failure.to_string() }).await
            }
            Err(SendError::NotSent(failure)) => self.not_sent(&outgoing, &failure).await,
        }
    }

    /// What cannot be sent at all, ever.
    async fn never_sent(&self, outgoing: &Outgoing, error: Error) -> Result<(), JobFailure> {
        metrics::counter!("whatsapp_messages_failed_total").increment(1);
        let failed = SendOutcome::Failed { code: None, message: error.to_string() };
        self.conclude(outgoing, failed).await?;
        self.tell_of_unsent(outgoing).await?;
        Err(JobFailure::never(error))
    }

    /// Graph refused a message, or was not reached: what is to be done is in its error.
    async fn not_sent(&self, outgoing: &Outgoing, failure: &GraphFailure) -> Result<(), JobFailure> {
        let words = words_of(failure);
        let number = outgoing.phone_number_id.clone();
        let code = failure.code;
        if failure.unanswered
            || matches!(failure.verdict(1, 0.0), Verdict::ChannelBroken | Verdict::SlowAccount { .. })
        {
            self.note_failing(&number, failure).await?;
        }
        match failure.verdict(outgoing.attempt, self.chance()) {
            // While Graph is not there at all, only the window ends it.
            Verdict::Retry { after } | Verdict::RetryPair { after }
                if outgoing.attempt < TRIES || failure.unanswered =>
            {
                self.conclude(outgoing, again(code, &words)).await?;
                Err(JobFailure::postponed(after))
            }
            Verdict::SlowNumber { after } | Verdict::SlowAccount { after } => {
                self.conclude(outgoing, again(code, &words)).await?;
                self.parts.store.pause_channel(number, self.parts.clock.now() + after).await?;
                Err(JobFailure::postponed(after))
            }
            Verdict::ChannelBroken => {
                self.conclude(outgoing, again(code, &words)).await?;
                if self.parts.store.break_channel(number.clone(), words.clone()).await? {
                    metrics::counter!("whatsapp_channel_failures_total").increment(1);
                    tracing::error!(phone_number_id = %number, reason = %failure, "the channel is broken: nothing can be sent");
                }
                // The window ends it, if nobody mends it before.
                Err(JobFailure::postponed(BROKEN))
            }
            // The customer's number is not known, or it would have been used.
            Verdict::Retry { .. }
            | Verdict::RetryPair { .. }
            | Verdict::Never
            | Verdict::UseTemplate
            | Verdict::UsePhone
            | Verdict::Unknown
            | Verdict::Alert => {
                metrics::counter!("whatsapp_messages_failed_total").increment(1);
                self.note_template(outgoing, failure).await?;
                self.conclude(outgoing, SendOutcome::Failed { code, message: words }).await?;
                // An alert that was refused for good concerns whoever it was about.
                let ours = outgoing.author == Author::System;
                if ours || !matches!(failure.verdict(outgoing.attempt, 0.0), Verdict::Never) {
                    self.tell_of_unsent(outgoing).await?;
                }
                Err(JobFailure::never(failure.to_error()))
            }
        }
    }

    /// Keeps Meta's word on a template that it does not send any more: the next one is noticed before.
    async fn note_template(&self, outgoing: &Outgoing, failure: &GraphFailure) -> Result<()> {
        let Some(status) = failure.template_status().filter(|_| outgoing.kind == "template") else {
            return Ok(());
        };
        let details: Value = serde_json::from_str(&outgoing.details).unwrap_or_default();
        let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
        let (name, language) = (text("name"), text("language"));
        tracing::error!(template = %name, %language, status, reason = %failure, "Meta does not send a template");
        let number = outgoing.phone_number_id.clone();
        self.parts.store.set_template_status(number, name, language, status).await
    }

    /// The customer may have got nothing: somebody has to look.
    async fn tell_of_unsent(&self, outgoing: &Outgoing) -> Result<()> {
        let alert = alert_owner(outgoing.organization, outgoing.conversation, reason(Need::Unsent));
        self.enqueue(alert).await.map(drop)
    }

    async fn conclude(&self, outgoing: &Outgoing, outcome: SendOutcome) -> Result<(), JobFailure> {
        let failed = matches!(outcome, SendOutcome::Failed { .. });
        let events = self.parts.store.conclude_sending(outgoing.id, outcome).await?;
        self.parts.whatsapp.tell(events);
        if failed && outgoing.author == Author::Human {
            // What was not said takes no conversation over.
            let event = self.parts.store.give_back_unsaid(outgoing.id, answer_conversation).await?;
            self.parts.whatsapp.tell(event);
        }
        Ok(())
    }

    /// From 0 to 1, to spread waits.
    fn chance(&self) -> f64 {
        f64::from(self.parts.clock.random()[0]) / 255.0
    }
}

fn again(code: Option<i64>, message: &str) -> SendOutcome {
    SendOutcome::Again { code, message: message.to_owned() }
}

/// Graph's words, for the message's own record: it is shown to people who see the message anyway.
fn words_of(failure: &GraphFailure) -> String {
    let words = failure.details.as_deref().or(failure.message.as_deref()).or(failure.note.as_deref());
    let words = words.map_or_else(|| failure.to_string(), str::to_owned);
    match failure.remedy() {
        Some(remedy) => format!("{words} ({remedy})"),
        None => words,
    }
}

/// A list as [`menu_part`](super::menu::menu_part) wrote it down.
fn list(outgoing: &Outgoing, details: &Value) -> List {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let rows = details["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = rows.iter().map(|row| ListRow {
        id: text(&row["id"]).unwrap_or_default(),
        title: text(&row["title"]).unwrap_or_default(),
        description: text(&row["description"]),
    });
    List {
        frame: Frame { header: None, body: outgoing.text.clone(), footer: None },
        open: text(&details["open"]).unwrap_or_default(),
        sections: vec![ListSection { title: text(&details["title"]), rows: rows.collect() }],
    }
}

/// What goes over the wire.
fn message(outgoing: &Outgoing, attached: Option<Content>) -> Result<Message> {
    let details: Value = serde_json::from_str(&outgoing.details).unwrap_or_default();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let content = match outgoing.kind.as_str() {
        _ if attached.is_some() => attached.unwrap_or_else(|| Content::Text(outgoing.text.clone())),
        "text" => Content::Text(outgoing.text.clone()),
        "interactive" if details["list"].is_object() => Content::List(list(outgoing, &details["list"])),
        "interactive" => {
            let buttons = details["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
            let buttons =
                buttons.iter().map(|b| Button { id: text(b, "id"), title: text(b, "title") }).collect();
            let frame = Frame { header: None, body: outgoing.text.clone(), footer: None };
            Content::Buttons(Buttons { frame, buttons })
        }
        "template" => Content::Template(Template {
            name: text(&details, "name"),
            language: text(&details, "language"),
            parameters: templates::parameters(&details)?,
        }),
        "reaction" => {
            Content::Reaction { message_id: text(&details, "message_id"), emoji: outgoing.text.clone() }
        }
        other => {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("a message of the type `{other}` cannot be sent"),
            ));
        }
    };
    Ok(Message {
        to: Recipient { phone: outgoing.contact.phone.clone(), user_id: outgoing.contact.user_id.clone() },
        content,
        reply_to: outgoing.reply_to.clone(),
        correlation: Some(outgoing.id.to_string()),
    })
}
