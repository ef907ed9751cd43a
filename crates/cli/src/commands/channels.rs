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
    table(&rows)
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
