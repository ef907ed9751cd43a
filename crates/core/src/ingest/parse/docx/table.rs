//! One table of a Word document while it is read, and what its rows become.
//!
//! A row is one block, its cells joined by ` | `; a cell that spans columns stands in each of them. Rows that
//! Word repeats on every page name the columns; where none does, the first row is judged. But tables are also how people lay out a page: a
//! cell with a section of its own in it is no cell, and such a row becomes the blocks of its cells.

use std::collections::HashMap;

use super::paragraph::Piece;
use crate::model::{Block, BlockKind};
use crate::text::table::{cells, names_columns, row_of};

/// A cell with more text than this is a piece of layout.
const MAX_CELL: usize = 1_200;
/// So is one with more paragraphs than this.
const MAX_CELL_PIECES: usize = 12;
/// A row of one cell that is no longer says what the table, or the next rows, are about.
const MAX_TITLE: usize = 120;

/// Where a cell stands among cells merged downwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    Starts,
    Continues,
}

/// What the open row is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum RowKind {
    #[default]
    Plain,
    /// Word repeats it on every page: it names the columns.
    Header,
    /// A tracked deletion.
    Deleted,
}

#[derive(Default)]
pub(super) struct Table {
    cells: Vec<(usize, Vec<Piece>)>,
    /// Names of the columns so far, of the rows that Word repeats on every page.
    header: Vec<String>,
    /// A row of more than one cell was read.
    has_columns: bool,
    column: usize,
    /// Text of the cell that spans down over this column.
    merged: HashMap<usize, String>,
    pub(super) merge: Option<Merge>,
    pub(super) span: usize,
    pub(super) row: RowKind,
    /// A page ended inside the open row.
    pub(super) page_ended: bool,
    pub(super) has_text: bool,
}

impl Table {
    pub(super) fn start_row(&mut self) {
        self.cells.clear();
        self.column = 0;
        self.row = RowKind::Plain;
        self.page_ended = false;
        self.has_text = false;
    }

    pub(super) fn start_cell(&mut self) {
        self.merge = None;
        self.span = 1;
    }

    /// Ends a cell. One merged with the cell above repeats its text: a row is read alone.
    pub(super) fn end_cell(&mut self, mut pieces: Vec<Piece>) {
        match self.merge {
            Some(Merge::Starts) => {
                self.merged.insert(self.column, joined(&pieces));
            }
            Some(Merge::Continues) if pieces.is_empty() => {
                if let Some(text) = self.merged.get(&self.column).filter(|t| !t.is_empty() && t.len() <= 200)
                {
                    pieces.push(Piece::plain(BlockKind::Paragraph, text.clone()));
                }
            }
            _ => {
                self.merged.remove(&self.column);
            }
        }
        let span = self.span.clamp(1, 63);
        self.cells.push((span, pieces));
        self.column += span;
    }

    /// Ends the row: its blocks.
    pub(super) fn end_row(&mut self) -> Vec<Piece> {
        let cells = std::mem::take(&mut self.cells);
        if self.row == RowKind::Deleted {
            return Vec::new();
        }
        let size = |pieces: &[Piece]| pieces.iter().map(|p| p.block.text.len()).sum::<usize>();
        let is_layout = |pieces: &[Piece]| {
            let holds_rows = || pieces.iter().any(|p| is_table(p.block.kind));
            pieces.len() > MAX_CELL_PIECES || size(pieces) > MAX_CELL || holds_rows()
        };
        if let [(_, pieces)] = &cells[..]
            && self.has_columns
            && pieces.len() == 1
            && size(pieces) <= MAX_TITLE
            && !is_layout(pieces)
        {
            let mut blocks = self.end_header();
            blocks.push(Piece::plain(BlockKind::TableRow, joined(pieces)));
            return blocks;
        }
        if cells.len() == 1 || cells.iter().any(|(_, pieces)| is_layout(pieces)) {
            let mut blocks = self.end_header();
            blocks.extend(cells.into_iter().flat_map(|(_, pieces)| pieces));
            return blocks;
        }
        let texts = cells.iter().flat_map(|(span, pieces)| std::iter::repeat_n(joined(pieces), *span));
        let texts: Vec<String> = texts.collect();
        if self.row == RowKind::Header && (self.header.is_empty() || self.header.len() == texts.len()) {
            self.has_columns = true;
            self.add_names(texts);
            return Vec::new();
        }
        let mut blocks = self.end_header();
        let row = row_of(&texts);
        if !row.is_empty() {
            self.has_columns = true;
            let bold = cells.iter().all(|(_, pieces)| pieces.iter().all(|p| p.bold));
            blocks.push(Piece { bold, ..Piece::plain(BlockKind::TableRow, row) });
        }
        blocks
    }

    /// A second row of names goes below the first: "Preço" over "Porte P" is "Preço Porte P".
    fn add_names(&mut self, names: Vec<String>) {
        if self.header.is_empty() {
            self.header = names;
            return;
        }
        for (above, name) in self.header.iter_mut().zip(names) {
            if *above != name && !name.is_empty() {
                let space = if above.is_empty() { "" } else { " " };
                above.extend([space, name.as_str()].map(str::to_owned));
            }
        }
    }

    /// The block of the names of the columns, once the first row below them is there.
    pub(super) fn end_header(&mut self) -> Vec<Piece> {
        let header = row_of(&std::mem::take(&mut self.header));
        if header.is_empty() {
            return Vec::new();
        }
        vec![Piece::plain(BlockKind::TableHeader, header)]
    }
}

/// Makes the first row of a table its header if it names the columns.
pub(super) fn find_header(pieces: &mut [Piece]) {
    let has_header = pieces.iter().any(|p| p.block.kind == BlockKind::TableHeader);
    let row = |p: &Piece| p.block.kind == BlockKind::TableRow && cells(&p.block.text).len() > 1;
    let Some(first) = pieces.iter().position(row).filter(|_| !has_header) else { return };
    let rows = pieces[first..].iter().filter(|p| row(p));
    let is_bold = |p: &Piece| p.bold;
    let below = &pieces[first + 1..];
    let bold = is_bold(&pieces[first]) && !below.is_empty() && !below.iter().any(is_bold);
    if bold || names_columns(rows.map(|p| p.block.text.as_str())) {
        pieces[first].block.kind = BlockKind::TableHeader;
    }
}

/// Whether a block is part of a table.
fn is_table(kind: BlockKind) -> bool {
    matches!(kind, BlockKind::TableHeader | BlockKind::TableRow)
}

/// The text of a cell on one line.
fn joined(pieces: &[Piece]) -> String {
    let words = pieces.iter().flat_map(|Piece { block: Block { text, .. }, .. }| text.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}
