//! A password on standard input: never on the command line, where every process of the machine can read it.

use std::io::{BufRead, Read, stdin};

use agent_core::Error;
use anyhow::Result;

/// No password is longer; a file given by mistake is not read whole.
const LONGEST: u64 = 4096;

/// One line of standard input, without its end.
pub fn read() -> Result<String> {
    let mut line = String::new();
    stdin()
        .lock()
        .take(LONGEST)
        .read_line(&mut line)
        .map_err(|e| Error::invalid("the password on standard input cannot be read").with_source(e))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Error::invalid("no password came on standard input: write it as one line").into());
    }
    Ok(password.to_owned())
}
