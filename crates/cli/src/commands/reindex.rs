//! `agentctl reindex`

use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use super::{documents, ingest};
use crate::args::ReindexArgs;
use crate::exit::Exit;
use crate::output::Printer;
use crate::progress::{Lines, Progress};
use crate::{audit, stop};

/// Rebuilds the index beside the one that answers, or one document within it.
pub async fn run(config: Config, args: ReindexArgs, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let exit = if let Some(id) = args.document {
        documents::reprocess(&engine, &id, printer).await?
    } else {
        let shown = ingest::Shown::of(&[]);
        let lines = Lines::of(printer, move |document| ingest::line(document, &shown, false));
        let progress = Progress::begin(printer, lines);
        let outcome = engine.reindex(progress.on_event(), stop::on_ctrl_c(printer)).await;
        progress.end();
        let report = outcome?;
        audit::note(&engine, "admin:update", None, json!({ "verb": "reindex" })).await;
        printer.result(&report, ingest::summary)?;
        ingest::exit(&report)
    };
    engine.close().await?;
    Ok(exit)
}
