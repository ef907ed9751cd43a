//! From a parser's blocks to the text that is stored, shown and cited.
//!
//! UTF-8 in composed form, no control characters, single spaces, no piles of empty lines. The page's
//! text is its blocks joined by line breaks; each block remembers where it lies in it. Pure.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::model::{BlockKind, Page, Parsed};

/// A block within the text of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: BlockKind,
    /// Its bytes within [`PageText::text`].
    pub range: Range<usize>,
}

/// A page as it is stored: one text, and what its parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// Page number, from 1.
    pub number: u32,
    /// The normalised text.
    pub text: String,
    /// Its blocks in order; they do not overlap.
    pub spans: Vec<Span>,
}

/// Normalises every page; pages without text stay in the list.
pub fn normalise(parsed: &Parsed) -> Vec<PageText> {
    parsed.pages.iter().map(normalise_page).collect()
}

fn normalise_page(page: &Page) -> PageText {
    let mut text = String::new();
    let mut spans: Vec<Span> = Vec::with_capacity(page.blocks.len());
    for block in &page.blocks {
        let clean = match block.kind {
            BlockKind::Code => clean_text(&block.text, true),
            BlockKind::Heading(_) | BlockKind::TableRow => clean_text(&block.text, false).replace('\n', " "),
            BlockKind::Paragraph | BlockKind::ListItem => unwrap_lines(&clean_text(&block.text, false)),
        };
        if clean.is_empty() {
            continue;
        }
        if let Some(last) = spans.last() {
            let tight =
                last.kind == block.kind && matches!(block.kind, BlockKind::ListItem | BlockKind::TableRow);
            text.push_str(if tight { "\n" } else { "\n\n" });
        }
        let start = text.len();
        text.push_str(&clean);
        spans.push(Span { kind: block.kind, range: start..text.len() });
    }
    PageText { number: page.number, text, spans }
}

/// A line at least this long, in characters, was broken because it was full.
const FULL_LINE: usize = 50;

/// Joins lines that were broken only because they were full, so that a sentence is one piece. Lines
/// that say something each (an address, opening hours) stay.
fn unwrap_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous: &str = "";
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            let continues = line.chars().next().is_some_and(char::is_lowercase);
            let complete = previous.ends_with(['.', '!', '?', ':', ';', '|']);
            let full = previous.chars().count() >= FULL_LINE && !line.is_empty() && !line.contains(" | ");
            let joined = !previous.is_empty() && !complete && (continues || full);
            out.push(if joined { ' ' } else { '\n' });
        }
        out.push_str(line);
        previous = line;
    }
    out
}

/// Normalises one text: composed form, no control characters, single spaces, at most one empty line
/// between lines. With `keep_spaces`, spaces within a line stay (code).
pub fn clean_text(text: &str, keep_spaces: bool) -> String {
    let composed: std::borrow::Cow<'_, str> =
        if is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() };
    let unbroken = composed
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}', '\u{85}'], "\n");
    let mut out = String::with_capacity(unbroken.len());
    let mut empty_lines = 0;
    for line in unbroken.split('\n') {
        let before = out.len();
        if before > 0 {
            out.push('\n');
        }
        let start = out.len();
        clean_line(line, keep_spaces, &mut out);
        if out.len() == start {
            empty_lines += 1;
            if empty_lines > 1 || before == 0 {
                out.truncate(before);
            }
        } else {
            empty_lines = 0;
        }
    }
    while out.ends_with('\n') {
        out.pop();
    }
    out
}

fn clean_line(line: &str, keep_spaces: bool, out: &mut String) {
    let start = out.len();
    let mut space = false;
    for c in line.chars() {
        if is_dropped(c) {
            continue;
        }
        let blank = c.is_whitespace();
        if keep_spaces && blank {
            out.push_str(if c == '\t' { "    " } else { " " });
        } else if blank {
            space = true;
        } else {
            if space && out.len() > start {
                out.push(' ');
            }
            space = false;
            out.push(c);
        }
    }
    let kept = out.trim_end_matches(' ').len().max(start);
    out.truncate(kept);
}

/// Characters that mean nothing in a text: controls, soft hyphens, zero-width marks, byte order
/// marks, direction overrides (a trick to make text read differently from what it is), private use
/// and the replacement character. The joiners stay: emoji and some scripts need them.
fn is_dropped(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e000}'..='\u{f8ff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Block;

    fn block(kind: BlockKind, text: &str) -> Block {
        Block { kind, text: text.to_owned() }
    }

    #[test]
    fn spaces_controls_and_line_breaks_are_tidied() {
        assert_eq!(
            clean_text("  Olá,\u{a0}\u{0}  mundo\t!\r\n\r\n\r\n\r\nFim\u{200b} \n", false),
            "Olá, mundo !\n\nFim"
        );
        assert_eq!(clean_text("cafe\u{301}", false), "café");
        assert_eq!(clean_text("a\u{202e}b", false), "ab");
        assert_eq!(clean_text("\n\n \n", false), "");
    }

    #[test]
    fn sentences_broken_at_full_lines_are_whole_again() {
        let wrapped = "O saldo vale por doze meses e não pode ser trocado por\nPix nem por dinheiro, porque o caixa de\nlá não permite.\nAvise antes.";
        assert_eq!(
            unwrap_lines(wrapped),
            "O saldo vale por doze meses e não pode ser trocado por Pix nem por dinheiro, porque o caixa de lá não permite.\nAvise antes."
        );
        let hours = "Segunda a sexta: das 8h às 19h\nSábado: das 8h às 12h\nRua das Flores, 10";
        assert_eq!(unwrap_lines(hours), hours);
    }

    #[test]
    fn code_keeps_its_spaces() {
        assert_eq!(clean_text("if x:\n    y  = 1  ", true), "if x:\n    y  = 1");
    }

    #[test]
    fn blocks_know_where_they_lie() {
        let page = Page {
            number: 3,
            blocks: vec![
                block(BlockKind::Heading(1), "Preços"),
                block(BlockKind::TableRow, "Banho | R$ 50"),
                block(BlockKind::TableRow, "Tosa | R$ 70"),
                block(BlockKind::Paragraph, "  "),
                block(BlockKind::Paragraph, "Válido  até maio."),
            ],
        };
        let page = normalise_page(&page);
        assert_eq!(page.text, "Preços\n\nBanho | R$ 50\nTosa | R$ 70\n\nVálido até maio.");
        let parts: Vec<_> = page.spans.iter().map(|s| &page.text[s.range.clone()]).collect();
        assert_eq!(parts, ["Preços", "Banho | R$ 50", "Tosa | R$ 70", "Válido até maio."]);
    }
}
