//! Message templates: fetching them from Meta, and sending one where nothing else goes through.
//!
//! Meta's word counts. What was fetched is a copy that saves a refusal: a template that is not there, not
//! approved, or lacks a value is noticed before anything is recorded.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Engine;
use crate::config::ChannelConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::payload::send_reply;
use crate::model::{Author, ConversationId, UserId};
use crate::store::{Part, Reply, TemplateRecord};
use crate::whatsapp::outgoing::{Content, Outgoing, Recipient, Template};

/// Meta's word for a template that can be sent.
const APPROVED: &str = "APPROVED";

/// A template for somebody.
#[derive(Debug, Clone, Default)]
pub struct TemplateToSend {
    /// Phone number or user id.
    pub to: String,
    /// The template's name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// The values of its body, in order: one line each.
    pub values: Vec<String>,
    /// The name of the channel; needed if there are several.
    pub channel: Option<String>,
    /// Who sends it, if known.
    pub user: Option<UserId>,
}

/// A template of a channel.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelTemplate {
    /// The channel's name.
    pub channel: String,
    /// The template.
    #[serde(flatten)]
    pub template: TemplateRecord,
}

impl Engine {
    /// Fetches the templates of every channel whose business account is known: how many each has, or why
    /// they could not be fetched.
    pub async fn sync_templates(&self) -> Result<Vec<(String, Result<usize>)>> {
        let mut synced = Vec::new();
        for (name, channel) in &self.parts.config.whatsapp.channels {
            if let Some(account) = &channel.business_account_id {
                synced.push((name.clone(), self.sync_channel(channel, account).await));
            }
        }
        if synced.is_empty() {
            return Err(Error::config(
                "no WhatsApp channel has a business_account_id: templates belong to a business account",
            ));
        }
        Ok(synced)
    }

    async fn sync_channel(&self, channel: &ChannelConfig, account: &str) -> Result<usize> {
        let number = channel.number()?;
        let templates = self.parts.whatsapp.graph.templates(&number, account).await?;
        let count = templates.len();
        self.parts.store.replace_templates(channel.phone_number_id.clone(), templates).await?;
        Ok(count)
    }

    /// The templates of every channel, as they were fetched last.
    pub async fn templates(&self) -> Result<Vec<ChannelTemplate>> {
        let mut all = Vec::new();
        for (name, channel) in &self.parts.config.whatsapp.channels {
            let templates = self.parts.store.templates(channel.phone_number_id.clone()).await?;
            let of_channel = |template| ChannelTemplate { channel: name.clone(), template };
            all.extend(templates.into_iter().map(of_channel));
        }
        Ok(all)
    }

    /// Sends a template as a person: the conversation is that person's from here on. It goes through
    /// however long ago the customer wrote. `Conflict` if they want no messages or are blocked.
    pub async fn send_template(&self, message: TemplateToSend) -> Result<(ConversationId, Uuid)> {
        let (number, owner) = self.sending_channel(message.channel.as_deref()).await?;
        let to = message.to.trim().trim_start_matches('+').to_owned();
        let text = worded(&self.parts.store.templates(number.clone()).await?, &message)?;
        let TemplateToSend { name, language, values, user, .. } = message;
        let details = json!({ "name": name, "language": language, "body": values }).to_string();
        // Meta's own rules, before anything is recorded.
        let content = Content::Template(Template { name, language, body: values });
        let recipient = Recipient::phone(to.clone());
        Outgoing { to: recipient, content, reply_to: None, correlation: None }.payload()?;
        let conversation = self.parts.store.conversation_with(owner, number, to).await?;
        let contact = &conversation.contact;
        let unwanted = match (&contact.opted_out_at, &contact.blocked_at) {
            (Some(_), _) => Some(("opted_out", "the customer wants no messages")),
            (None, Some(_)) => Some(("blocked", "the customer is blocked")),
            (None, None) => None,
        };
        if let Some((code, why)) = unwanted {
            return Err(Error::new(ErrorKind::Conflict, format!("nothing is sent: {why}")).with_code(code));
        }
        let reply = self.parts.clock.new_id();
        let record = Reply {
            id: reply,
            conversation: conversation.id,
            author: Author::Human,
            user,
            reply_to: None,
            parts: vec![Part { kind: "template", text, details }],
            answered: None,
            send: send_reply(self.organization.id, conversation.id, reply),
        };
        let (_, events) = self.parts.store.write_message(record).await?;
        self.parts.whatsapp.tell(events);
        Ok((conversation.id, reply))
    }
}

/// What the customer will read, as far as it is known here.
fn worded(known: &[TemplateRecord], message: &TemplateToSend) -> Result<String> {
    let TemplateToSend { name, language, values, .. } = message;
    let bare = || [std::slice::from_ref(name), values.as_slice()].concat().join(" · ");
    // They were never fetched: Meta will say what is wrong.
    if known.is_empty() {
        return Ok(bare());
    }
    let found = known.iter().find(|t| t.name == *name && t.language == *language).ok_or_else(|| {
        Error::not_found(format!(
            "there is no template `{name}` in {language}: `agentctl templates list` shows them, \
             `agentctl templates sync` fetches new ones"
        ))
    })?;
    if found.status != APPROVED {
        let status = &found.status;
        let text = format!("Meta has not approved the template `{name}` in {language}: it is {status}");
        return Err(Error::new(ErrorKind::Conflict, text).with_code("template_not_approved"));
    }
    let Some(text) = body(&found.components) else { return Ok(bare()) };
    let places = places(text);
    if places.len() != values.len() {
        let (needed, given) = (places.len(), values.len());
        let problem = format!("has {given} values: the template `{name}` needs {needed}");
        return Err(Error::invalid(format!("the message {problem}"))
            .with_code("validation_failed")
            .with_field("values", problem));
    }
    let fill = |text: String, (place, value): (&str, &String)| text.replace(&written(place), value);
    Ok(places.into_iter().zip(values).fold(text.to_owned(), fill))
}

/// The text of a template's body.
fn body(components: &Value) -> Option<&str> {
    let is_body = |part: &&Value| part["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("body"));
    components.as_array()?.iter().find(is_body)?["text"].as_str()
}

/// A place as it stands in a text.
fn written(place: &str) -> String {
    format!("{{{{{place}}}}}")
}

/// The names of a text's places, such as `1` of `{{1}}`: each once, in order.
fn places(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for rest in text.split("{{").skip(1) {
        if let Some((name, _)) = rest.split_once("}}")
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(status: &str) -> Vec<TemplateRecord> {
        let text = "Olá {{1}}, o pedido {{2}} chegou. Até logo, {{1}}!";
        vec![TemplateRecord {
            phone_number_id: "1".into(),
            name: "pedido".into(),
            language: "pt_BR".into(),
            status: status.into(),
            category: "UTILITY".into(),
            components: json!([{ "type": "HEADER", "text": "Oi" }, { "type": "BODY", "text": text }]),
            synced_at: String::new(),
        }]
    }

    fn message(values: &[&str]) -> TemplateToSend {
        TemplateToSend {
            name: "pedido".into(),
            language: "pt_BR".into(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
            ..TemplateToSend::default()
        }
    }

    #[test]
    fn the_text_is_what_the_customer_reads() {
        let text = worded(&known(APPROVED), &message(&["Ana", "17"])).unwrap();
        assert_eq!(text, "Olá Ana, o pedido 17 chegou. Até logo, Ana!");
        assert_eq!(worded(&[], &message(&["Ana", "17"])).unwrap(), "pedido · Ana · 17");
    }

    #[test]
    fn what_meta_would_refuse_is_noticed_before() {
        let error = worded(&known(APPROVED), &message(&["Ana"])).unwrap_err();
        assert!(error.to_string().contains("needs 2"), "{error}");
        let error = worded(&known("PAUSED"), &message(&["Ana", "17"])).unwrap_err();
        assert_eq!(error.code(), Some("template_not_approved"));
        let other = TemplateToSend { language: "en".into(), ..message(&["Ana", "17"]) };
        assert_eq!(worded(&known(APPROVED), &other).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
