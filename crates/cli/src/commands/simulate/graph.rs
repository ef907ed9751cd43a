//! `agentctl simulate graph`: the fake Graph API in the foreground.

use std::pin::pin;

use agent_core::clock::{Clock, SystemClock};
use agent_core::{Config, Error};
use anyhow::Result;
use serde_json::json;
use simulator::{Graph, ReadReceipt, SentMessage};

use super::scenario;
use crate::args::SimulateGraphArgs;
use crate::channel::secret_in;
use crate::exit::Exit;
use crate::output::{Printer, plain};
use crate::stop::told_to_end;

/// Serves until it is told to end, and prints every message that it accepts.
pub async fn run(config: &Config, args: &SimulateGraphArgs, printer: &Printer) -> Result<Exit> {
    let graph = start(args.bind).await?;
    graph.set_time(u64::try_from(SystemClock.now().timestamp()).unwrap_or_default());
    if let Some(named) = &args.scenario {
        scenario(named)?.graph.apply(&graph, 1);
    }
    if let Some(file) = &args.token_file {
        graph.require_token(&secret_in(file)?);
    }
    let named = args.target.webhook.is_some() || args.target.channel.is_some();
    if named || !config.whatsapp.channels.is_empty() {
        graph.report_to(args.target.webhook(config)?);
    } else {
        printer.note(
            "No webhook is known (--webhook, or a channel in the configuration): no statuses are posted.",
        );
    }
    let mut end = pin!(told_to_end());
    let base_url = graph.base_url();
    if printer.is_json() {
        printer.json_line(&json!({ "event": "listening", "baseUrl": base_url }))?;
    } else {
        printer.line(&format!("Graph API at {base_url}"))?;
    }
    let (mut sent, mut read) = (0, 0);
    loop {
        tokio::select! {
            messages = graph.sent_after(sent) => {
                sent += messages.len();
                messages.iter().try_for_each(|message| show(message, printer))?;
            }
            receipts = graph.receipts_after(read) => {
                read += receipts.len();
                receipts.iter().try_for_each(|receipt| show_receipt(receipt, printer))?;
            }
            () = &mut end => return Ok(Exit::Success),
        }
    }
}

/// Listens, or says why it cannot.
pub(super) async fn start(address: std::net::SocketAddr) -> Result<Graph, Error> {
    Graph::start(address).await.map_err(|error| {
        let text = format!("{address} cannot be listened on: is another Graph API running there?");
        Error::unavailable(text).with_source(error)
    })
}

fn show(message: &SentMessage, printer: &Printer) -> Result<()> {
    let kind = message.payload["type"].as_str().unwrap_or("text");
    if printer.is_json() {
        return printer.json_line(&json!({
            "event": "message",
            "id": message.id,
            "from": message.number,
            "to": message.addressee(),
            "type": kind,
            "text": message.text(),
            "payload": message.payload,
        }));
    }
    let kind = if kind == "text" { String::new() } else { format!(" ({kind})") };
    printer.line(&format!("to {}{kind}: {}", plain(message.addressee()), plain(message.text())))
}

fn show_receipt(receipt: &ReadReceipt, printer: &Printer) -> Result<()> {
    if !printer.is_json() {
        // Of use to programs only.
        return Ok(());
    }
    printer.json_line(&json!({
        "event": "read",
        "from": receipt.number,
        "messageId": receipt.message_id,
        "typing": receipt.typing,
    }))
}
