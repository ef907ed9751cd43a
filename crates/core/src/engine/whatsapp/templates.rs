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
use crate::whatsapp::template::{FilledTemplate, TemplateParameter, TemplateValues, fill, fill_with_line};

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
    /// Its values: one line each.
    pub values: TemplateValues,
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
        let FilledTemplate { parameters, text } =
            filled(&self.parts.store.templates(number.clone()).await?, &message)?;
        let TemplateToSend { name, language, user, .. } = message;
        let details = details(&name, &language, &parameters).to_string();
        // Meta's own rules, before anything is recorded.
        let content = Content::Template(Template { name, language, parameters });
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

/// What is kept of a template beside its text.
fn details(name: &str, language: &str, parameters: &[TemplateParameter]) -> Value {
    json!({ "name": name, "language": language, "parameters": parameters })
}

/// The values that were kept of a template.
pub(super) fn parameters(details: &Value) -> Result<Vec<TemplateParameter>> {
    if let Some(kept) = details.get("parameters") {
        return serde_json::from_value(kept.clone())
            .map_err(|e| Error::internal("the values of a template cannot be read").with_source(e));
    }
    // As earlier versions kept them.
    let values = details["body"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(Template::values_of_body(values.iter().filter_map(|v| v.as_str().map(str::to_owned))))
}

/// A template that says one line, whatever places it has: what is kept of it, and what is read. `known` as they
/// were fetched last; of one that is not among them, one numbered place is supposed.
pub(super) fn saying(
    known: &[TemplateRecord],
    name: &str,
    language: &str,
    line: &str,
) -> Result<(Value, String)> {
    let Some(template) = in_language(known, name, language) else {
        let parameters = Template::values_of_body([line.to_owned()]);
        return Ok((details(name, language, &parameters), line.to_owned()));
    };
    let FilledTemplate { parameters, text } = fill_with_line(name, &template.components, line)?;
    Ok((details(name, &template.language, &parameters), text))
}

/// The template of that name in a language; else in the language of another country, as `pt_PT` for `pt_BR`.
pub(super) fn in_language<'a>(
    known: &'a [TemplateRecord],
    name: &str,
    language: &str,
) -> Option<&'a TemplateRecord> {
    let family = |language: &str| language.split('_').next().unwrap_or_default().to_ascii_lowercase();
    let named = || known.iter().filter(|template| template.name == name);
    let exact = named().find(|template| template.language == language);
    let can_be_sent = |template: &&TemplateRecord| template.status == APPROVED;
    let akin = || named().filter(|template| family(&template.language) == family(language));
    exact.or_else(|| akin().find(can_be_sent)).or_else(|| akin().next())
}

/// The template with its values, as far as it is known here.
fn filled(known: &[TemplateRecord], message: &TemplateToSend) -> Result<FilledTemplate> {
    let TemplateToSend { name, language, values, .. } = message;
    // They were never fetched: Meta will say what is wrong.
    if known.is_empty() {
        if values.header.is_some() || !values.buttons.is_empty() {
            return Err(Error::invalid(format!(
                "what the template `{name}` takes is not known yet: run `agentctl templates sync` first"
            )));
        }
        let text = [std::slice::from_ref(name), values.body.as_slice()].concat().join(" · ");
        return Ok(FilledTemplate { parameters: Template::values_of_body(values.body.clone()), text });
    }
    let found = known.iter().find(|t| t.name == *name && t.language == *language).ok_or_else(|| {
        let others: Vec<&str> =
            known.iter().filter(|t| t.name == *name).map(|t| t.language.as_str()).collect();
        let there_is = match others.as_slice() {
            [] => String::new(),
            others => format!(" (there is one in {})", others.join(", ")),
        };
        Error::not_found(format!(
            "there is no template `{name}` in {language}{there_is}: `agentctl templates list` shows them, \
             `agentctl templates sync` fetches new ones"
        ))
    })?;
    if found.status != APPROVED {
        let status = &found.status;
        let text = format!(
            "Meta does not send the template `{name}` in {language}: it is {status} (`agentctl templates sync` asks \
             again)"
        );
        return Err(Error::new(ErrorKind::Conflict, text).with_code("template_not_approved"));
    }
    fill(name, &found.components, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(language: &str, status: &str) -> TemplateRecord {
        let text = "Olá {{1}}, o pedido {{2}} chegou. Até logo, {{1}}!";
        TemplateRecord {
            phone_number_id: "1".into(),
            name: "pedido".into(),
            language: language.into(),
            status: status.into(),
            category: "UTILITY".into(),
            components: json!([{ "type": "HEADER", "format": "TEXT", "text": "Oi" }, { "type": "BODY", "text": text }]),
            synced_at: String::new(),
        }
    }

    fn known(status: &str) -> Vec<TemplateRecord> {
        vec![record("pt_BR", status)]
    }

    fn message(values: &[&str]) -> TemplateToSend {
        let body = values.iter().map(|v| (*v).to_owned()).collect();
        TemplateToSend {
            name: "pedido".into(),
            language: "pt_BR".into(),
            values: TemplateValues { body, ..TemplateValues::default() },
            ..TemplateToSend::default()
        }
    }

    #[test]
    fn the_text_is_what_the_customer_reads() {
        let text = filled(&known(APPROVED), &message(&["Ana", "17"])).unwrap().text;
        assert_eq!(text, "Oi\n\nOlá Ana, o pedido 17 chegou. Até logo, Ana!");
        assert_eq!(filled(&[], &message(&["Ana", "17"])).unwrap().text, "pedido · Ana · 17");
    }

    #[test]
    fn what_meta_would_refuse_is_noticed_before() {
        let error = filled(&known(APPROVED), &message(&["Ana"])).unwrap_err();
        assert!(error.to_string().contains("takes 2 values"), "{error}");
        let error = filled(&known("PAUSED"), &message(&["Ana", "17"])).unwrap_err();
        assert_eq!(error.code(), Some("template_not_approved"));
        let other = TemplateToSend { language: "en".into(), ..message(&["Ana", "17"]) };
        let error = filled(&known(APPROVED), &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("there is one in pt_BR"), "{error}");
    }

    #[test]
    fn an_alert_finds_the_language_of_another_country_and_what_was_kept_is_read_again() {
        let known = [record("pt_PT", APPROVED), record("en", APPROVED)];
        assert_eq!(in_language(&known, "pedido", "pt_BR").unwrap().language, "pt_PT");
        assert!(in_language(&known, "pedido", "es").is_none());
        let (details, text) = saying(&known, "pedido", "pt_BR", "Rui espera").unwrap();
        assert_eq!(details["language"], "pt_PT");
        assert!(text.contains("Olá Rui espera, o pedido – chegou"), "{text}");
        assert_eq!(parameters(&details).unwrap().len(), 2);
        assert_eq!(
            parameters(&json!({ "body": ["a", "b"] })).unwrap(),
            Template::values_of_body(["a".into(), "b".into()])
        );
        let (unknown, text) = saying(&[], "chamado", "pt_BR", "Rui espera").unwrap();
        assert_eq!((parameters(&unknown).unwrap().len(), text.as_str()), (1, "Rui espera"));
    }
}
