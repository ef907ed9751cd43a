//! `agentctl`: the program. Parses the command line, runs the command, turns its outcome into an exit
//! code. Everything else is in the modules.

mod args;
mod audit;
mod batch;
mod channel;
mod commands;
mod delivery;
mod exit;
mod output;
mod phone;
mod progress;
mod stop;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Printer;

fn main() -> ExitCode {
    // A child process that only parses a document: nothing of the command line is looked at.
    if let Some(code) = agent_core::run_parse_worker_if_asked() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::after_usage(&error),
    };
    let printer = Printer::new(cli.global.json, cli.global.quiet, !cli.global.no_progress);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Exit::Internal
                .after(&printer, &format!("the program could not start its threads: {error}"));
        }
    };
    match runtime.block_on(commands::run(cli, &printer)) {
        Ok(exit) => exit.into(),
        Err(error) => exit::after_error(&printer, &error),
    }
}
