//! `agentctl ingest`

use std::io::{IsTerminal, Read, Write, stderr, stdin};
use std::path::{Path, PathBuf};

use agent_core::ingest::{Confirm, DocumentReport, Outcome, Removal, absolute};
use agent_core::{Config, Engine, Error, IngestOptions, IngestReport};
use anyhow::Result;
use serde_json::json;

use super::agent_id;
use crate::args::IngestArgs;
use crate::exit::Exit;
use crate::output::{Printer, name};
use crate::progress::{Lines, Progress};
use crate::{audit, stop};

/// Ingests files, folders and standard input.
pub async fn run(config: Config, args: IngestArgs, printer: &Printer) -> Result<Exit> {
    let dash = Path::new("-");
    let max_bytes = config.ingest.max_file_mb * 1024 * 1024;
    let bytes = args.paths.iter().any(|p| p == dash).then(|| read_stdin(max_bytes)).transpose()?;
    // Looking makes nothing, no data directory either.
    let engine = if args.dry_run { Engine::open(config).await? } else { Engine::init(config, None).await?.0 };
    let paths: Vec<PathBuf> = args.paths.into_iter().filter(|p| p != dash).collect();
    let shown = Shown::of(&paths);
    let lines = Lines::of(printer, move |document| line(document, &shown, args.dry_run));
    let progress = Progress::begin(printer, lines);
    let options = IngestOptions {
        paths,
        bytes: bytes.map(|bytes| (args.name, bytes)),
        agent_id: agent_id(&engine, args.agent.as_deref()).await?,
        metadata: args.metadata.into_iter().collect(),
        source: args.source,
        root: args.root,
        prune: args.prune,
        confirm: confirm(args.yes, &progress),
        gitignore: args.gitignore,
        force: args.force,
        dry_run: args.dry_run,
    };
    let outcome = engine.ingest(&options, progress.on_event(), stop::on_ctrl_c(printer)).await;
    progress.end();
    let report = outcome?;
    if !report.dry_run {
        note(&engine, &report).await;
    }
    engine.close().await?;
    printer.result(&report, summary)?;
    let exit = if args.strict { strict_exit(&report) } else { exit(&report) };
    for problem in &report.problems {
        printer.error(problem, exit as u8);
    }
    Ok(exit)
}

/// Who decides about removing most of the documents: whoever said so beforehand, or sits at the terminal.
fn confirm(yes: bool, progress: &Progress) -> Option<Confirm> {
    if yes {
        return Some(Confirm::by(|_| true));
    }
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return None;
    }
    let progress = progress.clone();
    Some(Confirm::by(move |removal| progress.aside(|| ask(removal))))
}

fn ask(removal: Removal) -> bool {
    let Removal { documents, of } = removal;
    let mut out = stderr().lock();
    let asked = write!(out, "The files of {documents} of {of} documents are gone. Remove them? [y/N] ");
    if asked.and_then(|()| out.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "s" | "sim")
}

/// One line a run, if it changed anything.
async fn note(engine: &Engine, report: &IngestReport) {
    let t = &report.totals;
    if t.ingested + t.updated + t.moved + t.removed > 0 {
        let details = json!({
            "ingested": t.ingested, "updated": t.updated, "moved": t.moved, "removed": t.removed
        });
        audit::note(engine, "documents:create", None, details).await;
    }
}

/// How to exit after an ingest or a reindex.
pub fn exit(report: &IngestReport) -> Exit {
    if report.stopped {
        Exit::Interrupted
    } else if report.missing {
        Exit::NotFound
    } else if !report.problems.is_empty() {
        Exit::Invalid
    } else if report.totals.failed > 0 {
        Exit::SomeFailed
    } else {
        Exit::Success
    }
}

/// The same where a file that is skipped is one too many.
fn strict_exit(report: &IngestReport) -> Exit {
    match exit(report) {
        Exit::Success if report.totals.skipped + report.totals.duplicates > 0 => Exit::SomeFailed,
        exit => exit,
    }
}

fn read_stdin(max_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdin()
        .lock()
        .take(max_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("read", Path::new("standard input"), e))?;
    if bytes.len() as u64 > max_bytes {
        return Err(Error::invalid("standard input is larger than ingest.max_file_mb").into());
    }
    Ok(bytes)
}

/// The totals for people; the documents had their lines when they were done.
pub fn summary(report: &IngestReport) -> String {
    let t = &report.totals;
    let mut parts = Vec::new();
    for (count, what) in [
        (t.ingested, "ingested"),
        (t.updated, "updated"),
        (t.unchanged, "unchanged"),
        (t.moved, "moved"),
        (t.removed, "removed"),
        (t.duplicates, "duplicate"),
        (t.skipped, "skipped"),
        (t.failed, "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if parts.is_empty() {
        parts.push("nothing to do".to_owned());
    }
    if report.dry_run {
        return format!("{}; nothing was changed.", parts.join(", "));
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds for people")]
    let seconds = report.elapsed_ms as f64 / 1000.0;
    let stopped = if report.stopped { " Stopped: run it again to continue." } else { "" };
    format!("{} in {seconds:.1} s, {}.{stopped}", parts.join(", "), counted(t.chunks, "new chunk"))
}

/// The folders that were named: within them, people know their files by shorter paths.
pub struct Shown(Vec<String>);

impl Shown {
    /// Paths below `paths` are shown relative to them.
    pub fn of(paths: &[PathBuf]) -> Self {
        let absolute = paths.iter().filter_map(|path| absolute(path).ok());
        Self(absolute.map(|path| format!("{}/", path.display())).collect())
    }

    fn short<'a>(&self, path: &'a str) -> &'a str {
        let below = self.0.iter().filter_map(|folder| path.strip_prefix(folder.as_str()));
        below.min_by_key(|rest| rest.len()).unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path))
    }

    /// A reason that names a path, with the path as it is shown.
    fn reason(&self, reason: &str) -> String {
        self.0.iter().fold(reason.to_owned(), |text, folder| text.replace(folder.as_str(), ""))
    }
}

/// Notes of one document shown at most; `documents show` has all of them.
const MAX_NOTES: usize = 5;

/// What of a document was not read, and what is not sure: a line each, below the document's own.
fn notes(document: &DocumentReport) -> String {
    let shown = document.notes.iter().take(MAX_NOTES);
    let mut out: String =
        shown.map(|note| format!("\n           note: {}", name(&note.to_string()))).collect();
    if let Some(more @ 1..) = document.notes.len().checked_sub(MAX_NOTES) {
        let id = document.document_id.map(|id| format!(" (`agentctl documents show {id}`)"));
        out.push_str(&format!("\n           and {more} more notes{}", id.unwrap_or_default()));
    }
    out
}

/// The line of a document, if it is worth one, with its notes below it.
pub fn line(document: &DocumentReport, shown: &Shown, dry_run: bool) -> Option<String> {
    let path = name(shown.short(&document.path));
    let size = || {
        let pages = counted(document.pages as usize, "page");
        format!("{pages}, {}", counted(document.chunks as usize, "chunk"))
    };
    let reason = document.error.as_deref().or(document.reason.as_deref()).unwrap_or_default();
    let reason = name(&shown.reason(reason));
    Some(match document.status {
        Outcome::Unchanged => return None,
        Outcome::Ingested if dry_run => format!("new        {path}"),
        Outcome::Updated if dry_run => format!("changed    {path}"),
        Outcome::Removed if dry_run => format!("gone       {path}"),
        Outcome::Ingested => format!("ingested   {path} ({}){}", size(), notes(document)),
        Outcome::Updated => {
            let version = document.version.unwrap_or(1);
            format!("updated    {path} (version {version}, {}){}", size(), notes(document))
        }
        Outcome::Moved => format!("moved      {path}: {reason}"),
        Outcome::Duplicate => format!("duplicate  {path}: {reason}"),
        Outcome::Skipped => format!("skipped    {path}: {reason}"),
        Outcome::Failed => format!("failed     {path}: {reason}"),
        Outcome::Removed => format!("removed    {path}"),
    })
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
