//! What WhatsApp's markers enclose in a rendered text, so that a cut inside can close and open them again.
//!
//! Code between three backticks reaches over lines, everything else over part of one. Spans nest and do not
//! cross: of two that would, the one that ends later is text.

use super::utf16_len;
use crate::whatsapp::render::{can_close, can_open};

const FENCE: &str = "```";

/// Enclosed text: the marker at `open`, the text from `inside` to `close`, the marker up to `end`.
#[derive(Debug)]
pub(super) struct Span {
    pub open: usize,
    pub inside: usize,
    pub close: usize,
    pub end: usize,
    /// Code between three backticks.
    pub is_block: bool,
    /// UTF-16 units of a block with its markers.
    pub units: usize,
    /// What ends the span before a cut, and what begins it again.
    pub closing: &'static str,
    pub opening: &'static str,
    /// The span around this one.
    parent: Option<usize>,
}

/// The spans of a text by their beginnings.
#[derive(Debug, Default)]
pub(super) struct Marks {
    spans: Vec<Span>,
}

impl Marks {
    pub fn of(text: &str) -> Self {
        let mut spans = Vec::new();
        let mut at = 0;
        while let Some(block) = next_block(text, at) {
            lines(text, at..block.open, &mut spans);
            at = block.end;
            spans.push(block);
        }
        lines(text, at..text.len(), &mut spans);
        spans.sort_by_key(|span| span.open);
        let mut around: Vec<usize> = Vec::new();
        for index in 0..spans.len() {
            while around.last().is_some_and(|outer| spans[*outer].end <= spans[index].open) {
                around.pop();
            }
            spans[index].parent = around.last().copied();
            around.push(index);
        }
        Self { spans }
    }

    /// The spans whose text `at` is in, or at the edge of; innermost first.
    pub fn around(&self, at: usize) -> impl Iterator<Item = &Span> {
        let begun = self.spans.partition_point(|span| span.inside <= at);
        let last = begun.checked_sub(1).map(|index| &self.spans[index]);
        std::iter::successors(last, |span| span.parent.map(|index| &self.spans[index]))
            .filter(move |span| at <= span.close)
    }

    /// The block that a cut at `at` would go through, its markers included.
    pub fn block_at(&self, at: usize) -> Option<&Span> {
        let begun = self.spans.partition_point(|span| span.open < at);
        let last = begun.checked_sub(1).map(|index| &self.spans[index])?;
        (last.is_block && at < last.end).then_some(last)
    }
}

/// The first pair of three backticks from `at` on.
fn next_block(text: &str, at: usize) -> Option<Span> {
    let open = at + text[at..].find(FENCE)?;
    let inside = open + FENCE.len();
    let close = inside + text[inside..].find(FENCE)?;
    let end = close + FENCE.len();
    let fenced = text[inside..close].starts_with('\n');
    Some(Span {
        open,
        inside: inside + usize::from(fenced),
        close,
        end,
        is_block: true,
        units: utf16_len(&text[open..end]),
        closing: if fenced { "\n```" } else { FENCE },
        opening: if fenced { "```\n" } else { FENCE },
        parent: None,
    })
}

fn lines(text: &str, range: std::ops::Range<usize>, spans: &mut Vec<Span>) {
    let mut at = range.start;
    for line in text[range].split_inclusive('\n') {
        inline(text, at, at + line.len(), spans);
        at += line.len();
    }
}

/// Finds the spans of a line, or of what a block leaves of one.
fn inline(text: &str, start: usize, end: usize, spans: &mut Vec<Span>) {
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut code_until = start;
    // Once there is no further backtick, none is looked for again.
    let mut ticks = true;
    for (shift, c) in text[start..end].char_indices().filter(|(_, c)| matches!(c, '*' | '_' | '~' | '`')) {
        let at = start + shift;
        if at < code_until {
            continue;
        }
        if c == '`' {
            let next = if ticks { text[at + 1..end].find('`') } else { None };
            ticks = next.is_some();
            if let Some(length) = next.filter(|length| *length > 0) {
                spans.push(span(c, at, at + 1 + length));
                code_until = at + length + 2;
            }
            continue;
        }
        let (before, after) = (text[..at].chars().next_back(), text[at + 1..].chars().next());
        let begun = open.iter().rposition(|(mark, from)| *mark == c && from + 1 < at);
        if let Some(index) = begun.filter(|_| can_close(before, after)) {
            spans.push(span(c, open[index].1, at));
            open.truncate(index);
        } else if can_open(before, after) && open.iter().all(|(mark, _)| *mark != c) {
            open.push((c, at));
        }
    }
}

fn span(mark: char, open: usize, close: usize) -> Span {
    let marker = match mark {
        '*' => "*",
        '_' => "_",
        '~' => "~",
        _ => "`",
    };
    Span {
        open,
        inside: open + 1,
        close,
        end: close + 1,
        is_block: false,
        units: 0,
        closing: marker,
        opening: marker,
        parent: None,
    }
}
