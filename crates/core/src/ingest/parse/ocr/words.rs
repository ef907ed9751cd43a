//! Tesseract's table of words to blocks.
//!
//! The table (TSV) gives every word its block, paragraph, line, box and confidence. Lines stay lines
//! and paragraphs paragraphs; a line with gaps far wider than its spaces is a row of a table. Specks
//! that were read as punctuation with no confidence are dropped. Prices that Tesseract took for a column
//! of their own go back to their lines first (`rows`).

use crate::model::{Block, BlockKind, UNSURE};

use super::super::text::item_marker;
use super::rows;

/// Below this confidence, of 100, a word without a letter or digit is dirt.
const DIRT: f32 = 50.0;
/// Below this confidence any word is.
const NOISE: f32 = 15.0;

/// Below this confidence a word with a figure in it may be another figure. In photographed notices figures that
/// were read wrongly had 45 to 83, those that were read right 91 and more.
const SURE: f32 = 85.0;

#[derive(Debug, Clone)]
pub(in crate::ingest::parse) struct Word<'a> {
    /// Numbers of its block, paragraph and line.
    pub(in crate::ingest::parse) line: (u32, u32, u32),
    /// Its box in pixels.
    pub(in crate::ingest::parse) left: i64,
    pub(in crate::ingest::parse) top: i64,
    pub(in crate::ingest::parse) width: i64,
    pub(in crate::ingest::parse) height: i64,
    pub(in crate::ingest::parse) text: &'a str,
    /// How sure Tesseract is of it, of 100.
    pub(in crate::ingest::parse) confidence: f32,
    /// It begins a cell, however close the word before it stands.
    pub(in crate::ingest::parse) begins_cell: bool,
}

/// The words of a table as Tesseract prints it.
pub(in crate::ingest::parse) fn read(table: &str) -> Vec<Word<'_>> {
    table.lines().filter_map(read_row).collect()
}

/// A word as it is written: with a mark if it is a figure that may be another one.
pub(in crate::ingest::parse) fn written(word: &Word<'_>) -> String {
    let is_figure = word.text.contains(|c: char| c.is_ascii_digit());
    if is_figure && word.confidence < SURE { format!("{}{UNSURE}", word.text) } else { word.text.to_owned() }
}

pub(super) fn into_blocks(table: &str) -> Vec<Block> {
    let words = rows::reunite(read(table));
    let mut blocks = Vec::new();
    let same_paragraph = |a: &Word<'_>, b: &Word<'_>| (a.line.0, a.line.1) == (b.line.0, b.line.1);
    for paragraph in words.chunk_by(same_paragraph) {
        let mut open = String::new();
        let mut is_item = false;
        for line in paragraph.chunk_by(|a, b| a.line == b.line) {
            let (mut text, is_row) = join(line);
            if open.is_empty() || open.ends_with(['.', ';', ':', '!', '?']) {
                restore_bullet(&mut text);
            }
            let starts_item = item_marker(&text).is_some();
            if is_row || starts_item {
                flush(&mut blocks, &mut open, is_item);
                is_item = starts_item;
            }
            if is_row {
                blocks.push(Block { kind: BlockKind::TableRow, text });
                continue;
            }
            if !open.is_empty() {
                open.push('\n');
            }
            open.push_str(&text);
        }
        flush(&mut blocks, &mut open, is_item);
    }
    blocks
}

/// A round bullet is often read as a lone "e" or "o". Where a sentence has ended and the next word
/// begins one, it was a bullet.
fn restore_bullet(line: &mut String) {
    let Some((first, rest)) = line.split_once(' ') else { return };
    let begins = rest.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    if begins && matches!(first, "e" | "o" | "®" | "©" | "«" | "»" | "¢" | "°") {
        *line = format!("• {rest}");
    }
}

fn flush(blocks: &mut Vec<Block>, open: &mut String, is_item: bool) {
    if !open.is_empty() {
        let kind = if is_item { BlockKind::ListItem } else { BlockKind::Paragraph };
        blocks.push(Block { kind, text: std::mem::take(open) });
    }
}

/// The words of a line, and whether wide gaps make it a row.
fn join(line: &[Word<'_>]) -> (String, bool) {
    // The tallest word: a line of "a.a" has no height of its own.
    let height = line.iter().map(|w| w.height).max().unwrap_or(0);
    let mut out = String::new();
    let mut is_row = false;
    let mut end = None;
    for word in line {
        match end {
            Some(end) if word.begins_cell || word.left - end > height * 2 => {
                is_row = true;
                out.push_str(" | ");
            }
            Some(_) => out.push(' '),
            None => {}
        }
        out.push_str(&written(word));
        end = Some(word.left + word.width);
    }
    (out, is_row)
}

fn read_row(row: &str) -> Option<Word<'_>> {
    let mut fields = row.split('\t');
    let mut number = || fields.next()?.parse::<u32>().ok();
    let (level, _page) = (number()?, number()?);
    let line = (number()?, number()?, number()?);
    let _word = number()?;
    let (left, top, width, height) = (number()?, number()?, number()?, number()?);
    let confidence: f32 = fields.next()?.parse().ok()?;
    let text = fields.next()?.trim();
    let is_dirt = !text.contains(char::is_alphanumeric)
        && !matches!(text, "-" | "•" | "*" | "–" | "&" | "+" | "|" | "/");
    let keep = level == 5 && !text.is_empty() && confidence >= NOISE && !(is_dirt && confidence < DIRT);
    keep.then_some(Word {
        line,
        left: left.into(),
        top: top.into(),
        width: width.into(),
        height: height.into(),
        text,
        confidence,
        begins_cell: false,
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// `(block, paragraph, line, left, width, confidence, text)` as Tesseract prints it.
    fn table(words: &[(u32, u32, u32, u32, u32, f32, &str)]) -> String {
        let mut out =
            "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
                .to_owned();
        for (block, par, line, left, width, conf, text) in words {
            writeln!(out, "5\t1\t{block}\t{par}\t{line}\t1\t{left}\t0\t{width}\t20\t{conf}\t{text}").unwrap();
        }
        out
    }

    #[test]
    fn paragraphs_lines_rows_and_items() {
        let text = table(&[
            (1, 1, 1, 0, 50, 96.0, "Banho"),
            (1, 1, 1, 60, 20, 95.0, "e"),
            (1, 1, 2, 0, 50, 96.0, "tosa"),
            (1, 2, 1, 0, 50, 90.0, "Banho"),
            (1, 2, 1, 300, 50, 90.0, "R$"),
            (1, 2, 1, 355, 50, 90.0, "50"),
            (2, 1, 1, 0, 5, 80.0, "•"),
            (2, 1, 1, 10, 50, 90.0, "Um"),
            (2, 1, 2, 0, 5, 80.0, "•"),
            (2, 1, 2, 10, 50, 90.0, "Dois"),
        ]);
        let found: Vec<_> = into_blocks(&text).into_iter().map(|b| (b.kind, b.text)).collect();
        let expected = [
            (BlockKind::Paragraph, "Banho e\ntosa"),
            (BlockKind::TableRow, "Banho | R$ 50"),
            (BlockKind::ListItem, "• Um"),
            (BlockKind::ListItem, "• Dois"),
        ];
        assert_eq!(found, expected.map(|(k, t)| (k, t.to_owned())));
    }

    #[test]
    fn bullets_that_were_read_as_letters_are_restored() {
        let text = table(&[
            (1, 1, 1, 0, 9, 90.0, "e"),
            (1, 1, 1, 15, 50, 90.0, "Traga"),
            (1, 1, 1, 70, 50, 90.0, "guia"),
            (1, 1, 2, 0, 9, 90.0, "e"),
            (1, 1, 2, 15, 50, 90.0, "Petisco."),
            (1, 1, 3, 0, 9, 90.0, "e"),
            (1, 1, 3, 15, 50, 90.0, "Fim"),
        ]);
        let found: Vec<_> = into_blocks(&text).into_iter().map(|b| b.text).collect();
        assert_eq!(found, ["• Traga guia\ne Petisco.", "• Fim"]);
    }

    #[test]
    fn a_figure_that_may_be_another_says_so() {
        let text = table(&[
            (1, 1, 1, 0, 50, 62.0, "até"),
            (1, 1, 1, 60, 50, 45.8, "19/01"),
            (1, 1, 1, 120, 20, 96.0, "R$"),
            (1, 1, 1, 145, 50, 95.0, "189,90"),
        ]);
        assert_eq!(into_blocks(&text)[0].text, "até 19/01[?] R$ 189,90");
    }

    #[test]
    fn dirt_is_dropped() {
        let text =
            table(&[(1, 1, 1, 0, 5, 30.0, "~'"), (1, 1, 1, 9, 5, 5.0, "lixo"), (1, 1, 1, 20, 5, 60.0, "ok")]);
        assert_eq!(into_blocks(&text)[0].text, "ok");
        assert!(into_blocks("").is_empty());
    }
}
