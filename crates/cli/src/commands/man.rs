//! `agentctl man`

use std::path::Path;

use agent_core::Error;
use anyhow::Result;
use serde_json::json;

use crate::args::{Cli, ManArgs};
use crate::exit::Exit;
use crate::output::{Printer, count};

/// Prints the page of one command, or writes the pages of all.
pub fn run(args: &ManArgs, printer: &Printer) -> Result<Exit> {
    let mut whole = Cli::command_with_examples();
    whole.build();
    if let Some(folder) = &args.dir {
        std::fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
        let written = write_all(&whole, "agentctl", folder)?;
        let value = json!({ "folder": folder, "pages": written });
        printer.result(&value, |_| format!("{} in {}.", count(written, "page"), folder.display()))?;
        return Ok(Exit::Success);
    }
    let mut command = &whole;
    let mut name = "agentctl".to_owned();
    for word in &args.command {
        let found = command.find_subcommand(word).filter(|sub| !sub.is_hide_set());
        command = found.ok_or_else(|| {
            Error::not_found(format!("there is no command `{name} {word}`: `{name} --help` lists them"))
        })?;
        name = format!("{name} {}", command.get_name());
    }
    printer.piece(&String::from_utf8_lossy(&page(command, &name)?))?;
    Ok(Exit::Success)
}

/// Writes the page of a command and those of its commands, `agentctl-documents-list.1`; how many.
fn write_all(command: &clap::Command, name: &str, folder: &Path) -> Result<usize> {
    let file = folder.join(format!("{}.1", name.replace(' ', "-")));
    std::fs::write(&file, page(command, name)?).map_err(|e| Error::io("write", &file, e))?;
    let mut written = 1;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        written += write_all(sub, &format!("{name} {}", sub.get_name()), folder)?;
    }
    Ok(written)
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = command.clone().display_name(name.replace(' ', "-")).bin_name(name.to_owned());
    clap_mangen::Man::new(command).title(name.replace(' ', "-")).render(&mut page)?;
    Ok(page)
}
