//! `agentctl reindex`

use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use super::{documents, ingest};
use crate::args::ReindexArgs;
use crate::exit::Exit;
use crate::output::Printer;
use crate::{audit, progress, stop};

/// Rebuilds the index beside the one that answers, or one document within it.
pub async fn run(config: Config, args: ReindexArgs, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let exit = if let Some(id) = args.document {
        documents::reprocess(&engine, &id, printer).await?
    } else {
        let (bar, on_event) = progress::ingest_bar(printer);
        let outcome = engine.reindex(on_event, stop::on_ctrl_c(printer)).await;
        bar.finish_and_clear();
        let report = outcome?;
        audit::note(&engine, "admin:update", None, json!({ "verb": "reindex" })).await;
        printer.result(&report, ingest::text)?;
        ingest::exit(&report)
    };
    engine.close().await?;
    Ok(exit)
}
