//! `agentctl completions`

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::Exit;
use crate::output::Printer;

/// Prints completions for a shell.
pub fn run(args: &CompletionsArgs, printer: &Printer) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "agentctl", &mut script);
    printer.piece(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
