//! From pages to chunks.
//!
//! A chunk is a run of whole sentences of one page, at most `size` tokens of the embedding model, and
//! repeats about `overlap` tokens of the one before it. A heading begins a new chunk, so that a chunk
//! is about one thing; a sentence longer than a chunk is cut between words. A chunk that begins inside a
//! table repeats the names of its columns (`table_head.rs`). Pure.

mod char_index;
mod table_head;

use std::ops::Range;

use char_index::CharIndex;
use table_head::{TableHead, TableHeads};

use super::normalise::{PageText, Span};
use crate::embed::TokenCounter;
use crate::error::Result;
use crate::model::{BlockKind, ChunkText};
use crate::text::sentence_spans;

/// How to cut, in tokens.
#[derive(Debug, Clone, Copy)]
pub struct ChunkSize {
    /// Most tokens of a chunk with its headings: what the model reads, or less.
    pub size: u32,
    /// Tokens repeated from the chunk before.
    pub overlap: u32,
}

/// Most of a chunk's tokens that headings may take.
const HEADING_SHARE: u32 = 4;

/// Between the levels of a path of headings.
const HEADING_JOINT: &str = " › ";
/// Tokens of the empty line between the headings and the content, or more.
const HEADING_MARKS: u32 = 2;

/// Bytes counted in one call: tokenising a page of 20 MB at once would take gigabytes.
const COUNT_BYTES: usize = 64 * 1024;

/// Cuts a document's pages into chunks.
pub fn chunk_pages(
    pages: &[PageText],
    limits: ChunkSize,
    counter: &dyn TokenCounter,
) -> Result<Vec<ChunkText>> {
    let mut chunker = Chunker { limits, counter, headings: Vec::new(), out: Vec::new() };
    for page in pages {
        chunker.page(page)?;
    }
    Ok(chunker.out)
}

/// A sentence, a list item, a table row, a heading: what is never cut unless it is too long.
#[derive(Debug, Clone)]
struct Unit {
    range: Range<usize>,
    tokens: u32,
    heading: Option<u8>,
    /// For a row of a table: what names its columns, by its place among the heads of the page.
    head: Option<usize>,
    /// It names the columns of the rows that follow.
    is_head: bool,
}

/// A part of a page before it is measured.
struct Piece {
    range: Range<usize>,
    heading: Option<u8>,
    head: Option<usize>,
    is_head: bool,
}

impl Piece {
    fn plain(range: Range<usize>) -> Self {
        Self { range, heading: None, head: None, is_head: false }
    }
}

struct Chunker<'a> {
    limits: ChunkSize,
    counter: &'a dyn TokenCounter,
    /// Open headings with their levels, outermost first; they reach over pages.
    headings: Vec<(u8, String)>,
    out: Vec<ChunkText>,
}

impl Chunker<'_> {
    fn page(&mut self, page: &PageText) -> Result<()> {
        let mut heads = TableHeads::of(page);
        let units = self.units(page, &heads)?;
        heads.measure(self.counter)?;
        let mut chars = CharIndex::new(&page.text);
        let mut from = 0;
        while from < units.len() {
            let (heading, taken) = self.heading_before(&units, from)?;
            let room = self.limits.size - taken;
            let head = repeated(&heads, &units[from], room, self.limits.size);
            let repeated = head.map_or(0, |(_, tokens)| tokens);
            let until = fill(&units, from, room - repeated);
            let range = units[from].range.start..units[until - 1].range.end;
            for unit in &units[from..until] {
                if let Some(level) = unit.heading {
                    self.open_heading(level, &page.text[unit.range.clone()]);
                }
            }
            self.out.push(ChunkText {
                page_number: page.number,
                char_start: chars.at(range.start),
                char_end: chars.at(range.end),
                content: head.map_or_else(String::new, |(text, _)| format!("{text}\n")) + &page.text[range],
                heading,
                token_count: repeated + units[from..until].iter().map(|u| u.tokens).sum::<u32>(),
            });
            from = next_start(&units, from, until, self.limits.overlap);
        }
        Ok(())
    }

    /// The headings a chunk beginning at `units[from]` stands under, and the tokens they take. Its own
    /// first heading is part of its content, so only what is above that counts. A long path loses its
    /// outermost levels and then the end of the last: it is embedded with the content, and what goes
    /// beyond the model's length is not read.
    fn heading_before(&self, units: &[Unit], from: usize) -> Result<(Option<String>, u32)> {
        let own = units[from].heading;
        let above = self.headings.iter().filter(|(level, _)| own.is_none_or(|own| *level < own));
        let path: Vec<&str> = above.map(|(_, text)| text.as_str()).collect();
        let most = self.limits.size / HEADING_SHARE;
        for first in 0..path.len() {
            let heading = path[first..].join(HEADING_JOINT);
            let taken = self.tokens(&heading)? + HEADING_MARKS;
            if taken <= most {
                return Ok((Some(heading), taken));
            }
        }
        let mut last = path.last().copied().unwrap_or_default();
        while !last.is_empty() {
            // At a space where there is one not too far back.
            let end = last.floor_char_boundary(last.len() * 3 / 4);
            last = last[..end].rfind(' ').filter(|at| *at > end / 2).map_or(&last[..end], |at| &last[..at]);
            let taken = self.tokens(last)? + HEADING_MARKS;
            if taken <= most && !last.is_empty() {
                return Ok((Some(last.to_owned()), taken));
            }
        }
        Ok((None, 0))
    }

    fn tokens(&self, text: &str) -> Result<u32> {
        Ok(self.counter.count(&[text])?.first().copied().unwrap_or_default())
    }

    fn open_heading(&mut self, level: u8, text: &str) {
        // The overlap may bring a heading back that is already open.
        if self.headings.iter().any(|(l, t)| *l == level && t == text) {
            return;
        }
        self.headings.retain(|(open, _)| *open < level);
        self.headings.push((level, text.chars().take(120).collect()));
    }

    fn units(&self, page: &PageText, heads: &TableHeads) -> Result<Vec<Unit>> {
        let mut pieces: Vec<Piece> = Vec::new();
        for (index, span) in page.spans.iter().enumerate() {
            split_block(&page.text, span, heads.of_span(index), &mut pieces);
        }
        // A unit must fit under any heading, so the smallest room decides.
        let most = self.limits.size - self.limits.size / HEADING_SHARE;
        let mut units = Vec::with_capacity(pieces.len());
        let mut batch: Vec<Piece> = Vec::new();
        let mut bytes = 0;
        for piece in pieces {
            bytes += piece.range.len();
            batch.push(piece);
            if bytes >= COUNT_BYTES {
                self.measure(&page.text, &mut batch, most, &mut units)?;
                bytes = 0;
            }
        }
        self.measure(&page.text, &mut batch, most, &mut units)?;
        Ok(units)
    }

    fn measure(&self, text: &str, batch: &mut Vec<Piece>, most: u32, units: &mut Vec<Unit>) -> Result<()> {
        let texts: Vec<&str> = batch.iter().map(|piece| &text[piece.range.clone()]).collect();
        let counts = self.counter.count(&texts)?;
        for (piece, tokens) in batch.drain(..).zip(counts) {
            let Piece { range, heading, head, is_head } = piece;
            if tokens <= most {
                units.push(Unit { range, tokens, heading, head, is_head });
            } else {
                self.split_long(text, &range, head, most, units)?;
            }
        }
        Ok(())
    }

    /// Cuts a unit that is too long between words; a word that is too long, anywhere.
    fn split_long(
        &self,
        text: &str,
        range: &Range<usize>,
        head: Option<usize>,
        most: u32,
        units: &mut Vec<Unit>,
    ) -> Result<()> {
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut start = None;
        for (at, c) in text[range.clone()].char_indices().map(|(at, c)| (range.start + at, c)) {
            if c.is_whitespace() {
                words.extend(start.take().map(|s| s..at));
            } else {
                // Half of `most` in bytes is at most that many tokens: a byte is a token at worst.
                let from = *start.get_or_insert(at);
                if at - from >= (most as usize / 2).max(8) {
                    words.push(from..at);
                    start = Some(at);
                }
            }
        }
        words.extend(start.map(|s| s..range.end));

        for group in words.chunks(2048) {
            let texts: Vec<&str> = group.iter().map(|w| &text[w.clone()]).collect();
            let counts = self.counter.count(&texts)?;
            let mut open: Option<Unit> = None;
            for (word, tokens) in group.iter().zip(counts) {
                match &mut open {
                    Some(unit) if unit.tokens + tokens <= most => {
                        unit.range.end = word.end;
                        unit.tokens += tokens;
                    }
                    _ => {
                        units.extend(open.take());
                        let range = word.clone();
                        open = Some(Unit { range, tokens, heading: None, head, is_head: false });
                    }
                }
            }
            units.extend(open);
        }
        Ok(())
    }
}

/// What is put before a chunk that begins with `first`, and its tokens: what names the columns, if the row
/// stands without it. Less of it, or nothing, where a row fills the chunk.
fn repeated<'a>(heads: &'a TableHeads, first: &Unit, room: u32, size: u32) -> Option<(&'a str, u32)> {
    let head: &TableHead = heads.get(first.head?)?;
    let most = (size / 2).min(room.saturating_sub(first.tokens));
    head.forms().find(|(_, tokens)| *tokens <= most)
}

/// Cuts a block where a chunk may end.
fn split_block(text: &str, span: &Span, head: Option<usize>, out: &mut Vec<Piece>) {
    let block = &text[span.range.clone()];
    let shift = span.range.start;
    match span.kind {
        BlockKind::Heading(level) => {
            out.push(Piece { heading: Some(level), ..Piece::plain(span.range.clone()) });
        }
        BlockKind::TableHeader => out.push(Piece { is_head: true, ..Piece::plain(span.range.clone()) }),
        BlockKind::TableRow | BlockKind::ListItem => {
            out.push(Piece { head, ..Piece::plain(span.range.clone()) });
        }
        BlockKind::Code => {
            let mut at = shift;
            for line in block.split_inclusive('\n') {
                let end = at + line.trim_end().len();
                if end > at {
                    out.push(Piece::plain(at..end));
                }
                at += line.len();
            }
        }
        BlockKind::Paragraph => {
            let sentences = sentence_spans(block).into_iter();
            out.extend(sentences.map(|s| Piece::plain(s.start + shift..s.end + shift)));
        }
    }
}

/// The end of the chunk that begins at `from`: as many units as fit, but not past a heading once
/// there is text under an earlier one, and no heading or header of a table left alone at the end.
fn fill(units: &[Unit], from: usize, room: u32) -> usize {
    let mut total = 0;
    let mut body = false;
    let mut until = from;
    for unit in &units[from..] {
        let first = until == from;
        if !first && (total + unit.tokens > room || (unit.heading.is_some() && body)) {
            break;
        }
        total += unit.tokens;
        body |= unit.heading.is_none();
        until += 1;
    }
    if until < units.len() && units[until].heading.is_none() {
        let leads = |unit: &Unit| unit.heading.is_some() || unit.is_head;
        while until > from + 1 && leads(&units[until - 1]) {
            until -= 1;
        }
    }
    until
}

/// Where the next chunk begins: back by whole units while they fit in the overlap, never past a
/// heading (another section is another subject) or a row under named columns (it is whole without the rows
/// before it) and always further than `from`.
fn next_start(units: &[Unit], from: usize, until: usize, overlap: u32) -> usize {
    if until >= units.len() || units[until].heading.is_some() {
        return until;
    }
    let mut start = until;
    let mut total = 0;
    while start > from + 1 {
        let unit = &units[start - 1];
        let is_whole = unit.heading.is_some() || unit.is_head || unit.head.is_some();
        if is_whole || total + unit.tokens > overlap {
            break;
        }
        total += unit.tokens;
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::normalise::normalise;
    use crate::model::{Block, Page, Parsed};

    /// One token a word.
    struct Words;

    impl TokenCounter for Words {
        fn count(&self, texts: &[&str]) -> Result<Vec<u32>> {
            Ok(texts
                .iter()
                .map(|t| u32::try_from(t.split_whitespace().count().max(t.len() / 20)).unwrap())
                .collect())
        }
    }

    fn chunks(blocks: &[(BlockKind, String)], size: u32, overlap: u32) -> (Vec<PageText>, Vec<ChunkText>) {
        let blocks = blocks.iter().map(|(kind, text)| Block { kind: *kind, text: text.clone() }).collect();
        let parsed = Parsed {
            pages: vec![Page { number: 1, blocks }],
            metadata: crate::model::Metadata::default(),
            notes: Vec::new(),
        };
        let pages = normalise(&parsed);
        let chunks = chunk_pages(&pages, ChunkSize { size, overlap }, &Words).unwrap();
        (pages, chunks)
    }

    fn sentences(n: usize) -> String {
        (0..n).map(|i| format!("Esta é a frase número {i} de muitas ção. ")).collect()
    }

    #[test]
    fn every_chunk_is_the_characters_it_says_and_fits() {
        let (pages, chunks) = chunks(&[(BlockKind::Paragraph, sentences(100))], 60, 20);
        assert!(chunks.len() > 5);
        let chars: Vec<char> = pages[0].text.chars().collect();
        for chunk in &chunks {
            let slice: String = chars[chunk.char_start as usize..chunk.char_end as usize].iter().collect();
            assert_eq!(slice, chunk.content);
            assert!(chunk.token_count <= 60, "{}", chunk.token_count);
            assert!(chunk.content.starts_with("Esta") && chunk.content.ends_with('.'), "{}", chunk.content);
        }
    }

    #[test]
    fn chunks_overlap_by_whole_sentences_and_lose_nothing() {
        let (pages, chunks) = chunks(&[(BlockKind::Paragraph, sentences(100))], 60, 20);
        for pair in chunks.windows(2) {
            assert!(pair[1].char_start < pair[0].char_end, "they overlap");
            assert!(pair[1].char_start > pair[0].char_start, "they move on");
        }
        assert_eq!(chunks[0].char_start, 0);
        assert_eq!(chunks.last().unwrap().char_end as usize, pages[0].text.chars().count());
    }

    #[test]
    fn a_heading_begins_a_chunk_and_is_known_below_it() {
        let (_, chunks) = chunks(
            &[
                (BlockKind::Heading(1), "Políticas".into()),
                (BlockKind::Heading(2), "Trocas".into()),
                (BlockKind::Paragraph, sentences(12)),
                (BlockKind::Heading(2), "Entregas".into()),
                (BlockKind::Paragraph, "Entregamos em dois dias.".into()),
            ],
            60,
            10,
        );
        assert!(chunks[0].content.starts_with("Políticas\n\nTrocas\n\nEsta"));
        assert_eq!(chunks[1].heading.as_deref(), Some("Políticas › Trocas"));
        let last = chunks.last().unwrap();
        assert_eq!(last.content, "Entregas\n\nEntregamos em dois dias.");
        assert_eq!(last.heading.as_deref(), Some("Políticas"));
    }

    #[test]
    fn a_long_path_of_headings_is_shortened_until_chunk_and_path_fit() {
        let long = |name: &str| format!("{name} {}", "muito comprido ".repeat(3).trim_end());
        let blocks = [
            (BlockKind::Heading(1), long("Capítulo")),
            (BlockKind::Heading(2), long("Seção")),
            (BlockKind::Heading(3), "Trocas".to_owned()),
            (BlockKind::Paragraph, sentences(12)),
            (BlockKind::Heading(2), long("Anexo com um título que não acaba")),
            (BlockKind::Paragraph, sentences(12)),
        ];
        let (_, chunks) = chunks(&blocks, 48, 8);
        let headings: Vec<_> = chunks.iter().filter_map(|c| c.heading.as_deref()).collect();
        assert!(
            headings.contains(&"Seção muito comprido muito comprido muito comprido › Trocas"),
            "{headings:?}"
        );
        assert!(headings.iter().any(|h| h.starts_with("Anexo com um") && h.len() < 60), "{headings:?}");
        for chunk in &chunks {
            let taken =
                chunk.heading.as_ref().map_or(0, |h| Words.count(&[h.as_str()]).unwrap()[0] + HEADING_MARKS);
            assert!(taken <= 12 && taken + chunk.token_count <= 48, "{chunk:?}");
        }
    }

    #[test]
    fn a_sentence_longer_than_a_chunk_is_cut_between_words() {
        let long = (0..500).map(|i| format!("palavra{i}")).collect::<Vec<_>>().join(" ");
        let (_, chunks) = chunks(&[(BlockKind::Paragraph, long)], 50, 10);
        assert!(chunks.iter().all(|c| c.token_count <= 50));
        assert!(chunks.iter().all(|c| c.content.starts_with("palavra")));
        assert!(chunks.last().unwrap().content.ends_with("palavra499"));
    }

    #[test]
    fn a_word_longer_than_a_chunk_is_cut_anywhere() {
        let (_, chunks) = chunks(&[(BlockKind::Paragraph, "é".repeat(5000))], 40, 5);
        assert!(chunks.len() > 5);
        assert!(chunks.iter().all(|c| c.token_count <= 40));
        let total: u32 = chunks.last().unwrap().char_end;
        assert_eq!(total, 5000);
    }

    #[test]
    fn rows_keep_the_names_of_their_columns_and_the_title_of_their_table() {
        let mut blocks = vec![
            (BlockKind::Heading(1), "Tabela de 2031".to_owned()),
            (BlockKind::Paragraph, "Preços por hora:".to_owned()),
            (BlockKind::TableHeader, "Quadra | Dia | Noite".to_owned()),
        ];
        for part in ["Cobertas", "Abertas"] {
            blocks.push((BlockKind::TableRow, part.to_owned()));
            let row = |n: usize| format!("Quadra {n} | R$ {n},00 | R$ {},00", n + 40);
            blocks.extend((0..20).map(|n| (BlockKind::TableRow, row(n))));
        }
        blocks.push((BlockKind::Paragraph, "Feche o portão.".to_owned()));
        let (_, chunks) = chunks(&blocks, 60, 20);
        assert!(chunks.len() > 6);
        let mut rows = 0;
        for chunk in &chunks {
            assert!(chunk.token_count <= 60, "{chunk:?}");
            let Some(first) = chunk.content.find("R$ ") else { continue };
            let before = &chunk.content[..first];
            assert!(before.contains("Quadra | Dia | Noite\n"), "{}", chunk.content);
            let titled = chunk.heading.as_deref() == Some("Tabela de 2031");
            assert!(titled || before.starts_with("Tabela de 2031"), "{chunk:?}");
            assert!(before.contains("Cobertas\n") || before.contains("Abertas\n"), "{}", chunk.content);
            rows += chunk.content.matches("Quadra ").count() - chunk.content.matches("Quadra |").count();
        }
        assert_eq!(rows, 40, "no row is told twice");
        assert_eq!(chunks.last().unwrap().content.lines().last(), Some("Feche o portão."));
    }

    #[test]
    fn a_header_that_leaves_no_room_is_not_repeated() {
        let header = (0..40).map(|n| format!("Coluna {n}")).collect::<Vec<_>>().join(" | ");
        let mut blocks = vec![(BlockKind::TableHeader, header)];
        blocks.extend((0..9).map(|n| (BlockKind::TableRow, format!("Linha {n} | valor"))));
        let (_, chunks) = chunks(&blocks, 40, 5);
        assert!(chunks.iter().all(|c| c.token_count <= 40));
        assert!(chunks.last().unwrap().content.ends_with("Linha 8 | valor"));
    }

    #[test]
    fn nothing_gives_no_chunk() {
        let (_, chunks) = chunks(&[(BlockKind::Paragraph, "   ".into())], 40, 5);
        assert!(chunks.is_empty());
    }
}
