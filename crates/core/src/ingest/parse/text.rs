//! Plain text to blocks: paragraphs, list items, and the headings people type.
//!
//! Plain text has no structure but habits: blank lines between paragraphs, capitals or a ruled line
//! for a heading, a dash or a number for a list. They are read conservatively, for a line wrongly
//! taken for a heading is worse than a heading left in its paragraph. One pass, and no block above
//! `MAX_BLOCK` bytes, so that a 20 MB log costs time and memory in proportion. Lines that one sign cuts into
//! cells are a table (`columns`); columns aligned by spaces are left as they are.

mod columns;

use super::ParseFailure;
use super::decode::decode;
use crate::model::{Block, BlockKind, Metadata, Page, Parsed};

/// Longest block in bytes; a longer paragraph is cut between lines or words.
const MAX_BLOCK: usize = 16 * 1_024;
/// A longer line in capitals is shouting, not a heading.
const MAX_HEADING: usize = 80;

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, ParseFailure> {
    let text = decode(bytes)?;
    let mut reader = Reader::default();
    let lines: Vec<&str> = logical_lines(&text).collect();
    let mut at = 0;
    // Up to here it is known that no table begins: lines are looked at once.
    let mut looked_at = 0;
    while at < lines.len() {
        if at >= looked_at
            && let Some(run) = columns::run(&lines[at..])
        {
            looked_at = at + run.lines;
            if let Some(blocks) = run.blocks {
                reader.flush();
                reader.blocks.extend(blocks);
                at = looked_at;
                continue;
            }
        }
        reader.line(lines[at], lines.get(at + 1).copied());
        at += 1;
    }
    reader.flush();
    let mut metadata = Metadata::new();
    if let Some(Block { kind: BlockKind::Heading(_), text }) = reader.blocks.first() {
        metadata.insert("title".to_owned(), text.clone());
    }
    Ok(Parsed { pages: vec![Page { number: 1, blocks: reader.blocks }], metadata, notes: Vec::new() })
}

/// Lines by any of the three line ends; a form feed, the page break of line printers, ends one too.
fn logical_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split(['\r', '\x0c']))
}

/// The blocks so far and the one being read.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    open: String,
    open_lines: usize,
    is_item: bool,
}

impl Reader {
    fn line(&mut self, raw: &str, next: Option<&str>) {
        let line = raw.trim();
        if line.is_empty() {
            return self.flush();
        }
        if let Some(mark) = ruled_line(line) {
            return self.rule(mark, line.len());
        }
        if self.open.is_empty() && is_shouted(line) && !next.is_some_and(|n| is_shouted(n.trim())) {
            let level = if self.blocks.is_empty() { 1 } else { 2 };
            return self.push(BlockKind::Heading(level), line);
        }
        if self.starts_item(line) {
            self.flush();
            self.is_item = true;
        }
        self.append(raw.trim_end(), line);
    }

    /// A line of dashes: under a single short line it makes that a heading, elsewhere it separates.
    fn rule(&mut self, mark: char, width: usize) {
        let title = self.open.trim();
        let letters = title.chars().count();
        let underlines = matches!(mark, '=' | '-')
            && self.open_lines == 1
            && !self.is_item
            && letters <= MAX_HEADING
            && width * 2 >= letters
            && width <= letters * 2 + 8
            && title.contains(char::is_alphabetic)
            // Wide gaps are the header of a table.
            && !title.contains("  ")
            && !title.contains(['\t', '|']);
        if underlines {
            let title = std::mem::take(&mut self.open);
            self.open_lines = 0;
            let level = if mark == '=' { 1 } else { 2 };
            self.push(BlockKind::Heading(level), title.trim());
        } else {
            self.flush();
        }
    }

    /// Whether `line` opens a list item where it stands. A number is trusted only at the start of a
    /// block, after another item, or after a colon: wrapped prose can begin a line with "10.".
    fn starts_item(&self, line: &str) -> bool {
        match item_marker(line) {
            Some(Marker::Bullet) => true,
            Some(Marker::Number(n)) => {
                self.open.is_empty() || self.is_item || n == Some(1) || self.open.trim_end().ends_with(':')
            }
            None => false,
        }
    }

    fn append(&mut self, raw: &str, line: &str) {
        // Indentation inside a paragraph aligns columns; before its first word it means nothing.
        let mut rest = if self.open.is_empty() { line } else { raw };
        if !self.open.is_empty() {
            if self.open.len() + rest.len() + 1 > MAX_BLOCK {
                let item = self.is_item;
                self.flush();
                self.is_item = item;
                rest = line;
            } else {
                self.open.push('\n');
            }
        }
        while rest.len() > MAX_BLOCK {
            let (piece, tail) = rest.split_at(cut_before(rest, MAX_BLOCK));
            self.open.push_str(piece.trim_end());
            let item = self.is_item;
            self.flush();
            self.is_item = item;
            rest = tail.trim_start();
        }
        self.open.push_str(rest);
        self.open_lines += 1;
    }

    fn flush(&mut self) {
        if !self.open.is_empty() {
            let kind = if self.is_item { BlockKind::ListItem } else { BlockKind::Paragraph };
            let mut text = std::mem::take(&mut self.open);
            text.shrink_to_fit();
            self.blocks.push(Block { kind, text });
        }
        self.open_lines = 0;
        self.is_item = false;
    }

    fn push(&mut self, kind: BlockKind, text: &str) {
        self.flush();
        self.blocks.push(Block { kind, text: text.to_owned() });
    }
}

/// A place to cut `text` at or before `limit` bytes: after the last space, else between letters.
fn cut_before(text: &str, limit: usize) -> usize {
    let end = text.floor_char_boundary(limit);
    text[..end].rfind(char::is_whitespace).filter(|&at| at > limit / 2).unwrap_or(end)
}

/// The character a decorative line repeats, if `line` is one.
fn ruled_line(line: &str) -> Option<char> {
    let mark = line.chars().next()?;
    let ruled = line.len() >= 3
        && matches!(mark, '=' | '-' | '_' | '*' | '~' | '#' | '+' | '─' | '═' | '—')
        && line.chars().all(|c| c == mark || c == ' ' || c == '+');
    ruled.then_some(mark)
}

/// A short line wholly in capitals that does not end like a sentence.
fn is_shouted(line: &str) -> bool {
    let (mut letters, mut others, mut run, mut longest) = (0, 0, 0, 0);
    for c in line.chars() {
        if c.is_lowercase() {
            return false;
        }
        if c.is_uppercase() {
            letters += 1;
            run += 1;
            longest = longest.max(run);
        } else {
            run = 0;
            others += usize::from(!c.is_whitespace());
        }
    }
    letters + others <= MAX_HEADING
        && longest >= 3
        && letters > others * 2
        && !line.ends_with(['.', ',', ';', '!'])
        && !line.contains(['\t', '|'])
        && !matches!(item_marker(line), Some(Marker::Bullet))
}

/// How a list item announces itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Bullet,
    /// `1.` or `2)`; a letter, as in `a)`, has no number.
    Number(Option<u32>),
}

/// The marker `line` begins with, if it begins like a list item.
pub(super) fn item_marker(line: &str) -> Option<Marker> {
    let mut chars = line.chars();
    let first = chars.next()?;
    if matches!(
        first,
        '-' | '*'
            | '+'
            | '•'
            | '‣'
            | '◦'
            | '▪'
            | '●'
            | '○'
            | '■'
            | '–'
            | '—'
            | '·'
            | '✓'
            | '➢'
            | '\u{f0b7}'
    ) {
        return chars.next().is_some_and(char::is_whitespace).then_some(Marker::Bullet);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let label = if digits > 0 { digits } else { usize::from(first.is_ascii_lowercase()) };
    if label == 0 || digits > 3 {
        return None;
    }
    let mut rest = line[label..].chars();
    let closed = match rest.next()? {
        ')' => true,
        '.' => digits > 0,
        _ => false,
    };
    let spaced = rest.next().is_some_and(char::is_whitespace);
    (closed && spaced).then(|| Marker::Number(line[..digits].parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::{Heading, ListItem, Paragraph};

    fn blocks(text: &str) -> Vec<(BlockKind, String)> {
        let parsed = parse(text.as_bytes()).unwrap();
        parsed.pages.into_iter().flat_map(|p| p.blocks).map(|b| (b.kind, b.text)).collect()
    }

    fn expect(text: &str, expected: &[(BlockKind, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(k, t)| (*k, (*t).to_owned())).collect();
        assert_eq!(blocks(text), expected);
    }

    #[test]
    fn blank_lines_part_paragraphs_and_wrapped_lines_stay() {
        expect(
            "Primeira linha\r\ncontinua aqui.\r\n\r\n  Segundo.\r\n",
            &[(Paragraph, "Primeira linha\ncontinua aqui."), (Paragraph, "Segundo.")],
        );
        expect("velho\rMac\r\rfim\x0cpagina", &[(Paragraph, "velho\nMac"), (Paragraph, "fim\npagina")]);
    }

    #[test]
    fn headings_that_people_type() {
        expect(
            "HORÁRIOS E CONTATOS\nBicho Sereno\n\nLOJA (PISO 1)\nSegunda: das 8h.\n\nTrocas\n======\nAté 7 dias.\nPrazo\n-----\nOk",
            &[
                (Heading(1), "HORÁRIOS E CONTATOS"),
                (Paragraph, "Bicho Sereno"),
                (Heading(2), "LOJA (PISO 1)"),
                (Paragraph, "Segunda: das 8h."),
                (Heading(1), "Trocas"),
                (Paragraph, "Até 7 dias.\nPrazo"),
                (Paragraph, "Ok"),
            ],
        );
    }

    #[test]
    fn capitals_alone_do_not_make_a_heading() {
        for line in [
            "NÃO ABRIMOS AOS DOMINGOS.",
            "R$ 10,00",
            "CEP 13099-418",
            "- BANHO E TOSA",
            "TEL (19) 3555-0142",
            "A B",
        ] {
            assert!(!is_shouted(line), "{line}");
        }
        expect(
            "TUDO EM CAPITAIS\nQUE CONTINUA\nAQUI",
            &[(Paragraph, "TUDO EM CAPITAIS\nQUE CONTINUA\nAQUI")],
        );
    }

    #[test]
    fn the_ruled_header_of_a_table_is_no_heading() {
        assert_eq!(blocks("Produto      Preço\n------------------\nRação  10").len(), 2);
        assert!(blocks("Produto      Preço\n------------------\nRação  10").iter().all(|b| b.0 == Paragraph));
    }

    #[test]
    fn lists() {
        expect(
            "Serviços:\n- Banho\n  com secagem\n• Tosa\n1. Um\n2) Dois\n\na) letra",
            &[
                (Paragraph, "Serviços:"),
                (ListItem, "- Banho\n  com secagem"),
                (ListItem, "• Tosa"),
                (ListItem, "1. Um"),
                (ListItem, "2) Dois"),
                (ListItem, "a) letra"),
            ],
        );
        expect(
            "vence no dia\n10. Depois disso há multa de\n1.5 litros",
            &[(Paragraph, "vence no dia\n10. Depois disso há multa de\n1.5 litros")],
        );
    }

    #[test]
    fn blocks_are_bounded_and_nothing_is_lost() {
        let long_line = "palavra ".repeat(20_000);
        let many_lines = "uma linha qualquer\n".repeat(20_000);
        let no_spaces = "é".repeat(50_000);
        for text in [&long_line, &many_lines, &no_spaces] {
            let found = blocks(text);
            assert!(found.iter().all(|b| b.1.len() <= MAX_BLOCK));
            let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).count();
            assert_eq!(found.iter().map(|b| letters(&b.1)).sum::<usize>(), letters(text));
        }
    }

    #[test]
    fn the_first_heading_is_the_title() {
        assert_eq!(
            parse("REGULAMENTO INTERNO\n\nTexto".as_bytes()).unwrap().metadata["title"],
            "REGULAMENTO INTERNO"
        );
        assert!(parse(b"so texto").unwrap().metadata.is_empty());
    }
}
