//! `agentctl channels`

use agent_core::engine::ChannelInfo;
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use crate::exit::Exit;
use crate::output::{Printer, shorten, table};

/// Lists the business numbers and how they do.
pub async fn run(config: Config, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let channels = engine.channels().await?;
    engine.close().await?;
    printer.result(&json!({ "channels": channels }), |_| list(&channels))?;
    Ok(Exit::Success)
}

fn list(channels: &[ChannelInfo]) -> String {
    if channels.is_empty() {
        return "No channels: a section [whatsapp.channels.<name>] of the configuration makes one."
            .to_owned();
    }
    let mut rows = vec![["NAME", "PHONE NUMBER ID", "STATUS", ""].map(str::to_owned).to_vec()];
    rows.extend(channels.iter().map(|channel| {
        vec![
            channel.name.clone(),
            channel.phone_number_id.clone(),
            channel.status.to_owned(),
            shorten(&trouble(channel), 60),
        ]
    }));
    let reach: String = channels.iter().map(|channel| format!("{}\n", reach(channel))).collect();
    format!("{}\n{reach}", table(&rows))
}

/// How people of the business are told of customers who need them, in a line for each way.
fn reach(channel: &ChannelInfo) -> String {
    let name = &channel.name;
    let mut lines: Vec<String> = channel
        .alerts
        .iter()
        .map(|path| {
            let state = if path.usable { "ok" } else { "not usable" };
            let told =
                path.last_told_at.as_ref().map(|at| format!(", last worked at {at}")).unwrap_or_default();
            let note = path.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("{name}: alerts by {} {state}{told}{note}", path.way.as_str())
        })
        .collect();
    lines.extend(unreachable(channel));
    lines.join("\n")
}

/// That nobody would be told, if so.
pub fn unreachable(channel: &ChannelInfo) -> Option<String> {
    let name = &channel.name;
    (!channel.reachable).then(|| {
        format!(
            "{name}: nobody can be told when a customer needs a person: customers are promised none (docs/alerts.md)"
        )
    })
}

/// What is wrong with a channel, in a few words; empty if it is well.
pub fn trouble(channel: &ChannelInfo) -> String {
    let time = channel.time.as_deref().unwrap_or("?");
    match (channel.status, &channel.reason) {
        ("broken", Some(reason)) => format!("since {time}: {reason}"),
        ("broken", None) => format!("since {time}"),
        ("paused", _) => format!("until {time}"),
        _ => String::new(),
    }
}
