//! `--batch`: questions from JSON lines, one JSON line each, in order.
//!
//! All of it is read and checked before the first answer: a batch with a bad line prints nothing.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use agent_core::{Ask, Engine, Error};
use anyhow::Result;
use serde::Deserialize;

/// One line of a batch.
#[derive(Debug, Deserialize)]
pub struct BatchQuestion {
    /// The caller's id, given back as it came.
    pub id: serde_json::Value,
    /// What is asked.
    pub question: String,
    /// Where it stands.
    #[serde(skip)]
    line: usize,
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
    for (number, line) in BufReader::new(reader).split(b'\n').enumerate() {
        let line = line.map_err(|e| Error::io("read", file, e))?;
        let wrong = |what: &str| Error::invalid(format!("{}: {what}", place(file, number + 1)));
        let line = std::str::from_utf8(&line).map_err(|_| wrong("the text is not UTF-8"))?;
        if line.trim().is_empty() {
            continue;
        }
        let question: BatchQuestion = serde_json::from_str(line)
            .map_err(|e| wrong(&format!("{e}; each line is {{\"id\": …, \"question\": …}}")))?;
        questions.push(BatchQuestion { line: number + 1, ..question });
    }
    Ok(questions)
}

/// Fails for the first question that cannot be asked, naming its line.
pub fn check(engine: &Engine, file: &Path, questions: &[BatchQuestion], ask: &Ask) -> Result<()> {
    for question in questions {
        let ask = Ask { question: question.question.clone(), ..ask.clone() };
        engine.check(&ask).map_err(|error| {
            // What is wrong with an option is wrong on no line.
            let of_the_line = error.fields().first().is_some_and(|problem| problem.field == "query");
            if of_the_line {
                Error::new(error.kind(), format!("{}: {error}", place(file, question.line)))
            } else {
                error
            }
        })?;
    }
    Ok(())
}

fn place(file: &Path, line: usize) -> String {
    if file == Path::new("-") {
        format!("standard input, line {line}")
    } else {
        format!("{}, line {line}", file.display())
    }
}
