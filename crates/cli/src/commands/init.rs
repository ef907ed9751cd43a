//! `agentctl init`

use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use crate::args::InitArgs;
use crate::exit::Exit;
use crate::output::Printer;

/// Makes the data directory, the organization and its first agent; says so if they are there.
pub async fn run(config: Config, args: InitArgs, printer: &Printer) -> Result<Exit> {
    let folder = config.paths.data_dir.display().to_string();
    let (engine, created) = Engine::init(config, Some(&args.name)).await?;
    let organization = engine.organization().clone();
    let value = json!({ "created": created, "dataDir": folder, "organization": organization });
    printer.result(&value, |_| {
        if created {
            format!("Initialised {folder} for “{}”.", organization.name)
        } else {
            format!("{folder} is there already, for “{}”.", organization.name)
        }
    })?;
    engine.close().await?;
    Ok(Exit::Success)
}
