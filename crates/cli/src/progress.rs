//! Progress bars on stderr, only where a terminal shows them; that another process is waited for, always.

use std::sync::Arc;
use std::time::Duration;

use agent_core::IngestEvent;
use agent_core::embed::DownloadProgress;
use agent_core::ingest::{OnEvent, Outcome};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Printer, shorten};

const WAITING: &str = "another process is writing to this data directory: waiting for it";

/// A bar that counts documents, and what feeds it.
pub fn ingest_bar(printer: &Printer) -> (ProgressBar, OnEvent) {
    let bar = if printer.shows_progress() { ProgressBar::no_length() } else { ProgressBar::hidden() };
    bar.set_style(style("{spinner} {pos}/{len} documents  {bar:24}  {msg}"));
    bar.enable_steady_tick(Duration::from_millis(120));
    let (shown, printer) = (bar.clone(), printer.clone());
    let chunks = std::sync::atomic::AtomicUsize::new(0);
    let feed: OnEvent = Arc::new(move |event| match event {
        IngestEvent::Found(count) => shown.set_length(u64::try_from(count).unwrap_or(u64::MAX)),
        IngestEvent::Done(report) => {
            if report.status == Outcome::Failed {
                let name = report.path.rsplit('/').next().unwrap_or(&report.path);
                let reason = report.error.as_deref().unwrap_or("failed");
                // One line of a narrow terminal; the report at the end has the whole reason.
                shown.println(shorten(&format!("failed: {name}: {reason}"), 79));
            }
            if report.status != Outcome::Removed {
                shown.inc(1);
            }
        }
        IngestEvent::Embedded(count) => {
            let all = chunks.fetch_add(count, std::sync::atomic::Ordering::Relaxed) + count;
            shown.set_message(format!("{all} chunks embedded"));
        }
        IngestEvent::Waiting if printer.shows_progress() => shown.println(WAITING),
        // Whoever sees no bar has to know all the same why nothing happens.
        IngestEvent::Waiting => printer.aside(WAITING),
        IngestEvent::Optimising => shown.set_message("optimising the index"),
    });
    (bar, feed)
}

/// A bar that counts bytes of a download, and what feeds it.
pub fn download_bar(printer: &Printer) -> (ProgressBar, impl FnMut(DownloadProgress) + Send + use<>) {
    let bar = if printer.shows_progress() { ProgressBar::no_length() } else { ProgressBar::hidden() };
    bar.set_style(style("{msg}  {bar:24}  {bytes}/{total_bytes}  {bytes_per_sec}"));
    let shown = bar.clone();
    let feed = move |progress: DownloadProgress| {
        shown.set_message(format!("{} ({}/{})", progress.file, progress.file_index + 1, progress.file_count));
        if let Some(total) = progress.total_bytes {
            shown.set_length(total);
        }
        shown.set_position(progress.done_bytes);
    };
    (bar, feed)
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants; a wrong one would show the default bar.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
