//! `agentctl config`

use agent_core::config::{Mistake, Paths, Remark};
use agent_core::{Config, ConfigSources, Engine};
use anyhow::{Context, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::output::Printer;

/// Shows the configuration in force.
pub fn show(config: &Config, printer: &Printer) -> Result<Exit> {
    let text = toml::to_string_pretty(config).context("the configuration cannot be written as TOML")?;
    printer.result(config, |_| text)?;
    Ok(Exit::Success)
}

/// Says everything that is wrong with the configuration, also with the names in it that the data directory has to
/// know; and what is odd.
pub async fn check(sources: &ConfigSources, printer: &Printer) -> Result<Exit> {
    let checked = Config::check(sources);
    let (file, _) = sources.config_file(&Paths::of(sources));
    let read = file.exists();
    let mut mistakes = checked.mistakes.clone();
    let mut warnings: Vec<Mistake> = Vec::new();
    if let Some(config) = &checked.config {
        warnings.extend(config.oddities().into_iter().map(|(key, text)| checked.mistake(&key, text)));
        for Remark { key, text, mistake } in config.remarks() {
            let found = if mistake { &mut mistakes } else { &mut warnings };
            found.push(checked.mistake(&key, text));
        }
        match unknown_names(config).await {
            Ok(unknown) => {
                // What stands in for something wrong says nothing.
                let known: Vec<String> = mistakes.iter().map(|mistake| mistake.key.clone()).collect();
                let unknown = unknown.into_iter().filter(|(key, _)| !known.contains(key));
                mistakes.extend(unknown.map(|(key, text)| checked.mistake(&key, text)));
            }
            Err(error) => warnings.push(checked.mistake(
                "whatsapp.channels",
                format!("the agents that channels name could not be looked up: {error}"),
            )),
        }
    }
    mistakes.sort();
    warnings.sort();
    let ok = mistakes.is_empty();
    let value = json!({ "ok": ok, "file": file, "read": read, "mistakes": mistakes, "warnings": warnings });
    printer.result(&value, |_| {
        let mut out: String = mistakes.iter().map(|mistake| format!("mistake: {mistake}\n")).collect();
        out.extend(warnings.iter().map(|warning| format!("warning: {warning}\n")));
        out.push_str(&match (mistakes.len(), read) {
            (0, true) => format!("{} is fine.", file.display()),
            (0, false) => "No configuration file; the defaults are in force.".to_owned(),
            (1, _) => "1 mistake.".to_owned(),
            (many, _) => format!("{many} mistakes."),
        });
        out
    })?;
    Ok(if ok { Exit::Success } else { Exit::Invalid })
}

/// Agents and organizations that channels name and the data directory does not have. Without a data directory there
/// is nothing to compare with.
async fn unknown_names(config: &Config) -> Result<Vec<(String, String)>, agent_core::Error> {
    if config.whatsapp.channels.is_empty() || !config.paths.database().exists() {
        return Ok(Vec::new());
    }
    let engine = Engine::open(config.clone()).await?;
    let unknown = engine.channel_mistakes().await;
    engine.close().await?;
    unknown
}

/// Which file is read and where things lie; works with a broken configuration too.
pub fn path(sources: &ConfigSources, printer: &Printer) -> Result<Exit> {
    let defaults = ConfigSources { file: None, ..sources.clone() };
    let paths = Paths::of(&defaults);
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
