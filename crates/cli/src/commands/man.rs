//! `agentctl man`

use anyhow::Result;
use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Printer;

/// Prints the manual page, with a section for every command and for every command of it.
pub fn run(printer: &Printer) -> Result<Exit> {
    let mut page = Vec::new();
    let command = Cli::command();
    let man = clap_mangen::Man::new(command.clone());
    man.render(&mut page)?;
    sections(&command, "agentctl", &mut page)?;
    printer.piece(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Success)
}

fn sections(command: &clap::Command, name: &str, page: &mut Vec<u8>) -> Result<()> {
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        let name = format!("{name} {}", sub.get_name());
        let section = clap_mangen::Man::new(sub.clone().display_name(name.clone()).bin_name(name.clone()));
        section.render_synopsis_section(page)?;
        section.render_description_section(page)?;
        section.render_options_section(page)?;
        sections(sub, &name, page)?;
    }
    Ok(())
}
