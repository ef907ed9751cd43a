//! `agentctl status`

use agent_core::engine::{ChannelInfo, Status};
use agent_core::{Config, Engine};
use anyhow::Result;
use serde::Serialize;

use super::channels::{trouble, unreachable};
use crate::exit::Exit;
use crate::output::{Printer, count};

/// The state of the deployment and of its channels.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    status: Status,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<ChannelInfo>,
    /// What works otherwise than was probably meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// Shows what the data directory holds; problems make the exit code.
pub async fn run(config: Config, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let mut status = engine.status().await?;
    let channels = engine.channels().await?;
    engine.close().await?;
    let problem = |channel: &ChannelInfo| match channel.status {
        "broken" => Some(format!(
            "nothing can be sent from the WhatsApp channel {}: check its access token",
            channel.name
        )),
        "failing" => Some(format!("the WhatsApp channel {} failed {}", channel.name, trouble(channel))),
        _ => None,
    };
    status.problems.extend(channels.iter().filter_map(problem));
    let warnings = channels.iter().filter_map(unreachable).collect();
    let report = Report { status, channels, warnings };
    printer.result(&report, text)?;
    let chat_is_down = report.status.chat_service.as_deref().is_some_and(|state| state != "ok");
    Ok(match report.status.problems.len() {
        0 => Exit::Success,
        1 if chat_is_down => Exit::Unavailable,
        _ => Exit::Invalid,
    })
}

fn text(report: &Report) -> String {
    let status = &report.status;
    let index = match (&status.generation, &status.index) {
        (Some(generation), Some(table)) => format!(
            "{} rows, {} files, {} not optimised, language {}{}",
            table.rows,
            table.fragments,
            table.unindexed_rows,
            generation.language,
            if table.vector_index { ", vector index" } else { "" }
        ),
        (None, _) => "none yet".to_owned(),
        (Some(_), None) => "not usable".to_owned(),
    };
    let mut out = format!(
        "agentctl {}\ndata:       {}\nbusiness:   {}\nplan:       {}\nused:       {}\nagents:     {}\ndocuments:  {}\nchunks:     {}\nindex:      {index}\n\
         embedding:  {}\nanswers:    {}\nquestions:  {} ({} refused)\n",
        status.version,
        status.data_dir,
        status.organization,
        plan(status),
        used(status),
        status.agents,
        status.documents,
        status.chunks,
        status.embedding_model,
        answers(status),
        status.queries,
        status.refused_queries,
    );
    if !report.channels.is_empty() {
        let channels: Vec<String> = report.channels.iter().map(channel).collect();
        out.push_str(&format!("whatsapp:   {}\n", channels.join(", ")));
    }
    for warning in &report.warnings {
        out.push_str(&format!("warning:    {warning}\n"));
    }
    for problem in &status.problems {
        out.push_str(&format!("problem:    {problem}\n"));
    }
    out
}

/// Who writes, and how the service does; what is wrong with it is among the problems.
fn answers(status: &Status) -> String {
    match status.chat_service.as_deref() {
        None => status.answer_model.clone(),
        Some("ok") => format!("{} (the service is there)", status.answer_model),
        Some(_) => format!("{} (the service gives no answer)", status.answer_model),
    }
}

fn plan(status: &Status) -> String {
    let plan = status.plan.as_deref().unwrap_or("(limits of the configuration)");
    match status.subscription_status.as_str() {
        "inactive" => plan.to_owned(),
        subscription => format!("{plan} (subscription {subscription})"),
    }
}

/// What is used, and of how much.
fn used(status: &Status) -> String {
    let (usage, limits) = (&status.usage, &status.limits);
    let of = |used: u64, limit: Option<u64>, what: &str| match limit {
        Some(limit) => format!("{used} of {}", count(limit, what)),
        None => count(used, what),
    };
    [
        of(usage.messages_this_month, limits.max_monthly_messages, "message") + " this month",
        of(usage.documents, limits.max_documents, "document"),
        of(usage.agents, limits.max_agents, "agent"),
    ]
    .join(", ")
}

fn channel(channel: &ChannelInfo) -> String {
    let trouble = trouble(channel);
    let trouble = if trouble.is_empty() { trouble } else { format!(" {trouble}") };
    format!("{} {}{trouble}", channel.name, channel.status.replace('_', " "))
}
