//! A line of text as it lies on a page, and what it is in a table.

use super::glyphs::Run;

/// A line of text: one run, or the cells of a row.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) cells: Vec<Run>,
    /// Lines of one region follow each other; between regions everything ends.
    pub(super) region: u32,
    /// Quarter turns of its text to the left.
    pub(super) turns: usize,
    /// What it is in a table.
    pub(super) role: Role,
}

/// What a line is in a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Role {
    /// Nothing that is known.
    #[default]
    Plain,
    /// A row of so many columns; its cells know theirs.
    Row(usize),
    /// The names of the columns.
    Header(String),
    /// Part of the names of the columns, which another line has.
    Absorbed,
}

impl Line {
    pub(super) fn y(&self) -> f32 {
        self.cells.first().map_or(0.0, |run| run.y)
    }

    pub(super) fn size(&self) -> f32 {
        self.cells.iter().map(|run| run.size).fold(0.0, f32::max)
    }

    pub(super) fn letters(&self) -> usize {
        self.cells.iter().map(|run| run.text.chars().filter(|c| !c.is_whitespace()).count()).sum()
    }

    pub(super) fn is_bold(&self) -> bool {
        self.cells.iter().map(|run| run.bold).sum::<usize>() * 10 >= self.letters() * 9
    }
}
