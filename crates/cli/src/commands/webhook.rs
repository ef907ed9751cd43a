//! `agentctl webhook`
//!
//! For whoever sets a channel up or mends one: signing by hand, a customer's message without a telephone
//! (`webhook/simulate.rs`), and reading once more what came.

mod simulate;

use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use agent_core::config::{ChannelConfig, Secret};
use agent_core::whatsapp::signature::{HEADER, sign};
use agent_core::{Config, Engine, Error, Result as CoreResult};
use anyhow::Result;
use serde_json::json;

use crate::args::{Since, WebhookCommand};
use crate::audit;
use crate::exit::Exit;
use crate::output::Printer;

/// Signs, simulates and replays webhooks.
pub async fn run(config: Config, command: WebhookCommand, printer: &Printer) -> Result<Exit> {
    match command {
        WebhookCommand::Sign { file, secret_file, channel } => {
            let secret = match secret_file {
                Some(file) => secret_in(&file)?,
                None => app_secret(named_or_only(&config, channel.as_deref())?.1)?.to_owned(),
            };
            let signature = sign(secret.as_bytes(), &body(&file)?);
            printer.result(&json!({ "header": HEADER, "value": signature }), |_| signature.clone())?;
            Ok(Exit::Success)
        }
        WebhookCommand::Simulate(args) => simulate::run(&config, args, printer).await,
        WebhookCommand::Replay { since } => replay(config, since, printer).await,
    }
}

async fn replay(config: Config, since: Since, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let (read, new) = match since {
        Since::Ago(ago) => engine.replay_webhooks(engine.clock().now() - ago).await?,
        Since::At(time) => engine.replay_webhooks(moment(&time)?).await?,
    };
    audit::note(&engine, "admin:update", None, json!({ "verb": "replay", "read": read, "new": new })).await;
    engine.close().await?;
    printer.result(&json!({ "read": read, "new": new }), |_| {
        format!("Webhooks read: {read}. Messages that were not known: {new}.")
    })?;
    Ok(Exit::Success)
}

fn moment<T: FromStr>(text: &str) -> CoreResult<T> {
    text.parse().map_err(|_| {
        Error::invalid(format!("`{text}` is not a time: one such as 2026-11-22T10:00:00Z is accepted"))
    })
}

/// The channel of that name, or the only one there is.
fn named_or_only<'a>(config: &'a Config, name: Option<&str>) -> CoreResult<(&'a str, &'a ChannelConfig)> {
    let channels = &config.whatsapp.channels;
    let mut all = channels.iter();
    let (name, channel) = match (name, all.next(), all.next()) {
        (Some(name), _, _) => channels
            .get_key_value(name)
            .ok_or_else(|| Error::not_found(format!("there is no channel `{name}` in the configuration")))?,
        (None, Some(only), None) => only,
        (None, None, _) => {
            return Err(Error::config(
                "no WhatsApp channel is configured: add a section [whatsapp.channels.<name>]",
            ));
        }
        (None, Some(_), Some(_)) => {
            return Err(Error::invalid("there are several channels: name one with --channel"));
        }
    };
    Ok((name.as_str(), channel))
}

fn app_secret(channel: &ChannelConfig) -> CoreResult<&str> {
    let secret = channel.app_secret.as_ref().map(Secret::expose);
    secret.ok_or_else(|| Error::config("the channel has no app_secret"))
}

/// The secret in a file, without the line's end.
fn secret_in(file: &Path) -> CoreResult<String> {
    let text = std::fs::read_to_string(file).map_err(|e| Error::io("read", file, e))?;
    match text.trim() {
        "" => Err(Error::invalid(format!("{} is empty", file.display()))),
        secret => Ok(secret.to_owned()),
    }
}

/// The bytes of a file, or of standard input for `-`: exactly as they are.
fn body(file: &Path) -> CoreResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut opened| opened.read_to_end(&mut bytes))
    };
    read.map_err(|e| Error::io("read", file, e))?;
    Ok(bytes)
}
