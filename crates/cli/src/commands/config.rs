//! `agentctl config`

use agent_core::config::Remark;
use agent_core::{Config, ConfigSources};
use anyhow::{Context, Result};
use serde_json::json;

use crate::args::ConfigCommand;
use crate::exit::Exit;
use crate::output::Printer;

/// Shows or checks the configuration; it was loaded, so it is right.
pub fn run(
    config: &Config,
    sources: &ConfigSources,
    command: &ConfigCommand,
    printer: &Printer,
) -> Result<Exit> {
    match command {
        ConfigCommand::Show => {
            let text =
                toml::to_string_pretty(config).context("the configuration cannot be written as TOML")?;
            printer.result(config, |_| text)?;
        }
        ConfigCommand::Check => {
            let (file, _) = sources.config_file(&config.paths);
            let read = file.exists();
            let (mistakes, warnings): (Vec<_>, Vec<_>) =
                config.remarks().into_iter().partition(|r| r.mistake);
            let ok = mistakes.is_empty();
            let value = json!({
                "ok": ok, "file": file, "read": read, "mistakes": mistakes, "warnings": warnings,
            });
            printer.result(&value, |_| {
                let fine = match (ok, read) {
                    (false, _) => format!("{} is not right.", file.display()),
                    (true, true) => format!("{} is fine.", file.display()),
                    (true, false) => "No configuration file; the defaults are in force.".to_owned(),
                };
                let named = |label: &'static str, remarks: &[Remark]| {
                    remarks.iter().map(|remark| format!("{label}: {remark}\n")).collect::<String>()
                };
                format!("{}{}{fine}", named("mistake", &mistakes), named("warning", &warnings))
            })?;
            if !ok {
                return Ok(Exit::Invalid);
            }
        }
        ConfigCommand::Path => return path(sources, printer),
    }
    Ok(Exit::Success)
}

/// Which file is read and where things lie; works with a broken configuration too.
pub fn path(sources: &ConfigSources, printer: &Printer) -> Result<Exit> {
    let defaults = ConfigSources { file: None, ..sources.clone() };
    let paths = agent_core::config::Paths::of(&defaults);
    let (file, _) = sources.config_file(&paths);
    let value = json!({
        "config": file,
        "exists": file.exists(),
        "dataDir": paths.data_dir,
        "models": paths.runtime_home.join("models"),
        "libraries": paths.runtime_home.join("lib"),
    });
    printer.result(&value, |_| {
        let missing = if file.exists() { "" } else { "  (not there: defaults)" };
        format!(
            "config:     {}{missing}\ndata:       {}\nmodels:     {}\nlibraries:  {}",
            file.display(),
            paths.data_dir.display(),
            paths.runtime_home.join("models").display(),
            paths.runtime_home.join("lib").display()
        )
    })?;
    Ok(Exit::Success)
}
