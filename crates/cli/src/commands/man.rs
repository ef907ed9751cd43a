//! `agentctl man`

use anyhow::Result;
use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Printer;

/// Prints the manual page, with a section for every command.
pub fn run(printer: &Printer) -> Result<Exit> {
    let mut page = Vec::new();
    let command = Cli::command();
    let man = clap_mangen::Man::new(command.clone());
    man.render(&mut page)?;
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        let sub = sub.clone().display_name(format!("agentctl {}", sub.get_name()));
        let section = clap_mangen::Man::new(sub);
        section.render_synopsis_section(&mut page)?;
        section.render_description_section(&mut page)?;
        section.render_options_section(&mut page)?;
    }
    printer.piece(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Success)
}
