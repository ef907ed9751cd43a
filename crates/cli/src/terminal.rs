//! The terminal that results are shown in: how wide it is, whether it shows colours, and breaking lines to
//! fit it. What is piped elsewhere is neither cut, broken nor coloured.

use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};

/// Columns where the terminal does not tell.
const USUAL_WIDTH: usize = 80;
/// Longer lines are hard to read, however wide the terminal.
const WIDEST_TEXT: usize = 100;

/// Where results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Columns; `None` if results are piped.
    width: Option<usize>,
    colours: bool,
}

impl Terminal {
    /// What standard output is. `COLUMNS` says how wide it is taken to be, also where it is piped. Colours are left out if `NO_COLOR` is set (<https://no-color.org>) or the
    /// terminal is dumb.
    pub fn of_stdout() -> Self {
        let shown = stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let columns = || terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| width.0.into());
        let width = asked.filter(|columns| *columns > 0).or_else(|| shown.then(columns));
        Self { width, colours: shown && !dumb && !set("NO_COLOR") }
    }

    /// What is neither cut nor coloured: a file, a pipe, JSON.
    pub fn none() -> Self {
        Self { width: None, colours: false }
    }

    /// A terminal of so many columns, without colours.
    #[cfg(test)]
    pub fn of_width(columns: usize) -> Self {
        Self { width: Some(columns), colours: false }
    }

    /// Columns of a table; `None`: as many as it takes.
    pub fn width(self) -> Option<usize> {
        self.width
    }

    /// Columns of a text; `None`: its lines stay as they are.
    pub fn text_width(self) -> Option<usize> {
        self.width.map(|width| width.min(WIDEST_TEXT))
    }

    /// The text in a style, where colours are shown.
    pub fn paint(self, style: Style, text: &str) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// The text with its lines broken between words, and every line after `indent`. A word that is too long stays
    /// whole, to be copied.
    pub fn wrap(self, text: &str, indent: &str) -> String {
        let mut out = String::new();
        for line in text.lines() {
            let Some(width) = self.text_width() else {
                out.push_str(&format!("{indent}{line}"));
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                continue;
            };
            let options = textwrap::Options::new(width)
                .initial_indent(indent)
                .subsequent_indent(indent)
                .break_words(false);
            for piece in textwrap::wrap(line, options) {
                out.push_str(piece.trim_end());
                out.push('\n');
            }
        }
        out
    }
}

/// Something is in order.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something wants looking at.
pub const WARNING: Style = AnsiColor::Yellow.on_default();
/// Something is wrong.
pub const BAD: Style = AnsiColor::Red.on_default();
/// What a result is about.
pub const HEADING: Style = Style::new().bold();
/// Beside the point: ids, times, scores.
pub const ASIDE: Style = Style::new().dimmed();

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Terminal = Terminal { width: Some(20), colours: true };

    #[test]
    fn lines_are_broken_between_words_and_only_for_a_terminal() {
        let text = "uma linha que não cabe\n\nhttps://example.com/um/endereço/longo";
        let wrapped = NARROW.wrap(text, "  ");
        assert_eq!(wrapped, "  uma linha que não\n  cabe\n\n  https://example.com/um/endereço/longo\n");
        assert_eq!(
            Terminal::none().wrap(text, "  "),
            "  uma linha que não cabe\n\n  https://example.com/um/endereço/longo\n"
        );
    }

    #[test]
    fn colours_are_for_terminals() {
        assert_eq!(NARROW.paint(BAD, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(Terminal::none().paint(BAD, "x"), "x");
    }
}
