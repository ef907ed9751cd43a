//! The only way to write: results on stdout, everything else on stderr.

#![allow(clippy::print_stderr, reason = "this is the printer")]

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::table::{self, Cell, Column};
use crate::terminal::{BAD, Terminal};

/// The form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Form {
    /// Text for people, fitted to the terminal
    #[default]
    Text,
    /// The same with whole ids and more columns
    Wide,
    /// One JSON document
    Json,
}

/// Writes for people or for scripts.
#[derive(Clone)]
pub struct Printer {
    form: Form,
    quiet: bool,
    progress: bool,
    terminal: Terminal,
}

impl Printer {
    /// Writes in a form, with notes unless quiet, with progress bars if wanted and a terminal shows them.
    pub fn new(form: Form, quiet: bool, progress: bool) -> Self {
        let terminal = if form == Form::Json { Terminal::none() } else { Terminal::of_stdout() };
        Self { form, quiet, progress: progress && !quiet && stderr().is_terminal(), terminal }
    }

    /// Where results are shown.
    pub fn terminal(&self) -> Terminal {
        self.terminal
    }

    /// A table in the form that was asked for.
    pub fn table(&self, columns: &[Column], rows: Vec<Vec<Cell>>) -> String {
        table::table(columns, rows, self.terminal, self.form == Form::Wide)
    }

    /// Whether results are JSON.
    pub fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// Whether progress bars are shown.
    pub fn shows_progress(&self) -> bool {
        self.progress
    }

    /// One result: a JSON document, or what `text` makes of it.
    pub fn result<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<()> {
        if self.is_json() {
            self.line(&serde_json::to_string_pretty(value).context("the result cannot be written as JSON")?)
        } else {
            let text = text(value);
            if text.is_empty() { Ok(()) } else { self.line(text.trim_end()) }
        }
    }

    /// One line of JSON, for commands that write many.
    pub fn json_line<T: Serialize>(&self, value: &T) -> Result<()> {
        self.line(&serde_json::to_string(value).context("the result cannot be written as JSON")?)
    }

    /// A line on stdout.
    #[expect(clippy::unused_self, reason = "writing goes through a printer, also where it has no say")]
    pub fn line(&self, line: &str) -> Result<()> {
        let mut out = stdout().lock();
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }

    /// A piece of a line on stdout, at once.
    #[expect(clippy::unused_self, reason = "writing goes through a printer, also where it has no say")]
    pub fn piece(&self, piece: &str) -> Result<()> {
        let mut out = stdout().lock();
        out.write_all(piece.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Something worth knowing that is not a result; silent with `--quiet`.
    pub fn note(&self, message: impl Display) {
        if !self.quiet {
            eprintln!("{message}");
        }
    }

    /// A note that a script has no use for: silent with `--json` too.
    pub fn aside(&self, message: impl Display) {
        if !self.is_json() {
            self.note(message);
        }
    }

    /// What went wrong, for people on stderr; with `--json` also for scripts.
    pub fn error(&self, message: &str, exit_code: u8) {
        if self.is_json() {
            let error = serde_json::json!({ "error": { "message": message, "exitCode": exit_code } });
            eprintln!("{error}");
        } else {
            let head =
                if stderr().is_terminal() { self.terminal.paint(BAD, "error:") } else { "error:".to_owned() };
            eprintln!("{head} {message}");
        }
    }
}

/// So many of something: `1 chunk`, `2 chunks`.
pub fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// How many of a list are shown, if not all: the line below it.
pub fn shown_of(shown: usize, total: u64) -> String {
    if (shown as u64) < total { format!("{shown} of {total}\n") } else { String::new() }
}

/// Columns of equal width, two spaces apart; the first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The beginning of a text on one line, at most `most` characters.
pub fn shorten(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// A name that a file or a person gave, on one line and with nothing that steers the terminal: a line break in it is
/// shown, not obeyed.
pub fn name(text: &str) -> String {
    plain(&text.replace('\n', "\\n").replace('\r', "\\r"))
}

/// A customer's text without what would steer the terminal: control characters, and marks that turn the
/// direction of what follows.
pub fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().filter(|c| !turns(*c)).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2J\u{9b}b\u{202e}c\nd\te"), "a [2J bc\nd e");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!((count(1_u32, "chunk"), count(0_u32, "chunk")), ("1 chunk".into(), "0 chunks".into()));
    }

    #[test]
    fn a_name_cannot_forge_a_line() {
        assert_eq!(name("a\nremoved    b.md\r\u{1b}[2J"), "a\\nremoved    b.md\\r [2J");
    }

    #[test]
    fn columns_line_up_by_characters_not_bytes() {
        let rows = [vec!["nome".into(), "n".into()], vec!["ção".into(), "10".into()]];
        assert_eq!(table(&rows), "nome  n\nção   10\n");
    }

    #[test]
    fn long_texts_are_shortened_to_one_line() {
        assert_eq!(shorten("um\n dois   três", 20), "um dois três");
        assert_eq!(shorten("um dois três", 8), "um dois…");
    }
}
