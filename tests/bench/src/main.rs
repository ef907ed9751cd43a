//! Measures what users wait for, against the targets of the project: `make bench`.
//!
//! One file a measurement. Figures are printed as they come, and written to a JSON file. A missed
//! target is reported, not an error: what a busy machine measures says nothing.

#![allow(clippy::print_stdout, reason = "a program that prints its figures")]
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times become figures for people"
)]

mod bare;
mod billing;
mod daemon;
mod embedding;
mod ingest;
mod jobs;
mod memory;
mod options;
mod program;
mod report;
mod retrieval;
mod rounds;
mod server;
mod setting;
mod size;
mod start;
mod texts;
mod unchanged;
mod whatsapp;

use anyhow::Result;

use options::Options;
use report::Report;
use setting::Setting;

/// A measurement and the name that `--only` knows it by; the quick ones first.
type Measurement = (&'static str, fn(&Setting, &mut Report) -> Result<()>);

const MEASUREMENTS: [Measurement; 12] = [
    ("size", size::measure),
    ("start", start::measure),
    ("jobs", jobs::measure),
    ("embedding", embedding::measure),
    ("ingest", ingest::measure),
    ("retrieval", retrieval::measure),
    ("unchanged", unchanged::measure),
    ("daemon", daemon::measure),
    ("whatsapp", whatsapp::measure),
    ("billing", billing::measure),
    ("memory", memory::measure),
    ("inbox", whatsapp::inbox::measure),
];

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some(daemon::BARE) {
        return daemon::serve_bare();
    }
    let Some(options) = Options::parse(std::env::args().skip(1), &MEASUREMENTS.map(|(name, _)| name))? else {
        println!("{}", options::USAGE);
        return Ok(());
    };
    let setting = Setting::new(options)?;
    let mut report = Report::begin(&setting.options.json)?;
    for (name, measure) in MEASUREMENTS {
        if setting.options.wants(name) {
            report.section(name);
            measure(&setting, &mut report)?;
            report.write()?;
        }
    }
    report.finish()
}
