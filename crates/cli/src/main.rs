//! `agentctl`: the program. Parses the command line, runs the command, turns its outcome into an exit
//! code. Everything else is in the modules.

mod args;
mod audit;
mod batch;
mod channel;
mod commands;
mod complete;
mod delivery;
mod exit;
mod output;
mod password;
mod phone;
mod progress;
mod stop;
mod table;
mod terminal;
mod times;

use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Printer;

fn main() -> ExitCode {
    // A child process that only parses a document: nothing of the command line is looked at.
    if let Some(code) = agent_core::run_parse_worker_if_asked() {
        return code;
    }
    // A shell that asks for completions is answered, and nothing else happens.
    clap_complete::CompleteEnv::with_factory(Cli::command_with_examples).complete();
    let parsed = Cli::command_with_examples().try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return exit::after_usage(&error),
    };
    let printer = Printer::new(cli.global.form(), cli.global.quiet, !cli.global.no_progress);
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
