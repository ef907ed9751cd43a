//! `agentctl channels`

use agent_core::engine::{ChannelInfo, ChannelStep, ChannelTest, CheckOutcome};
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use crate::args::{ChannelsArgs, ChannelsCommand};
use crate::exit::Exit;
use crate::output::{Printer, plain, shorten, table};

/// Lists the business numbers and how they do, or asks Meta.
pub async fn run(config: Config, args: ChannelsArgs, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    if let Some(ChannelsCommand::Test { name }) = args.command {
        let tests = engine.test_channels(name.as_deref()).await?;
        engine.close().await?;
        printer.result(&json!({ "channels": tests }), |_| tested(&tests))?;
        let failed = tests.iter().any(|test| !test.ok);
        return Ok(if failed { Exit::Unavailable } else { Exit::Success });
    }
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
            channel.status.replace('_', " "),
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
        ("failing", Some(reason)) => format!("at {time}: {reason}"),
        ("not_tried", _) => "`agentctl channels test` asks Meta".to_owned(),
        _ => match &channel.last_worked_at {
            Some(worked) => format!("last worked at {worked}"),
            None => String::new(),
        },
    }
}

fn tested(tests: &[ChannelTest]) -> String {
    if tests.is_empty() {
        return list(&[]);
    }
    let step = |name: &str, step: &ChannelStep| {
        let outcome = match step.outcome {
            CheckOutcome::Ok => "ok",
            CheckOutcome::Failed => "FAILED",
            CheckOutcome::Skipped => "skipped",
        };
        vec![name.to_owned(), step.what.replace('_', " "), outcome.to_owned(), plain(&step.note)]
    };
    let mut rows = vec![["CHANNEL", "WHAT", "OUTCOME", ""].map(str::to_owned).to_vec()];
    rows.extend(tests.iter().flat_map(|test| test.steps.iter().map(|s| step(&test.name, s))));
    table(&rows)
}
