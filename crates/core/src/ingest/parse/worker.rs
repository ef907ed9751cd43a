//! The parser process: it puts limits on itself, then reads one document after another.
//!
//! Everything here runs before or around hostile input. The limits are set from inside, before the
//! first document is read, so that the parent needs no code between `fork` and `exec`. A panic is
//! caught and becomes a failure of that document; anything worse ends the process, which the parent
//! notices. There is no system-call filter: a parser that is taken over can still open files and
//! sockets as the user that runs the program.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::protocol::{self, Request, Response};
use super::{FailureKind, Limits, ParseFailure, check_size};
use crate::error::plain_io;
use crate::model::{FileType, Parsed};

/// Documents after which a worker makes room for a fresh one.
const MAX_DOCUMENTS: u32 = 2_000;
/// A buffer that one large document left behind is given back above this size.
const KEEP_BUFFER: usize = 1 << 20;
/// Documents between two looks at the worker's own size.
const LOOK_EVERY: u32 = 64;
/// Open files: the pipes, a library, the language data of a child.
const MAX_FILES: u64 = 64;

/// What turns bytes into a document; the tests of the sandbox bring their own.
pub(super) type Parser = fn(&[u8], FileType, &Limits) -> Result<Parsed, ParseFailure>;

/// The main function of a parser process: serves documents from standard input until it ends.
///
/// The program calls it first thing, before it starts threads or opens files.
pub fn worker_main() -> ExitCode {
    panic::set_hook(Box::new(|_| {}));
    match private_streams() {
        Ok((input, output)) => serve(input, output, super::parse),
        Err(_) => ExitCode::FAILURE,
    }
}

/// The pipes to the parent, moved away from where native code reads and prints.
fn private_streams() -> io::Result<(File, File)> {
    let input = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let output = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    let null = fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok((File::from(input), File::from(output)))
}

/// Serves requests until the stream ends, or until this process should be replaced.
pub(super) fn serve(input: impl Read, mut output: impl Write, parser: Parser) -> ExitCode {
    let mut input = BufReader::with_capacity(64 * 1_024, input);
    let mut body = Vec::new();
    // A parent that dies takes its parsers along, even one that is busy and reads no pipe.
    let bound = set_parent_process_death_signal(Some(Signal::KILL));
    let Ok(Some(limits)) = protocol::read::<Limits>(&mut input, &mut body, 0) else {
        return ExitCode::FAILURE;
    };
    let base = address_space();
    if bound.is_err() || confine(&limits, base).is_err() {
        return ExitCode::FAILURE;
    }
    let mut answer = Vec::new();
    for served in 1.. {
        let request = match protocol::read::<Request>(&mut input, &mut body, limits.max_file_bytes) {
            Ok(Some(request)) => request,
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        };
        let outcome =
            panic::catch_unwind(AssertUnwindSafe(|| answer_to(&request, &mut body, &limits, parser)));
        let panicked = outcome.is_err();
        let outcome = outcome.unwrap_or_else(|_| Err(defect()));
        answer.clear();
        let failure = match outcome {
            Ok(parsed) => serde_json::to_writer(&mut answer, &parsed).err().map(|_| defect()),
            Err(failure) => Some(failure),
        };
        if failure.is_some() {
            answer.clear();
        }
        let large = body.capacity().max(answer.capacity()) > KEEP_BUFFER;
        let has_grown = (large || served % LOOK_EVERY == 0)
            && address_space().saturating_sub(base) > limits.memory_bytes / 2;
        let retires = panicked || has_grown || served >= MAX_DOCUMENTS;
        if protocol::write(&mut output, &Response { failure, retires }, &answer).is_err() || retires {
            break;
        }
        if large {
            body = Vec::new();
            answer = Vec::new();
        }
    }
    ExitCode::SUCCESS
}

fn answer_to(
    request: &Request,
    body: &mut Vec<u8>,
    limits: &Limits,
    parser: Parser,
) -> Result<Parsed, ParseFailure> {
    if request.is_path {
        let path = std::mem::take(body);
        read_file(protocol::path_from(&path), body, limits)?;
    }
    parser(body, request.file_type, limits)
}

/// Reads a file into `body`, and never more than the limit, whatever its size is said to be.
fn read_file(path: &Path, body: &mut Vec<u8>, limits: &Limits) -> Result<(), ParseFailure> {
    let unreadable = |error: &io::Error| {
        ParseFailure::new(FailureKind::Unreadable, format!("the file cannot be read: {}", plain_io(error)))
    };
    // Asked before opening: opening a named pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(|e| unreadable(&e))?;
    if !metadata.is_file() {
        return Err(ParseFailure::new(FailureKind::Unreadable, "not a regular file"));
    }
    check_size(metadata.len(), limits)?;
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    body.reserve(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.take(limits.max_file_bytes.saturating_add(1)).read_to_end(body).map_err(|e| unreadable(&e))?;
    check_size(body.len() as u64, limits)
}

fn defect() -> ParseFailure {
    ParseFailure::new(
        FailureKind::Crashed,
        "the parser failed on this document, which is a defect of this program; \
         please report it, or save the document in another format",
    )
}

/// Sets the limits of this process and of the children it may start.
fn confine(limits: &Limits, base: u64) -> rustix::io::Result<()> {
    let memory = base.saturating_add(limits.memory_bytes);
    for (resource, value) in [
        (Resource::As, memory),
        // A dump of a crash would be a copy of the document on disk.
        (Resource::Core, 0),
        (Resource::Nofile, MAX_FILES),
        // Nothing here writes a file.
        (Resource::Fsize, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?;
    }
    Ok(())
}

/// Address space of this process in bytes; 0 where the system does not tell.
fn address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_within_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, b"12345").unwrap();
        let mut body = Vec::new();
        read_file(&path, &mut body, &Limits::default()).unwrap();
        assert_eq!(body, b"12345");
        let kind = |path: &Path, max_file_bytes| {
            let limits = Limits { max_file_bytes, ..Limits::default() };
            read_file(path, &mut Vec::new(), &limits).unwrap_err().kind
        };
        assert_eq!(kind(&path, 4), FailureKind::TooLarge);
        assert_eq!(kind(folder.path(), 4), FailureKind::Unreadable);
        assert_eq!(kind(&folder.path().join("b"), 4), FailureKind::Unreadable);
    }

    #[test]
    fn the_process_knows_its_size() {
        assert!(address_space() > 1 << 20);
    }
}
