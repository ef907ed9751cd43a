//! Keeps a deployment in step with a folder: reads what is new, removes what is gone, says what happened.
//!
//! `cargo run --workspace --example watch_folder -- DATA_DIR FOLDER`, from a timer of the system's: one run
//! brings everything up to date and ends.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;
use std::sync::Arc;

use agent_core::ingest::{IngestEvent, Outcome};
use agent_core::{Config, ConfigSources, Engine, IngestOptions, Result, Stop};

async fn bring_up_to_date(data_dir: String, folder: String) -> Result<usize> {
    let sources = ConfigSources { data_dir: Some(data_dir.into()), ..ConfigSources::from_process() };
    let (engine, _) = Engine::init(Config::load(&sources)?, None).await?;
    let options = IngestOptions { paths: vec![folder.into()], prune: true, ..IngestOptions::default() };
    let on_event = Arc::new(|event: IngestEvent| {
        if let IngestEvent::Done(report) = event
            && report.status != Outcome::Unchanged
        {
            println!("{:?}: {}", report.status, report.path);
        }
    });
    let report = engine.ingest(&options, on_event, Stop::default()).await?;
    engine.close().await?;
    Ok(report.totals.failed)
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = agent_core::run_parse_worker_if_asked() {
        return code;
    }
    let mut arguments = std::env::args().skip(1);
    let (Some(data_dir), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: watch_folder DATA_DIR FOLDER");
        return ExitCode::from(2);
    };
    match bring_up_to_date(data_dir, folder).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} documents could not be read");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
