//! Exit codes: one table, documented in the README and in the help, stable for scripts.

use std::ffi::OsString;
use std::process::ExitCode;

use agent_core::ErrorKind;
use agent_core::store::DATABASE_BUSY;
use clap::error::ErrorKind as Usage;

use crate::output::{Form, Printer};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Success = 0,
    /// A defect of this program.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The input or the configuration is wrong, or does not fit the data directory.
    Invalid = 3,
    /// What was asked for does not exist.
    NotFound = 4,
    /// An external service, the disk, or a run-time file is not available.
    Unavailable = 5,
    /// Some documents failed; the others are done.
    SomeFailed = 6,
    /// A simulation was not answered as it should be.
    Faulty = 7,
    /// Interrupted (Ctrl-C); what was complete is kept.
    Interrupted = 130,
}

/// Shown below the help.
pub const TABLE: &str = "\
Exit codes:
  0    success
  1    internal error
  2    wrong command line
  3    invalid input, configuration or data directory
  4    not found
  5    service, disk, model or library not available
  6    some documents failed, the others are done
  7    a simulation was not answered as it should be
  130  interrupted; what was complete is kept";

impl Exit {
    /// Prints a message as an error and becomes an exit code.
    pub fn after(self, printer: &Printer, message: &str) -> ExitCode {
        printer.error(message, self as u8);
        self.into()
    }

    fn of(error: &agent_core::Error) -> Self {
        if error.code() == Some(DATABASE_BUSY) {
            // Nothing is wrong with what was asked for: later it is done.
            return Self::Unavailable;
        }
        match error.kind() {
            ErrorKind::InvalidInput
            | ErrorKind::Config
            | ErrorKind::Incompatible
            | ErrorKind::Conflict
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::QuotaExceeded => Self::Invalid,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Unavailable
            | ErrorKind::Storage
            | ErrorKind::MissingRuntime
            | ErrorKind::TooManyRequests => Self::Unavailable,
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Internal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Help and version are no errors; a wrong command line is, in JSON for scripts that ask for it.
pub fn after_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && asks_for_json(std::env::args_os().skip(1)) {
        return Exit::Usage.after(&Printer::new(Form::Json, false, false), &usage_in_a_line(error));
    }
    // Printing fails only when nobody listens.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() }
}

/// The command line was not understood, so it is looked at word by word.
fn asks_for_json(words: impl Iterator<Item = OsString>) -> bool {
    let mut words = words.take_while(|word| word != "--");
    let mut before = OsString::new();
    words.any(|word| {
        let named = (before == "-o" || before == "--output") && word == "json";
        let asked =
            named || ["--json", "-ojson", "-o=json", "--output=json"].iter().any(|form| word == *form);
        before = word;
        asked
    })
}

fn usage_in_a_line(error: &clap::Error) -> String {
    if error.kind() == Usage::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the command line is not complete: --help shows what belongs to it".to_owned();
    }
    let text = error.render().to_string();
    let for_people = |p: &&str| p.starts_with("Usage:") || p.starts_with("For more information");
    let paragraphs = text.strip_prefix("error: ").unwrap_or(&text).split("\n\n");
    let paragraphs: Vec<String> = paragraphs
        .filter(|p| !for_people(p))
        .map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    paragraphs.join("; ")
}

/// One line for the user; the cause goes to the log.
pub fn after_error(printer: &Printer, error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // `agentctl … | head` has read what it wanted.
        return Exit::Success.into();
    }
    let exit = error.downcast_ref::<agent_core::Error>().map_or(Exit::Internal, Exit::of);
    let mut cause = error.source();
    while let Some(source) = cause {
        tracing::debug!(cause = %source, "caused by");
        cause = source.source();
    }
    exit.after(printer, &error.to_string())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn a_busy_database_is_not_wrong_input() {
        let busy = agent_core::Error::new(ErrorKind::Conflict, "busy").with_code(DATABASE_BUSY);
        assert_eq!(Exit::of(&busy), Exit::Unavailable);
        assert_eq!(Exit::of(&agent_core::Error::new(ErrorKind::Conflict, "there already")), Exit::Invalid);
    }

    #[test]
    fn a_wrong_command_line_is_told_in_one_line() {
        let told = |words: &[&str]| {
            let error = Cli::try_parse_from([&["agentctl"], words].concat()).unwrap_err();
            usage_in_a_line(&error)
        };
        let text = told(&["query", "a?", "--topk", "3"]);
        assert!(text.starts_with("unexpected argument '--topk' found; tip: "), "{text}");
        let text = told(&["ingest"]);
        assert_eq!(text, "the following required arguments were not provided: <PATH>...");
        let text = told(&["search", "a?", "--top-k", "many"]);
        assert!(text.starts_with("invalid value 'many' for '--top-k <N>'"), "{text}");
        assert!(!text.contains("--help"), "{text}");
        assert!(told(&["documents"]).contains("--help"));
    }

    #[test]
    fn json_is_asked_for_before_the_words_that_are_not_options() {
        let asks = |words: &[&str]| asks_for_json(words.iter().map(OsString::from));
        assert!(asks(&["query", "--json"]));
        assert!(!asks(&["query", "--", "--json"]));
    }
}
