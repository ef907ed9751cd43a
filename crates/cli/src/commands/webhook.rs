//! `agentctl webhook`
//!
//! For whoever sets a channel up or mends one: signing by hand, a customer's message without a telephone
//! (`webhook/simulate.rs`), and reading once more what came.

mod simulate;

use std::io::Read;
use std::path::Path;

use agent_core::whatsapp::signature::{HEADER, sign};
use agent_core::{Config, Engine, Error, Result as CoreResult};
use anyhow::Result;
use serde_json::json;

use crate::args::{Since, WebhookCommand};
use crate::audit;
use crate::channel::{app_secret, named_or_only, secret_in};
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
    let (read, new) = engine.replay_webhooks(since.moment(engine.clock().now())?).await?;
    audit::note(&engine, "admin:update", None, json!({ "verb": "replay", "read": read, "new": new })).await;
    engine.close().await?;
    printer.result(&json!({ "read": read, "new": new }), |_| {
        format!("Webhooks read: {read}. Messages that were not known: {new}.")
    })?;
    Ok(Exit::Success)
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
