//! `agentctl models`

mod test_chat;

use std::sync::Arc;

use agent_core::clock::SystemClock;
use agent_core::embed::{Catalogue, CatalogueEntry, ModelHub, ModelHubConfig, ModelState};
use agent_core::{Config, Error};
use anyhow::Result;
use serde_json::json;

use crate::args::ModelsCommand;
use crate::exit::Exit;
use crate::output::Printer;
use crate::progress;
use crate::table::{Cell, Column};
use crate::terminal::{ASIDE, GOOD};

/// Lists, installs and verifies embedding models, and tries the chat model.
pub async fn run(config: &Config, command: ModelsCommand, printer: &Printer) -> Result<Exit> {
    let catalogue = Catalogue::new(&config.paths);
    match command {
        ModelsCommand::List { installed } => {
            let mut models = catalogue.list();
            models.retain(|m| !installed || m.state == ModelState::Installed);
            let value = json!({ "models": models, "inUse": config.embedding.model });
            printer.result(&value, |_| list(&models, &config.embedding.model, printer))?;
        }
        ModelsCommand::Pull { name } => {
            let hub = ModelHubConfig {
                base_url: std::env::var("HF_ENDPOINT").unwrap_or_else(|_| config.models.hub_url.clone()),
                token: std::env::var("HF_TOKEN").ok(),
                ..ModelHubConfig::default()
            };
            let hub = ModelHub::new(&hub, Arc::new(SystemClock))?;
            let (bar, mut feed) = progress::download_bar(printer);
            let pulled = catalogue.pull(&hub, &name, &mut feed).await;
            bar.finish_and_clear();
            let (path, profile) = pulled?;
            installed(printer, &path, &profile.name)?;
        }
        ModelsCommand::Import { dir, name } => {
            let (path, profile) = catalogue.import(&dir, name.as_deref())?;
            installed(printer, &path, &profile.name)?;
        }
        ModelsCommand::TestChat { model } => return test_chat::run(config, model, printer).await,
        ModelsCommand::Verify { name } => return verify(&catalogue, name, printer),
    }
    Ok(Exit::Success)
}

fn installed(printer: &Printer, path: &std::path::Path, name: &str) -> Result<()> {
    printer.result(&json!({ "name": name, "path": path }), |_| {
        format!(
            "Installed {name} in {}.\nTo use it: embedding.model = \"{name}\", then `agentctl reindex`.",
            path.display()
        )
    })
}

fn verify(catalogue: &Catalogue<'_>, name: Option<String>, printer: &Printer) -> Result<Exit> {
    let names = match name {
        Some(name) => vec![name],
        None => catalogue
            .list()
            .into_iter()
            .filter(|m| m.state == ModelState::Installed)
            .map(|m| m.name)
            .collect(),
    };
    if names.is_empty() {
        return Err(Error::missing(
            "no embedding model is installed: run scripts/setup or `agentctl models pull`",
        )
        .into());
    }
    let found = names.iter().map(|n| catalogue.verify(n)).collect::<Result<Vec<_>, _>>()?;
    let ok = found.iter().all(|v| v.ok);
    printer.result(&json!({ "models": found }), |_| {
        let mut out = String::new();
        for model in &found {
            out.push_str(&format!(
                "{}  {} ({})\n",
                if model.ok { "ok    " } else { "broken" },
                model.name,
                model.path.display()
            ));
            out.extend(model.problems.iter().map(|p| format!("        {p}\n")));
        }
        out
    })?;
    Ok(if ok { Exit::Success } else { Exit::Unavailable })
}

fn list(models: &[CatalogueEntry], in_use: &str, printer: &Printer) -> String {
    let columns = [
        Column::Cut("NAME", 16),
        Column::Whole("STATE"),
        Column::Number("DIM"),
        Column::Cut("LANGUAGES", 9),
        Column::Whole("LICENCE"),
    ];
    let row = |m: &CatalogueEntry| {
        let state = match m.state {
            ModelState::Installed if m.name == in_use => Cell::styled("in use", GOOD),
            ModelState::Installed => "installed".into(),
            ModelState::Available => Cell::styled("available", ASIDE),
        };
        let languages = m.languages.join(",");
        vec![m.name.as_str().into(), state, m.dimension.into(), languages.into(), m.license.as_str().into()]
    };
    printer.table(&columns, models.iter().map(row).collect())
}
