//! Exit codes: one table, documented in the README and in the help, stable for scripts.

use std::process::ExitCode;

use agent_core::ErrorKind;

use crate::output::Printer;

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

    fn of(kind: ErrorKind) -> Self {
        match kind {
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

/// Help and version are no errors; a wrong command line is.
pub fn after_usage(error: &clap::Error) -> ExitCode {
    // Printing fails only when nobody listens.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() }
}

/// One line for the user; the cause goes to the log.
pub fn after_error(printer: &Printer, error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // `agentctl … | head` has read what it wanted.
        return Exit::Success.into();
    }
    let exit = error.downcast_ref::<agent_core::Error>().map_or(Exit::Internal, |e| Exit::of(e.kind()));
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
