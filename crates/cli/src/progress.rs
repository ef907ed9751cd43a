//! What is going on: a bar on stderr, only where a terminal shows it, and on stdout a line for each document
//! when it is done, for people. That another process is waited for is told always.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_core::IngestEvent;
use agent_core::embed::DownloadProgress;
use agent_core::ingest::{DocumentReport, OnEvent, Outcome};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::output::{Printer, name, shorten};

const WAITING: &str = "another process is writing to this data directory: waiting for it";
/// Steps of the bar a document, so that a long one moves it too.
const STEPS: u64 = 1000;

type Line = dyn Fn(&DocumentReport) -> Option<String> + Send + Sync;

/// The lines of documents that are done.
#[derive(Clone)]
pub struct Lines(Option<Arc<Line>>);

impl Lines {
    /// Lines as `line` writes them; none where the result is JSON.
    pub fn of(
        printer: &Printer,
        line: impl Fn(&DocumentReport) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self((!printer.is_json()).then(|| Arc::new(line) as Arc<Line>))
    }

    /// No lines: the result tells everything.
    pub fn none() -> Self {
        Self(None)
    }
}

/// Shows how documents get on.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    printer: Printer,
    lines: Lines,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    documents: usize,
    done: usize,
    embedded: usize,
    /// Chunks of documents that were read, and how many have their vectors, in the order of embedding.
    open: VecDeque<(usize, usize)>,
    reading: String,
}

impl State {
    fn embed(&mut self, mut count: usize) {
        self.embedded += count;
        while let Some((chunks, embedded)) = self.open.front_mut() {
            let take = count.min(*chunks - *embedded);
            *embedded += take;
            count -= take;
            if *embedded < *chunks {
                break;
            }
            self.open.pop_front();
            self.done += 1;
        }
    }

    fn waiting(&self) -> usize {
        self.open.iter().map(|(chunks, embedded)| chunks - embedded).sum()
    }

    fn message(&self) -> String {
        let mut parts = vec![format!("{}/{}", self.done.min(self.documents), self.documents)];
        if self.embedded + self.waiting() > 0 {
            parts.push(format!("{}/{} chunks", self.embedded, self.embedded + self.waiting()));
        }
        if !self.reading.is_empty() {
            parts.push(self.reading.clone());
        }
        parts.join("  ")
    }
}

impl Progress {
    /// A bar that counts documents, and lines of those that are done.
    pub fn begin(printer: &Printer, lines: Lines) -> Self {
        let bar = if printer.shows_progress() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        bar.set_style(style("{spinner} {bar:20} {left}  {wide_msg}").with_key("left", time_left));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, printer: printer.clone(), lines, state: Arc::default() }
    }

    /// What feeds it.
    pub fn on_event(&self) -> OnEvent {
        let progress = self.clone();
        Arc::new(move |event| progress.take(event))
    }

    /// Does something on the terminal with the bar out of the way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn take(&self, event: IngestEvent) {
        // Whatever panicked while it counted, the count is for the eye only.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            IngestEvent::Found(count) => {
                state.documents = count;
                self.bar.set_length(count as u64 * STEPS);
            }
            IngestEvent::Reading(path) => state.reading = file_name(&path),
            IngestEvent::Read { path, pages, chunks } => {
                state.open.push_back((chunks, 0));
                let pages = if pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
                state.reading = format!("{pages}  {}", file_name(&path));
            }
            IngestEvent::Embedded(count) => state.embed(count),
            IngestEvent::Done(report) => {
                // Those that are embedded count as soon as they are; they are made current many at once.
                if !matches!(report.status, Outcome::Removed | Outcome::Ingested | Outcome::Updated) {
                    state.done += 1;
                }
                if let Some(line) = self.lines.0.as_ref().and_then(|line| line(&report)) {
                    // Who no longer listens is told of by the result.
                    let _ = self.bar.suspend(|| self.printer.line(&line));
                }
            }
            IngestEvent::Waiting if self.printer.shows_progress() => self.bar.println(WAITING),
            // Whoever sees no bar has to know all the same why nothing happens.
            IngestEvent::Waiting => self.printer.aside(WAITING),
            IngestEvent::Optimising => "optimising the index".clone_into(&mut state.reading),
        }
        if !self.printer.shows_progress() {
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "documents are counted in thousands")]
        let within =
            |(chunks, embedded): &(usize, usize)| (embedded * STEPS as usize / chunks.max(&1)) as u64;
        let open = state.open.iter().map(within).sum::<u64>();
        self.bar.set_position(state.done.min(state.documents) as u64 * STEPS + open);
        self.bar.set_message(state.message());
    }
}

/// Nothing while nothing tells.
fn time_left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    let text = match state.eta().as_secs() {
        _ if state.pos() == 0 => String::new(),
        seconds @ 0..=99 => format!("{seconds} s left"),
        seconds => format!("{} min left", seconds.div_ceil(60)),
    };
    // The bar is for the eye: nobody can be told that it could not be written.
    let _ = write!(out, "{text:<11}");
}

fn file_name(path: &str) -> String {
    shorten(&name(path.rsplit('/').next().unwrap_or(path)), 32)
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
