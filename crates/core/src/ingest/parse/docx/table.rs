//! One table of a Word document while it is read, and what its rows become.
//!
//! A row is one block, its cells joined by ` | `. But tables are also how people lay out a page: a
//! cell with a section of its own in it is no cell, and such a row becomes the blocks of its cells.

use std::collections::HashMap;

use super::paragraph::Piece;
use crate::model::{Block, BlockKind};

/// A cell with more text than this is a piece of layout.
const MAX_CELL: usize = 1_200;
/// So is one with more paragraphs than this.
const MAX_CELL_PIECES: usize = 12;

/// Where a cell stands among cells merged downwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    Starts,
    Continues,
}

#[derive(Default)]
pub(super) struct Table {
    cells: Vec<Vec<Piece>>,
    column: usize,
    /// Text of the cell that spans down over this column.
    merged: HashMap<usize, String>,
    pub(super) merge: Option<Merge>,
    pub(super) span: usize,
    pub(super) row_deleted: bool,
    /// A page ended inside the open row.
    pub(super) page_ended: bool,
    pub(super) has_text: bool,
}

impl Table {
    pub(super) fn start_row(&mut self) {
        self.cells.clear();
        self.column = 0;
        self.row_deleted = false;
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
        self.cells.push(pieces);
        self.column += self.span.clamp(1, 63);
    }

    /// Ends the row: its blocks.
    pub(super) fn end_row(&mut self) -> Vec<Piece> {
        let cells = std::mem::take(&mut self.cells);
        if self.row_deleted {
            return Vec::new();
        }
        let is_layout = cells.len() == 1
            || cells.iter().any(|pieces| {
                pieces.len() > MAX_CELL_PIECES
                    || pieces.iter().any(|p| p.block.kind == BlockKind::TableRow)
                    || pieces.iter().map(|p| p.block.text.len()).sum::<usize>() > MAX_CELL
            });
        if is_layout {
            return cells.into_iter().flatten().collect();
        }
        let row = cells.iter().map(|pieces| joined(pieces)).collect::<Vec<_>>().join(" | ");
        let row = row.trim_end_matches([' ', '|']);
        if row.trim_start_matches([' ', '|']).is_empty() {
            return Vec::new();
        }
        vec![Piece::plain(BlockKind::TableRow, row.to_owned())]
    }
}

/// The text of a cell on one line.
fn joined(pieces: &[Piece]) -> String {
    let words = pieces.iter().flat_map(|Piece { block: Block { text, .. }, .. }| text.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}
