//! `--batch`: questions from JSON lines, one JSON line each, in order.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use agent_core::Error;
use anyhow::Result;
use serde::Deserialize;

/// One line of a batch.
#[derive(Debug, Deserialize)]
pub struct BatchQuestion {
    /// The caller's id, given back as it came.
    pub id: serde_json::Value,
    /// What is asked.
    pub question: String,
}

/// Reads the lines of a file, or of standard input for `-`; empty lines are skipped. Keys beside `id`
/// and `question` are ignored, so that a file of expectations can be used as it is.
pub fn read(file: &Path) -> Result<Vec<BatchQuestion>> {
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).map_err(|e| Error::io("read", file, e))?)
    };
    let mut questions = Vec::new();
    for (number, line) in BufReader::new(reader).lines().enumerate() {
        let line = line.map_err(|e| Error::io("read", file, e))?;
        if line.trim().is_empty() {
            continue;
        }
        let question = serde_json::from_str(&line).map_err(|e| {
            Error::invalid(format!(
                "{}, line {}: {e}; each line is {{\"id\": …, \"question\": …}}",
                file.display(),
                number + 1
            ))
        })?;
        questions.push(question);
    }
    Ok(questions)
}
