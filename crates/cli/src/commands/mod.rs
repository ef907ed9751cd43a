//! One file a command. Each takes what was typed and the printer, and returns how to exit.

mod agents;
mod audit;
mod billing;
mod channels;
mod chat;
mod completions;
mod config;
mod contacts;
mod conversations;
mod documents;
mod extract;
mod ingest;
mod init;
mod jobs;
mod man;
mod models;
mod query;
mod questions;
mod reindex;
mod search;
mod simulate;
mod status;
mod templates;
mod usage;
mod users;
mod webhook;

use std::io::IsTerminal;
use std::pin::Pin;

use agent_core::config::LogFormat;
use agent_core::model::AgentId;
use agent_core::{Config, ConfigSources, Engine};
use anyhow::Result;

use crate::args::{Cli, Command, ConfigCommand, Global};
use crate::exit::Exit;
use crate::output::Printer;

/// Runs the command.
pub async fn run(cli: Cli, printer: &Printer) -> Result<Exit> {
    let sources = sources(&cli.global);
    // Commands that need no configuration work with a broken one.
    match cli.command {
        Command::Completions(args) => return completions::run(&args, printer),
        Command::Man(ref args) => return man::run(args, printer),
        Command::Config(ConfigCommand::Path) => return config::path(&sources, printer),
        _ => {}
    }
    // What is kept is customers' messages and contracts: files for this user alone. Models are for everybody.
    if !matches!(cli.command, Command::Models(_)) {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    }
    if matches!(cli.command, Command::Config(ConfigCommand::Check)) {
        return Box::pin(config::check(&sources, printer)).await;
    }
    let config = Config::load(&sources)?;
    start_logging(&config, cli.global.verbose);
    // Boxed, for each holds a whole configuration.
    let running: Pin<Box<dyn Future<Output = Result<Exit>> + '_>> = match cli.command {
        Command::Init(args) => Box::pin(init::run(config, args, printer)),
        Command::Ingest(args) => Box::pin(ingest::run(config, args, printer)),
        Command::Search(args) => Box::pin(search::run(config, args, printer)),
        Command::Query(args) => Box::pin(query::run(config, args, printer)),
        Command::Extract(ref args) => Box::pin(extract::run(&config, args, printer)),
        Command::Documents(command) => Box::pin(documents::run(config, command, printer)),
        Command::Agents(command) => Box::pin(agents::run(config, command, printer)),
        Command::Chat(ref args) => Box::pin(chat::run(config, args, printer)),
        Command::Conversations(command) => Box::pin(conversations::run(config, command, printer)),
        Command::Contacts(command) => Box::pin(contacts::run(config, command, printer)),
        Command::Channels(args) => Box::pin(channels::run(config, args, printer)),
        Command::Templates(command) => Box::pin(templates::run(config, command, printer)),
        Command::Webhook(command) => Box::pin(webhook::run(config, command, printer)),
        Command::Simulate(command) => Box::pin(simulate::run(&config, command, printer)),
        Command::Jobs(command) => Box::pin(jobs::run(config, command, printer)),
        Command::Billing(command) => Box::pin(billing::run(config, command, printer)),
        Command::Reindex(args) => Box::pin(reindex::run(config, args, printer)),
        Command::Models(command) => Box::pin(models::run(&config, command, printer)),
        Command::Config(_) => return config::show(&config, printer),
        Command::Users(command) => Box::pin(users::run(config, command, printer)),
        Command::Questions(command) => Box::pin(questions::run(config, command, printer)),
        Command::Audit { limit, page } => Box::pin(audit::run(config, page, limit, printer)),
        Command::Usage { months } => Box::pin(usage::run(config, months, printer)),
        Command::Status => Box::pin(status::run(config, printer)),
        // Done above.
        Command::Completions(_) | Command::Man(_) => return Ok(Exit::Success),
    };
    running.await
}

fn sources(global: &Global) -> ConfigSources {
    ConfigSources {
        file: global.config.clone(),
        data_dir: global.data_dir.clone(),
        ..ConfigSources::from_process()
    }
}

/// Logs go to stderr. A command line tool is silent unless asked: warnings only, more with `-v`.
fn start_logging(config: &Config, verbose: u8) {
    let ours = match verbose {
        0 => "warn",
        1 => config.log.level.as_str(),
        _ => "debug",
    };
    let theirs = if verbose > 2 { "info" } else { "error" };
    let filter = std::env::var("AGENTCTL_LOG")
        .unwrap_or_else(|_| format!("{theirs},agent_core={ours},agentctl={ours}"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        )
        .with_writer(std::io::stderr)
        .with_target(verbose > 1);
    // A second call would be a defect, and harmless.
    let _ = match config.log.format {
        LogFormat::Text => builder.without_time().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// The agent that `--agent` names, by id or name.
async fn agent_id(engine: &Engine, agent: Option<&str>) -> Result<Option<AgentId>> {
    match agent {
        Some(agent) => Ok(Some(engine.find_agent(agent).await?.id)),
        None => Ok(None),
    }
}
