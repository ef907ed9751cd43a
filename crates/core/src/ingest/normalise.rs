//! From a parser's blocks to the text that is stored, shown and cited.
//!
//! UTF-8 in composed form, no control characters, single spaces, no piles of empty lines. The page's
//! text is its blocks joined by line breaks; each block remembers where it lies in it. Pure.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::hyphen;
use super::marks::{Boxes, STRUCK_OUT, without_struck_out};
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
    let boxes = Boxes::of(parsed);
    parsed.pages.iter().map(|page| normalise_page(page, boxes)).collect()
}

fn normalise_page(page: &Page, boxes: Boxes) -> PageText {
    let mut text = String::new();
    let mut spans: Vec<Span> = Vec::with_capacity(page.blocks.len());
    for block in &page.blocks {
        let text_of = boxes.written(without_struck_out(&block.text));
        let clean = match block.kind {
            BlockKind::Code => clean_text(&text_of, true),
            BlockKind::Heading(_) | BlockKind::TableHeader | BlockKind::TableRow => {
                clean_text(&text_of, false).replace('\n', " ")
            }
            BlockKind::Paragraph | BlockKind::ListItem => unwrap_lines(&text_of, block.kind),
        };
        // Of an item that is struck out, its dash is left.
        let is_struck = block.text.contains(STRUCK_OUT) && !clean.contains(char::is_alphanumeric);
        if clean.is_empty() || is_struck {
            continue;
        }
        if let Some(last) = spans.last() {
            let tight = match block.kind {
                BlockKind::ListItem => last.kind == BlockKind::ListItem,
                BlockKind::TableRow => matches!(last.kind, BlockKind::TableHeader | BlockKind::TableRow),
                _ => false,
            };
            text.push_str(if tight { "\n" } else { "\n\n" });
        }
        let start = text.len();
        text.push_str(&clean);
        spans.push(Span { kind: block.kind, range: start..text.len() });
    }
    PageText { number: page.number, text, spans }
}

/// A line break that is meant, whatever stands on either side: Unicode's line separator. A parser that
/// knows writes it; a `\n` in a paragraph may be no more than where a line was full.
pub const LINE_BREAK: char = '\u{2028}';
/// A line at least this long, in characters, may have been broken because it was full.
const FULL_LINE: usize = 50;

/// Joins lines that were broken only because they were full, so that a sentence is one piece. Lines
/// that say something each (an address, opening hours, prices) stay.
fn unwrap_lines(text: &str, kind: BlockKind) -> String {
    let text = composed(text);
    let lines: Vec<WrappedLine> = text.split(LINE_BREAK).flat_map(pieces).collect();
    let width = usual_width(&lines);
    // A block that begins in small letters is the rest of one, or a list; it takes more to join those.
    let is_sentence = !lines.iter().find_map(|l| l.text.chars().next()).is_some_and(char::is_lowercase);
    let mut out = String::with_capacity(text.len());
    let mut previous: Option<&WrappedLine> = None;
    for line in &lines {
        let joined = previous
            .is_some_and(|previous| !line.is_set_off && continues(previous, line, width, is_sentence, kind));
        if joined {
            hyphen::join(&mut out, &line.text);
        } else {
            if previous.is_some() {
                out.push('\n');
            }
            out.push_str(&line.text);
        }
        previous = Some(line);
    }
    squeeze(&out)
}

/// A line of a paragraph as it may have been wrapped.
struct WrappedLine {
    text: String,
    chars: usize,
    /// Its words are set in columns.
    has_columns: bool,
    /// The break before it is meant.
    is_set_off: bool,
}

fn pieces(text: &str) -> impl Iterator<Item = WrappedLine> {
    text.split('\n').enumerate().map(|(number, raw)| {
        let mut text = String::with_capacity(raw.len());
        clean_line(raw, false, &mut text);
        let (chars, has_columns) = (text.chars().count(), has_columns(raw.trim()));
        WrappedLine { text, chars, has_columns, is_set_off: number == 0 }
    })
}

/// Tabs or wide gaps between words; two spaces after a sentence are a habit.
fn has_columns(line: &str) -> bool {
    let mut before = 'x';
    let mut spaces = 0;
    for c in line.chars() {
        if c == '\t' {
            return true;
        }
        if c.is_whitespace() {
            spaces += 1;
            if spaces > 2 || (spaces == 2 && !matches!(before, '.' | '!' | '?' | ':')) {
                return true;
            }
        } else {
            (before, spaces) = (c, 0);
        }
    }
    false
}

/// The length of a full line: the longest, or the one after it where there are many, for one line may
/// hold an address that was never broken.
fn usual_width(lines: &[WrappedLine]) -> usize {
    let (mut longest, mut second) = (0, 0);
    for line in lines {
        if line.chars > longest {
            (longest, second) = (line.chars, longest);
        } else {
            second = second.max(line.chars);
        }
    }
    if lines.len() > 3 { second } else { longest }
}

/// Whether `line` goes on where `previous` was full.
fn continues(
    previous: &WrappedLine,
    line: &WrappedLine,
    width: usize,
    is_sentence: bool,
    kind: BlockKind,
) -> bool {
    let is_row = |l: &WrappedLine| l.has_columns || l.text.contains(" | ");
    let complete = previous.text.ends_with(['.', '!', '?', ':', ';', '|']);
    if previous.chars == 0 || line.chars == 0 || complete || is_row(previous) || is_row(line) {
        return false;
    }
    let goes_on = line.text.starts_with(char::is_lowercase);
    let broken = previous.text.strip_suffix('-').is_some_and(|s| s.ends_with(char::is_alphabetic));
    if broken && goes_on {
        return true;
    }
    // Had the next word fitted, it would stand there. Letters differ in width, hence the allowance.
    let word = line.text.split(' ').next().map_or(0, |word| word.chars().count());
    let full = previous.chars >= FULL_LINE && (previous.chars + 1 + word) * 20 > width * 17;
    if previous.text.ends_with(|c: char| c.is_ascii_digit() || c == '%') {
        // "um prazo de 7" and "dias" are one sentence; rows of prices are not.
        let is_row = line.text.ends_with(is_digit) && !leads_to_number(&previous.text);
        return full && goes_on && !is_row && !ends_in_price(&previous.text);
    }
    let near = previous.chars * 3 >= width * 2;
    full || (goes_on && (kind == BlockKind::ListItem || (near && is_sentence)))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Whether the number at the end is one a sentence leads to: "de 2", "até 31", "between 8 and 12".
fn leads_to_number(text: &str) -> bool {
    let before = text.rsplit(' ').nth(1).unwrap_or_default();
    matches!(
        before,
        "a" | "ao" | "até" | "das" | "de" | "dos" | "e" | "em" | "ou" | "and" | "of" | "to" | "y"
    )
}

/// `R$ 50`, `R$50`, `49,90`, `10%`.
fn ends_in_price(text: &str) -> bool {
    let mut words = text.rsplit(' ');
    let last = words.next().unwrap_or_default();
    let cents = last.rsplit_once([',', '.']).is_some_and(|(_, c)| c.len() == 2 && c.chars().all(is_digit));
    cents || last.contains(['$', '€', '%']) || words.next().is_some_and(|word| word.ends_with(['$', '€']))
}

/// Normalises one text: composed form, no control characters, single spaces, at most one empty line
/// between lines. With `keep_spaces`, spaces within a line stay (code).
pub fn clean_text(text: &str, keep_spaces: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for line in composed(text).split(['\n', LINE_BREAK]) {
        clean_line(line, keep_spaces, &mut out);
        out.push('\n');
    }
    squeeze(&out)
}

/// In composed form, with `\n` and [`LINE_BREAK`] as the only line breaks.
fn composed(text: &str) -> String {
    let composed: Cow<'_, str> =
        if is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() };
    composed.replace("\r\n", "\n").replace(['\r', '\u{2029}', '\u{b}', '\u{c}', '\u{85}'], "\n")
}

/// Without empty lines at either end and with at most one in a row.
fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.trim_matches('\n').split('\n') {
        if !line.is_empty() || !out.ends_with("\n\n") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
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
            unwrapped(wrapped),
            "O saldo vale por doze meses e não pode ser trocado por Pix nem por dinheiro, porque o caixa de lá não permite.\nAvise antes."
        );
        let hours = "Segunda a sexta: das 8h às 19h\nSábado: das 8h às 12h\nRua das Flores, 10";
        assert_eq!(unwrapped(hours), hours);
    }

    fn unwrapped(text: &str) -> String {
        unwrap_lines(text, BlockKind::Paragraph)
    }

    #[test]
    fn lines_that_say_something_each_stay_lines() {
        for text in [
            "banho simples - R$ 50\ntosa higiênica - R$ 40\nhidratação - R$ 35",
            "ração para cães adultos de porte médio, saco de 15 kg   R$ 189,90\nração para gatos castrados, saco de 10 kg, sabor peixe R$ 164,90\nareia",
            "Consulta de rotina com a veterinária, na loja do centro\t120\nconsulta em casa, com hora marcada\t180",
            "Tosa completa na tesoura, para cães de pelo longo, por 90\nbanho com hidratação, para cães de pelo curto, por 60",
            "banho simples\ntosa higiênica\nhidratação",
            "Rua das Flores, 10\ncentro de Campinas, ao lado da padaria e em frente à praça",
        ] {
            let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let found = unwrapped(text);
            assert_eq!(found.matches('\n').count(), text.matches('\n').count(), "{found}");
            assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), spaced);
        }
        let meant = "O endereço da nossa loja é a Rua das Flores, número dez,\u{2028}no centro de Campinas";
        assert_eq!(unwrapped(meant), meant.replace(LINE_BREAK, "\n"));
    }

    #[test]
    fn prose_is_joined_whatever_its_width_and_its_last_words() {
        assert_eq!(
            unwrapped(
                "Para remarcar, avise com um dia de antecedência; mais infor-\nmações na se-\ngunda-\nfeira."
            ),
            "Para remarcar, avise com um dia de antecedência; mais informações na segunda-feira."
        );
        assert_eq!(
            unwrapped(
                "O prazo para trocar qualquer produto da nossa loja é de 7\ndias corridos depois da compra.  Guarde a nota, pois sem\nela não há troca."
            ),
            "O prazo para trocar qualquer produto da nossa loja é de 7 dias corridos depois da compra. Guarde a nota, pois sem ela não há troca."
        );
        assert_eq!(
            unwrapped(
                "O setor de banho e tosa entra em férias coletivas de 2\na 7 de janeiro. A veterinária estará de férias de 8 a 22\nde janeiro."
            ),
            "O setor de banho e tosa entra em férias coletivas de 2 a 7 de janeiro. A veterinária estará de férias de 8 a 22 de janeiro."
        );
        assert_eq!(
            unwrapped("Traga a carteira\nde vacinas do seu\ncão."),
            "Traga a carteira de vacinas do seu cão."
        );
        assert_eq!(unwrap_lines("- Banho\n  com secagem", BlockKind::ListItem), "- Banho com secagem");
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
        let parsed = Parsed { pages: vec![page], metadata: crate::model::Metadata::new(), notes: Vec::new() };
        let page = normalise(&parsed).remove(0);
        assert_eq!(page.text, "Preços\n\nBanho | R$ 50\nTosa | R$ 70\n\nVálido até maio.");
        let parts: Vec<_> = page.spans.iter().map(|s| &page.text[s.range.clone()]).collect();
        assert_eq!(parts, ["Preços", "Banho | R$ 50", "Tosa | R$ 70", "Válido até maio."]);
    }
}
