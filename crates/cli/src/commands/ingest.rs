//! `agentctl ingest`

use std::io::Read;
use std::path::Path;

use agent_core::ingest::{DocumentReport, Outcome};
use agent_core::{Config, Engine, Error, IngestOptions, IngestReport};
use anyhow::Result;
use serde_json::json;

use super::agent_id;
use crate::args::IngestArgs;
use crate::exit::Exit;
use crate::output::Printer;
use crate::{audit, progress, stop};

/// Ingests files, folders and standard input.
pub async fn run(config: Config, args: IngestArgs, printer: &Printer) -> Result<Exit> {
    let dash = Path::new("-");
    let max_bytes = config.ingest.max_file_mb * 1024 * 1024;
    let bytes = args.paths.iter().any(|p| p == dash).then(|| read_stdin(max_bytes)).transpose()?;
    let (engine, _) = Engine::init(config, None).await?;
    let options = IngestOptions {
        paths: args.paths.into_iter().filter(|p| p != dash).collect(),
        bytes: bytes.map(|bytes| (args.name, bytes)),
        agent_id: agent_id(&engine, args.agent.as_deref()).await?,
        metadata: args.metadata.into_iter().collect(),
        prune: args.prune,
        force: args.force,
    };
    let (bar, on_event) = progress::ingest_bar(printer);
    let outcome = engine.ingest(&options, on_event, stop::on_ctrl_c(printer)).await;
    bar.finish_and_clear();
    let report = outcome?;
    note(&engine, &report).await;
    engine.close().await?;
    printer.result(&report, text)?;
    Ok(exit(&report))
}

/// One line a run, if it changed anything.
async fn note(engine: &Engine, report: &IngestReport) {
    let t = &report.totals;
    if t.ingested + t.updated + t.removed > 0 {
        let details = json!({ "ingested": t.ingested, "updated": t.updated, "removed": t.removed });
        audit::note(engine, "documents:create", None, details).await;
    }
}

/// How to exit after an ingest or a reindex.
pub fn exit(report: &IngestReport) -> Exit {
    if report.stopped {
        Exit::Interrupted
    } else if report.totals.failed > 0 {
        Exit::SomeFailed
    } else {
        Exit::Success
    }
}

fn read_stdin(max_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(max_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("read", Path::new("standard input"), e))?;
    if bytes.len() as u64 > max_bytes {
        return Err(Error::invalid("standard input is larger than ingest.max_file_mb").into());
    }
    Ok(bytes)
}

/// The report for people: what changed, what failed, one line of totals.
pub fn text(report: &IngestReport) -> String {
    let mut out = String::new();
    let changed = report.documents.iter().filter(|d| d.status != Outcome::Unchanged);
    for document in changed {
        out.push_str(&line(document));
        out.push('\n');
        out.push_str(&notes(document));
    }
    let t = &report.totals;
    let mut parts = Vec::new();
    for (count, what) in [
        (t.ingested, "ingested"),
        (t.updated, "updated"),
        (t.unchanged, "unchanged"),
        (t.removed, "removed"),
        (t.failed, "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if parts.is_empty() {
        parts.push("nothing to do".to_owned());
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds for people")]
    let seconds = report.elapsed_ms as f64 / 1000.0;
    let stopped = if report.stopped { " Stopped: run it again to continue." } else { "" };
    out.push_str(&format!("{} in {seconds:.1} s, {} new chunks.{stopped}", parts.join(", "), t.chunks));
    out
}

/// Notes of one document shown at most; `documents show` has all of them.
const MAX_NOTES: usize = 5;

/// What of a document was not read, and what is not sure: a line each.
fn notes(document: &DocumentReport) -> String {
    let shown = document.notes.iter().take(MAX_NOTES).map(|note| format!("           note: {note}\n"));
    let mut out: String = shown.collect();
    if let Some(more @ 1..) = document.notes.len().checked_sub(MAX_NOTES) {
        let id = document.document_id.map(|id| format!(" (`agentctl documents show {id}`)"));
        out.push_str(&format!("           and {more} more notes{}\n", id.unwrap_or_default()));
    }
    out
}

fn line(document: &DocumentReport) -> String {
    let name = document.path.rsplit('/').next().unwrap_or(&document.path);
    let pages = |n: u32| if n == 1 { "1 page".to_owned() } else { format!("{n} pages") };
    match document.status {
        Outcome::Failed => {
            format!("failed     {name}: {}", document.error.as_deref().unwrap_or("unknown reason"))
        }
        Outcome::Removed => format!("removed    {name}"),
        Outcome::Unchanged => format!("unchanged  {name}"),
        Outcome::Ingested => {
            format!("ingested   {name} ({}, {} chunks)", pages(document.pages), document.chunks)
        }
        Outcome::Updated => {
            let version = document.version.unwrap_or(1);
            format!(
                "updated    {name} (version {version}, {}, {} chunks)",
                pages(document.pages),
                document.chunks
            )
        }
    }
}
