//! Lines to blocks: paragraphs, headings, list items and table rows.
//!
//! What a line is shows only against the rest of the document: its body size is the size of most of
//! its letters, its line pitch the commonest distance. A heading is larger than the body, or short
//! and bold where the body is not. Structure tags of accessible PDFs are not used: few business
//! documents have them, and fewer have them right.

use std::collections::BTreeMap;

use super::glyphs::Run;
use super::grid::{self, Grid, is_under};
use super::line::{Line, Role};
use super::style::Style;
use crate::ingest::hyphen;
use crate::ingest::normalise::LINE_BREAK;
use crate::ingest::parse::text::{Marker, item_marker};
use crate::model::{Block, BlockKind};

/// A longer piece of large or bold type is no heading.
const MAX_HEADING: usize = 140;
/// Lines further apart than this times the usual pitch part paragraphs.
const PARAGRAPH_GAP: f32 = 1.25;

/// The blocks of a page, and how many rows of tables among them are not sure of their columns.
pub(super) struct Blocks {
    pub(super) blocks: Vec<Block>,
    pub(super) unsure_rows: usize,
}

/// The blocks of a page.
pub(super) fn build(lines: Vec<Line>, style: &Style) -> Blocks {
    let edges = edges(&lines);
    let grid = Grid::of(&lines);
    let mut builder = Builder { style, edges, grid, blocks: Vec::new(), open: None, unsure_rows: 0 };
    for line in lines {
        builder.add(line);
    }
    builder.flush();
    Blocks { blocks: builder.blocks, unsure_rows: builder.unsure_rows }
}

/// The right edge of each region, by its lines of prose; by any lines where there are none.
fn edges(lines: &[Line]) -> BTreeMap<u32, f32> {
    let mut edges: BTreeMap<u32, (bool, f32)> = BTreeMap::new();
    for line in lines {
        let [run] = line.cells.as_slice() else { continue };
        let found = (line.letters() >= 30, run.right);
        let edge = edges.entry(line.region).or_insert(found);
        let better = if found.0 == edge.0 { found.1 > edge.1 } else { found.0 };
        if better {
            *edge = found;
        }
    }
    edges.into_iter().map(|(region, (_, edge))| (region, edge)).collect()
}

/// A block that may get further lines.
struct Open {
    kind: BlockKind,
    text: String,
    /// The cells of a row; their text is joined when the row is complete.
    row: Vec<Run>,
    /// What its first line is in a table.
    role: Role,
    last: Line,
    lines: usize,
}

struct Builder<'a> {
    style: &'a Style,
    edges: BTreeMap<u32, f32>,
    grid: Grid,
    blocks: Vec<Block>,
    open: Option<Open>,
    unsure_rows: usize,
}

impl Builder<'_> {
    fn add(&mut self, mut line: Line) {
        match &line.role {
            Role::Header(names) => {
                let names = names.clone();
                self.flush();
                self.blocks.push(Block { kind: BlockKind::TableHeader, text: names });
                return;
            }
            Role::Absorbed => return,
            Role::Plain | Role::Row(_) => {}
        }
        for run in &mut line.cells {
            if let Some(text) = without_leaders(&run.text) {
                run.text = text;
            }
        }
        if self.open.as_ref().is_some_and(|open| self.grid.wraps(&open.row, &open.last, &line)) {
            return self.wrap_cells(line);
        }
        if line.cells.len() > 1 || matches!(line.role, Role::Row(_)) {
            self.flush();
            let (row, role) = (line.cells.clone(), line.role.clone());
            self.open = Some(Open {
                kind: BlockKind::TableRow,
                text: String::new(),
                row,
                role,
                last: line,
                lines: 1,
            });
            return;
        }
        let text = line.cells.first().map(|run| run.text.clone()).unwrap_or_default();
        let marker = item_marker(&text);
        let is_item = marker.is_some();
        // "2. Prazos" may head a section; what has a bullet does not.
        let level = self.style.level(&line).filter(|_| marker != Some(Marker::Bullet));
        if let Some(open) = &mut self.open
            && continues(open, &line, &text, level, self.style, self.edges.get(&line.region).copied())
        {
            if breaks_on_purpose(&open.last, &text, self.edges.get(&line.region).copied()) {
                open.text.push(LINE_BREAK);
                open.text.push_str(&text);
            } else {
                hyphen::join(&mut open.text, &text);
            }
            open.last = line;
            open.lines += 1;
            return;
        }
        self.flush();
        let kind = match level {
            Some(level) => BlockKind::Heading(level),
            None if is_item => BlockKind::ListItem,
            None => BlockKind::Paragraph,
        };
        self.open = Some(Open { kind, text, row: Vec::new(), role: Role::Plain, last: line, lines: 1 });
    }

    fn wrap_cells(&mut self, line: Line) {
        let Some(open) = &mut self.open else { return };
        for piece in &line.cells {
            if let Some(cell) = open.row.iter_mut().find(|cell| is_under(piece, cell)) {
                hyphen::join(&mut cell.text, &piece.text);
                // The next piece is measured against this one.
                cell.right = piece.right;
            }
        }
        open.last = line;
    }

    fn flush(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        if !open.row.is_empty() {
            let (text, is_sure) = match open.role {
                Role::Row(columns) => grid::placed_text(&open.row, columns),
                _ => (self.grid.row_text(&open.row, open.last.region), true),
            };
            open.text = text;
            self.unsure_rows += usize::from(!is_sure);
        }
        let text = open.text.trim();
        if text.is_empty() {
            return;
        }
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let length = text.chars().count();
        let kind = match open.kind {
            // Long, or a sentence, or a number: large type, but no heading.
            BlockKind::Heading(_)
                if letters < 2 || text.contains(" … ") || length > MAX_HEADING || open.lines > 3 =>
            {
                BlockKind::Paragraph
            }
            BlockKind::Heading(_) if !self.style.is_large(&open.last) && text.ends_with(['.', ',', ';']) => {
                BlockKind::Paragraph
            }
            kind => kind,
        };
        if matches!(kind, BlockKind::Heading(_)) {
            self.grid.end_table();
        }
        let mut text = text.to_owned();
        if matches!(kind, BlockKind::Heading(_)) {
            text = text.replace(LINE_BREAK, "\n");
        }
        self.blocks.push(Block { kind, text });
    }
}

/// Whether `line` is the next line of the open block.
fn continues(
    open: &Open,
    line: &Line,
    text: &str,
    level: Option<u8>,
    style: &Style,
    edge: Option<f32>,
) -> bool {
    let (Some(previous), Some(run)) = (open.last.cells.last(), line.cells.first()) else {
        return false;
    };
    let apart = !open.row.is_empty() || open.last.region != line.region;
    // A line with a leader is an entry of its own, in a table of contents or a price list.
    if apart || item_marker(text).is_some() || text.contains(" … ") || open.text.contains(" … ") {
        return false;
    }
    let size = open.last.size().max(line.size());
    let gap = open.last.y() - line.y();
    let pitch = style.pitch.max(1.0) * size;
    if gap <= 0.0 || gap > pitch * PARAGRAPH_GAP {
        return false;
    }
    match (open.kind, level) {
        (BlockKind::Heading(a), Some(b)) => return a == b,
        (BlockKind::Heading(_), None) => return false,
        // A line in bold inside a paragraph; a heading would stand apart or be larger.
        (_, Some(_)) if style.is_large(line) || text.starts_with(char::is_uppercase) => {
            return false;
        }
        _ => {}
    }
    let same_size = (open.last.size() - line.size()).abs() <= 0.15 * size;
    let ended = open.text.ends_with(['.', '!', '?', ':', ';']);
    let falls_short = edge.is_some_and(|edge| previous.right < edge - 4.0 * size);
    let indents = run.left > previous.left + 0.8 * size && open.kind != BlockKind::ListItem;
    // A list item's further lines are indented like its text, or at least begin no new sentence.
    same_size && !(ended && falls_short) && !(ended && indents)
}

/// Whether the next line's first word had room on this one: then the break was meant, as in an
/// address or a list of opening hours.
fn breaks_on_purpose(line: &Line, next: &str, edge: Option<f32>) -> bool {
    let (Some(run), Some(edge)) = (line.cells.last(), edge) else { return false };
    let word = next.split_whitespace().next().map_or(0, |word| word.chars().count());
    // Half an em a letter, and some more, for the estimate is rough.
    let needed = f32::from(u8::try_from(word).unwrap_or(u8::MAX)) * 0.55 * run.size + run.size;
    !run.text.ends_with('-') && edge - run.right > needed
}

/// Dots that lead from a title to its page or from a service to its price.
fn without_leaders(text: &str) -> Option<String> {
    let is_leader = |c: char| matches!(c, '.' | '…' | ' ' | '\u{b7}' | '_');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['.', '…', '\u{b7}']) {
        let tail = &rest[at..];
        let end = tail.find(|c| !is_leader(c)).unwrap_or(tail.len());
        let dots = tail[..end].chars().filter(|c| !matches!(c, ' ' | '_')).count();
        if dots >= 4 {
            out.push_str(rest[..at].trim_end());
            out.push_str(" … ");
            rest = &tail[end..];
        } else {
            out.push_str(&rest[..at + end]);
            rest = &tail[end..];
        }
    }
    if out.is_empty() {
        return None;
    }
    out.push_str(rest);
    Some(out)
}

/// A bullet that stands so far from its text that it looks like a cell.
pub(super) fn join_marker(line: &mut Line) {
    let Some(first) = line.cells.first() else { return };
    let is_marker = first.text.chars().count() <= 4 && item_marker(&format!("{} ", first.text)).is_some();
    if is_marker && line.cells.len() == 2 {
        let rest = line.cells.remove(1);
        let first = &mut line.cells[0];
        first.text.push(' ');
        first.text.push_str(&rest.text);
        first.right = rest.right;
        first.bold += rest.bold;
        first.size = rest.size;
        first.y = rest.y;
    }
}
