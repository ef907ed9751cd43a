//! Lines and what goes before them: breaks, indentation, quotes, the marks of items; code and HTML.

use std::ops::Range;

use super::line::without_fences;
use super::{DEEPEST, Pass, Writer, html, render_within};

impl Writer<'_> {
    /// Ends the open line and writes it, unless there is nothing on it.
    pub(super) fn flush(&mut self) {
        for open in &mut self.marks {
            open.go_on(&mut self.line);
        }
        let mut line = std::mem::take(&mut self.line);
        if self.heading {
            line.embolden();
        }
        let text = line.finish();
        if !text.is_empty() {
            self.write(&text);
        }
        self.begins = None;
    }

    /// Writes a line, with what its surroundings put before it.
    pub(super) fn write(&mut self, text: &str) {
        self.separate();
        if self.quotes > 0 {
            self.out.push_str("> ");
        }
        if self.marker.is_empty() {
            self.indent();
        } else {
            self.out.push_str(&std::mem::take(&mut self.marker));
        }
        // What only looks like a quote must not begin the line.
        if text.starts_with("> ") && (self.out.is_empty() || self.out.ends_with('\n')) {
            self.out.push('\u{200B}');
        }
        self.out.push_str(text);
        self.out.truncate(self.out.trim_end().len());
    }

    /// Begins another line of the output, after a blank one if the source has one there.
    fn separate(&mut self) {
        let begins = self.begins.take().unwrap_or(self.written);
        let gap = self.source.get(self.written..begins).unwrap_or_default();
        if !self.out.is_empty() {
            self.out.push_str(if self.apart || has_blank_line(gap) { "\n\n" } else { "\n" });
        }
        self.apart = false;
        self.written = self.seen.max(begins);
    }

    fn indent(&mut self) {
        self.out.push_str(&"  ".repeat(self.items.min(DEEPEST)));
    }

    /// Puts a mark before the next line. In "- 1. um" there are two of them.
    pub(super) fn begin_item(&mut self, marker: &str) {
        if self.marker.is_empty() {
            self.marker = "  ".repeat(self.items.min(DEEPEST));
        }
        self.marker.push_str(marker);
    }

    /// The mark of the item at `range`: its own number and what follows it, or a dash.
    pub(super) fn item_marker(&mut self, range: &Range<usize>) -> String {
        let source = self.source[range.clone()].trim_start();
        let digits = source.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(number) = source[..digits].parse::<u64>() else {
            // A plus may be meant as one: "+ 5% no cartão".
            return if source.starts_with('+') { "+ " } else { "- " }.to_owned();
        };
        let sign = if source[digits..].starts_with(')') { ')' } else { '.' };
        let Some(last) = self.numbers.last_mut() else { return format!("{number}{sign} ") };
        // Markdown lets a writer number every item 1.
        *last = number.max(last.saturating_add(1));
        format!("{last}{sign} ")
    }

    pub(super) fn code_block(&mut self, range: &Range<usize>) {
        let code = self.raw.take().unwrap_or_default();
        let (start, end) = self.outline(range);
        if !self.marker.is_empty() {
            self.begins = Some(start);
            self.write("");
        }
        let code = without_fences(code.trim_end());
        let first = code.len() - code.trim_start().len();
        let code = &code[code[..first].rfind('\n').map_or(0, |at| at + 1)..];
        if !code.is_empty() {
            self.begins = Some(start);
            self.separate();
            self.out.push_str(&format!("```\n{code}\n```"));
        }
        self.written = end;
    }

    pub(super) fn html_block(&mut self, range: &Range<usize>) {
        let html = self.raw.take().unwrap_or_default();
        let (start, end) = self.outline(range);
        let text = html::strip(&html, !self.pass.html);
        let text = if self.pass.html { text } else { render_within(&text, Pass { html: true, ..self.pass }) };
        self.begins = Some(start);
        for line in text.lines() {
            if line.trim().is_empty() {
                self.apart = true;
            } else {
                self.write(line);
            }
        }
        self.begins = None;
        self.written = end;
    }

    /// Where a block begins and ends without the white space around it.
    fn outline(&mut self, range: &Range<usize>) -> (usize, usize) {
        let end = range.start + self.source[range.clone()].trim_end().len();
        self.seen = self.seen.max(end);
        (range.start, end)
    }
}

/// Whether a line between what came before `gap` and what comes after it is empty, or an empty line of a
/// quote.
fn has_blank_line(gap: &str) -> bool {
    let mut lines = gap.split('\n');
    let (_, _) = (lines.next(), lines.next_back());
    lines.any(|line| line.trim_matches([' ', '\t', '>']).is_empty())
}

/// Whether what the parser calls a heading is one. A text above a line of dashes is one by the rules, but a
/// model that writes dashes means a rule: then only a single line that does not end like a sentence counts.
pub(super) fn is_heading(source: &str) -> bool {
    let source = source.trim_end();
    let mut lines = source.lines().rev();
    let underline = lines.next().unwrap_or_default().trim_start_matches([' ', '>']);
    if source.starts_with('#') || !underline.starts_with('-') {
        return true;
    }
    let text = lines.next().unwrap_or_default().trim_end();
    lines.next().is_none() && text.ends_with(char::is_alphanumeric)
}
