//! `agentctl completions`

use std::ffi::OsString;

use agent_core::Error;
use anyhow::Result;
use clap_complete::env::Shells;

use crate::args::CompletionsArgs;
use crate::exit::Exit;
use crate::output::Printer;

/// Variable by which the shell asks this program for completions (`CompleteEnv` in `main.rs`).
const VARIABLE: &str = "COMPLETE";

/// Prints what registers this program with a shell. The program itself is then asked what fits, so that the
/// names of documents and agents are known.
pub fn run(args: &CompletionsArgs, printer: &Printer) -> Result<Exit> {
    let shells = Shells::builtins();
    let name = args.shell.to_string();
    let shell = shells.completer(&name);
    let shell = shell.ok_or_else(|| Error::invalid(format!("there are no completions for {name}")))?;
    let mut script = Vec::new();
    let program = std::env::args_os().next().unwrap_or_else(|| OsString::from("agentctl"));
    let completer = program.to_string_lossy();
    shell.write_registration(VARIABLE, "agentctl", "agentctl", &completer, &mut script)?;
    printer.piece(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
