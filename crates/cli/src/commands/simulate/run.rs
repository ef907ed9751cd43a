//! `agentctl simulate run`: plays a scenario against a running daemon.

use std::net::SocketAddr;

use agent_core::clock::{Clock, SystemClock};
use agent_core::{Config, Error, Result as CoreResult};
use anyhow::Result;
use serde_json::json;
use simulator::{Simulation, Webhook};

use super::graph::start;
use super::scenario;
use crate::args::SimulateRunArgs;
use crate::channel::named_or_only;
use crate::exit::Exit;
use crate::output::Printer;
use crate::stop::told_to_end;

/// Plays it to its end; the exit code says whether everybody was answered as they should be.
pub async fn run(config: &Config, args: &SimulateRunArgs, printer: &Printer) -> Result<Exit> {
    let mut scenario = scenario(&args.scenario)?;
    if let Some(customers) = args.customers {
        scenario.customers = customers;
        scenario.check().map_err(|error| Error::invalid(error.to_string()))?;
    }
    let webhook = args.target.webhook(config)?;
    let phone_number_id = match &args.phone_number_id {
        Some(id) => id.clone(),
        None => named_or_only(config, args.target.channel.as_deref())?.1.phone_number_id.clone(),
    };
    let graph = start(graph_address(config, args.bind)?).await?;
    is_taken(&webhook).await?;
    printer.note(format!(
        "{} customers write; the Graph API is at {}. Ctrl-C ends it.",
        scenario.customers,
        graph.base_url()
    ));
    let now = u64::try_from(SystemClock.now().timestamp()).unwrap_or_default();
    let simulation = Simulation { webhook, phone_number_id, now, seed: args.seed };
    let verdict = tokio::select! {
        verdict = simulation.run(&scenario, &graph) => verdict,
        () = told_to_end() => return Ok(Exit::Interrupted),
    };
    printer.result(&verdict, ToString::to_string)?;
    Ok(if verdict.is_clean() { Exit::Success } else { Exit::Faulty })
}

/// Where the daemon looks for the Graph API, if that is here.
fn graph_address(config: &Config, typed: Option<SocketAddr>) -> CoreResult<SocketAddr> {
    if let Some(address) = typed {
        return Ok(address);
    }
    let base_url = &config.whatsapp.base_url;
    let host = base_url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let host = host.map(|host| host.replace("localhost:", "127.0.0.1:"));
    let address: Option<SocketAddr> = host.and_then(|host| host.parse().ok());
    address.filter(|address| address.ip().is_loopback()).ok_or_else(|| {
        Error::config(format!(
            "whatsapp.base_url is {base_url}: set it to an address of this machine such as \
             http://127.0.0.1:9100, and start agentd again; or say where it sends to with --bind"
        ))
    })
}

/// Posts a webhook that says nothing, signed: a daemon that is there and knows the secret takes it.
async fn is_taken(webhook: &Webhook) -> CoreResult<()> {
    let nothing = json!({ "object": "whatsapp_business_account", "entry": [] });
    match webhook.post(&nothing).await {
        Ok(200) => Ok(()),
        Ok(401 | 403) => Err(Error::invalid("the daemon does not accept the app secret of this channel")),
        Ok(404) => Err(Error::not_found("there is no webhook at that address: see --webhook and --channel")),
        Ok(status) => Err(Error::unavailable(format!("the webhook answers {status}"))),
        Err(error) => {
            let text = "the webhook cannot be reached: is agentd running, and is that its address?";
            Err(Error::unavailable(text).with_source(error))
        }
    }
}
