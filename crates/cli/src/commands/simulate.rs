//! `agentctl simulate`: WhatsApp without Meta, on this machine only.
//!
//! What is simulated is in the crate `simulator`; here is only where the daemon is and what is printed.

mod graph;
mod run;

use std::path::Path;

use agent_core::{Config, Error, Result as CoreResult};
use anyhow::Result;
use serde_json::json;
use simulator::{Scenario, Webhook};

use crate::args::{SimulateCommand, Target};
use crate::channel::{app_secret, named_or_only, secret_in, webhook_address};
use crate::exit::Exit;
use crate::output::{Printer, table};

/// Runs the fake Graph API, plays a scenario, or lists those there are.
pub async fn run(config: &Config, command: SimulateCommand, printer: &Printer) -> Result<Exit> {
    match command {
        SimulateCommand::Graph(args) => graph::run(config, &args, printer).await,
        SimulateCommand::Run(args) => run::run(config, &args, printer).await,
        SimulateCommand::Scenarios { name } => scenarios(name.as_deref(), printer),
    }
}

fn scenarios(name: Option<&str>, printer: &Printer) -> Result<Exit> {
    if let Some(name) = name {
        let source = Scenario::source(name).ok_or_else(|| unknown(name))?;
        printer.result(&json!({ "name": name, "source": source }), |_| source.to_owned())?;
        return Ok(Exit::Success);
    }
    let all = Scenario::built_in();
    let listed: Vec<_> =
        all.iter().map(|(name, text)| json!({ "name": name, "description": text })).collect();
    printer.result(&json!({ "scenarios": listed }), |_| {
        let rows: Vec<_> = all.iter().map(|(name, text)| vec![(*name).to_owned(), text.clone()]).collect();
        table(&rows)
    })?;
    Ok(Exit::Success)
}

/// A scenario that comes along, or one in a file.
fn scenario(named: &str) -> CoreResult<Scenario> {
    if let Some(scenario) = Scenario::named(named) {
        return Ok(scenario);
    }
    let file = Path::new(named);
    if !file.exists() && file.extension().is_none() {
        return Err(unknown(named));
    }
    let text = std::fs::read_to_string(file).map_err(|e| Error::io("read", file, e))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Scenario::parse(&text, folder).map_err(|error| Error::invalid(format!("{named}: {error}")))
}

fn unknown(name: &str) -> Error {
    Error::not_found(format!("there is no scenario `{name}`: `agentctl simulate scenarios` lists them"))
}

impl Target {
    /// The webhook that is meant: typed, or the configuration's.
    fn webhook(&self, config: &Config) -> CoreResult<Webhook> {
        let channel = || named_or_only(config, self.channel.as_deref());
        let secret = match &self.app_secret_file {
            Some(file) => secret_in(file)?,
            None => app_secret(channel()?.1)?.to_owned(),
        };
        let url = match &self.webhook {
            Some(url) => url.clone(),
            None => webhook_address(config, channel()?.0),
        };
        Webhook::new(&url, &secret).map_err(|error| Error::invalid(error.to_string()))
    }
}
