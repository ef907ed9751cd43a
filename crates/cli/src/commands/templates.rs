//! `agentctl templates`

use agent_core::engine::{ChannelTemplate, CreatedTemplate, TemplateToSend};
use agent_core::whatsapp::template::TemplateValues;
use agent_core::{Config, Engine};
use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::args::{OwnTemplate, TemplatesCommand};
use crate::exit::Exit;
use crate::output::{Printer, shorten, table};
use crate::{audit, delivery, phone};

/// Fetches, lists and sends message templates.
pub async fn run(config: Config, command: TemplatesCommand, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let exit = match command {
        TemplatesCommand::Sync => sync(&engine, printer).await?,
        TemplatesCommand::List => {
            let templates = engine.templates().await?;
            printer.result(&json!({ "templates": templates }), |_| list(&templates))?;
            Exit::Success
        }
        TemplatesCommand::Create { what: OwnTemplate::OwnerAlert, name, channel } => {
            let created = engine.create_alert_template(channel.as_deref(), name.as_deref()).await?;
            let details = json!({ "verb": "create template" });
            audit::note(&engine, "conversations:update", None, details).await;
            printer.result(&created, |_| {
                let CreatedTemplate { channel, name, language, status, body } = &created;
                format!(
                    "Asked Meta for the template `{name}` in {language}, which is {status}:\n{body}\n\nOnce it is \
                     APPROVED (`agentctl templates sync`, then `list`), it alerts the owner, with\n\
                     [whatsapp.channels.{channel}]\nalert_template = \"{name}\""
                )
            })?;
            Exit::Success
        }
        TemplatesCommand::Send { phone, name, values, header, buttons, language, channel } => {
            let values = TemplateValues { header, body: values, buttons };
            let to = phone::typed(&phone);
            let message = TemplateToSend { to, name, language, values, channel, user: None };
            let (conversation, reply) = engine.send_template(message).await?;
            let (id, details) = (Some(conversation.to_string()), json!({ "verb": "send template" }));
            audit::note(&engine, "conversations:update", id, details).await;
            let parts = engine.store().reply_parts(reply).await?;
            delivery::deliver(&engine, conversation, &parts, printer).await?
        }
    };
    engine.close().await?;
    Ok(exit)
}

/// How fetching went for a channel.
#[derive(Serialize)]
struct Synced {
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    templates: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

async fn sync(engine: &Engine, printer: &Printer) -> Result<Exit> {
    let (mut channels, mut first) = (Vec::new(), None);
    for (channel, outcome) in engine.sync_templates().await? {
        match outcome {
            Ok(count) => channels.push(Synced { channel, templates: Some(count), error: None }),
            Err(error) => {
                channels.push(Synced { channel, templates: None, error: Some(error.to_string()) });
                first.get_or_insert(error);
            }
        }
    }
    match first {
        // Nothing was fetched at all: why is all there is to say.
        Some(error) if channels.iter().all(|channel| channel.error.is_some()) => Err(error.into()),
        first => {
            audit::note(engine, "conversations:update", None, json!({ "verb": "sync templates" })).await;
            printer.result(&json!({ "channels": channels }), |_| channels.iter().map(line).collect())?;
            Ok(if first.is_some() { Exit::SomeFailed } else { Exit::Success })
        }
    }
}

fn line(synced: &Synced) -> String {
    let channel = &synced.channel;
    match (synced.templates, &synced.error) {
        (Some(1), _) => format!("{channel}: 1 template\n"),
        (Some(count), _) => format!("{channel}: {count} templates\n"),
        (None, error) => format!("{channel}: failed: {}\n", error.as_deref().unwrap_or_default()),
    }
}

fn list(templates: &[ChannelTemplate]) -> String {
    if templates.is_empty() {
        return "No templates: `agentctl templates sync` fetches them.".to_owned();
    }
    let mut rows = vec![["NAME", "LANGUAGE", "STATUS", "CATEGORY", "CHANNEL"].map(str::to_owned).to_vec()];
    rows.extend(templates.iter().map(|ChannelTemplate { channel, template }| {
        vec![
            shorten(&template.name, 32),
            template.language.clone(),
            template.status.clone(),
            template.category.clone(),
            channel.clone(),
        ]
    }));
    table(&rows)
}
