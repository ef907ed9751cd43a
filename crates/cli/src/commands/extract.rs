//! `agentctl extract`

use agent_core::{Config, Engine};
use anyhow::Result;

use crate::args::ExtractArgs;
use crate::exit::Exit;
use crate::output::Printer;

/// Shows what is read from one file; nothing is stored.
pub async fn run(config: &Config, args: &ExtractArgs, printer: &Printer) -> Result<Exit> {
    let extracted = Engine::extract(config, &args.file).await?;
    printer.result(&extracted, |extracted| {
        let mut out = format!("type: {}\n", extracted.file_type);
        for (key, value) in &extracted.metadata {
            out.push_str(&format!("{key}: {value}\n"));
        }
        for note in &extracted.notes {
            out.push_str(&format!("note: {note}\n"));
        }
        for page in &extracted.pages {
            out.push_str(&format!("\n--- page {} ---\n{}\n", page.number, page.text));
        }
        out
    })?;
    Ok(Exit::Success)
}
