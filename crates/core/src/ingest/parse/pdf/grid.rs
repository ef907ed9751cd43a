//! The rows of tables: which lines are one, and the text of its cells.
//!
//! A PDF draws the cells of a table like any other text. Two things go wrong when rows are read line
//! by line: the second line of a cell looks like a row, and a row with an empty cell moves the others
//! one column over. Both are put right by where the pieces stand. Where `columns` found a table, its cells
//! know their columns.

use std::collections::BTreeMap;

use super::glyphs::Run;
use super::line::{Line, Role};
use crate::model::UNSURE;

/// A cell with fewer letters than this has no second line.
const MIN_WRAPPED: usize = 12;
/// Points by which pieces of one column may start apart.
const SLACK: f32 = 3.0;

/// What is known of the tables of a page, and of the one being read.
pub(super) struct Grid {
    /// Widest piece by region and left edge.
    columns: BTreeMap<(u32, i32), f32>,
    /// Widest distance between rows by region.
    row_gaps: BTreeMap<u32, f32>,
    /// Usual distance between rows whose cells know their columns, by region.
    usual_gaps: BTreeMap<u32, f32>,
    /// Region and columns of the current table: its row with most cells.
    template: Option<(u32, Vec<(f32, f32)>)>,
}

impl Grid {
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut columns: BTreeMap<(u32, i32), f32> = BTreeMap::new();
        for line in lines {
            for cell in &line.cells {
                let width = columns.entry((line.region, column(cell))).or_default();
                *width = width.max(cell.right - cell.left);
            }
        }
        let mut gaps: BTreeMap<u32, Vec<f32>> = BTreeMap::new();
        let mut row_gaps: BTreeMap<u32, f32> = BTreeMap::new();
        for pair in
            lines.windows(2).filter(|pair| pair[0].region == pair[1].region && pair[1].cells.len() > 1)
        {
            let gap = pair[0].y() - pair[1].y();
            if gap < 3.0 * pair[1].size() {
                if pair.iter().all(|line| matches!(line.role, Role::Row(_))) {
                    gaps.entry(pair[1].region).or_default().push(gap);
                }
                let widest = row_gaps.entry(pair[1].region).or_default();
                *widest = widest.max(gap);
            }
        }
        let median = |mut all: Vec<f32>| {
            all.sort_by(f32::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(0.0)
        };
        let usual_gaps = gaps.into_iter().map(|(region, all)| (region, median(all))).collect();
        Self { columns, row_gaps, usual_gaps, template: None }
    }

    pub(super) fn end_table(&mut self) {
        self.template = None;
    }

    /// Whether `line` holds second lines of cells of the open `row`, whose last line is `last`: set as
    /// tight as lines are, each of its pieces under a cell that ran full, and either not a whole row
    /// or tighter than rows are.
    pub(super) fn wraps(&self, row: &[Run], last: &Line, line: &Line) -> bool {
        let gap = last.y() - line.y();
        let is_placed = matches!(line.role, Role::Row(_));
        let gaps = if is_placed { &self.usual_gaps } else { &self.row_gaps };
        let rows_are_wider = || gaps.get(&line.region).is_some_and(|rows| gap * 1.15 < *rows);
        let fills = |cell: &Run| {
            let width = self.column_width(line.region, cell);
            let share = if cell.place.is_some() { 0.8 } else { 0.6 };
            cell.text.chars().count() >= MIN_WRAPPED && cell.right - cell.left >= share * width
        };
        last.region == line.region
            && gap > 0.0
            && gap <= 1.35 * line.size()
            && (line.cells.len() < row.len() || (line.cells.len() == row.len() && rows_are_wider()))
            && line.cells.iter().all(|piece| row.iter().any(|cell| is_under(piece, cell) && fills(cell)))
    }

    /// The widest piece that starts where `cell` does.
    fn column_width(&self, region: u32, cell: &Run) -> f32 {
        let left = column(cell);
        let near = self.columns.range((region, left - 3)..=(region, left + 3));
        near.map(|(_, width)| *width).fold(0.0, f32::max)
    }

    /// The cells of a row. Where the table has more columns, empty cells keep the others in theirs: a
    /// price in the wrong column is a wrong price.
    pub(super) fn row_text(&mut self, row: &[Run], region: u32) -> String {
        let texts = || row.iter().map(|run| run.text.trim());
        let wider = self.template.as_ref().filter(|(r, columns)| *r == region && columns.len() > row.len());
        if let Some((_, columns)) = wider {
            if let Some(places) = places(row, columns) {
                let mut cells = vec![""; columns.len()];
                for (place, text) in places.into_iter().zip(texts()) {
                    cells[place] = text;
                }
                return cells.join(" | ").trim_end_matches([' ', '|']).to_owned();
            }
        } else {
            self.template = Some((region, row.iter().map(|run| (run.left, run.right)).collect()));
        }
        texts().collect::<Vec<_>>().join(" | ")
    }
}

/// Cells as the text of a row; empty ones at its end say nothing.
pub(super) fn joined(mut cells: Vec<String>) -> String {
    cells.truncate(cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1));
    cells.join(" | ")
}

/// The text of a row whose cells know their columns, and whether all of them do. What is meant for several
/// columns is in each of them; what could be meant for any of several is marked.
pub(super) fn placed_text(row: &[Run], columns: usize) -> (String, bool) {
    let mut cells = vec![String::new(); columns];
    let mut is_sure = true;
    for run in row {
        let Some(place) = run.place else { continue };
        is_sure &= place.is_sure;
        let last = if place.is_sure { place.last } else { place.first };
        for cell in cells.iter_mut().take(last + 1).skip(place.first) {
            if !cell.is_empty() {
                cell.push(' ');
            }
            if !place.is_sure {
                cell.push_str(UNSURE);
                cell.push(' ');
            }
            cell.push_str(run.text.trim());
        }
    }
    (joined(cells), is_sure)
}

/// Whether `piece` stands in the column of `cell`.
pub(super) fn is_under(piece: &Run, cell: &Run) -> bool {
    (piece.left - cell.left).abs() <= SLACK || (piece.left >= cell.left && piece.right <= cell.right)
}

/// The column of each cell, if every cell has one of its own, in order.
fn places(row: &[Run], columns: &[(f32, f32)]) -> Option<Vec<usize>> {
    let mut found: Vec<usize> = Vec::new();
    for cell in row {
        let overlap = |(left, right): &(f32, f32)| cell.right.min(*right) - cell.left.max(*left);
        let (at, best) = columns.iter().map(overlap).enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let starts = columns.iter().position(|(left, _)| (cell.left - left).abs() <= SLACK);
        let at = starts.or((best > 0.0).then_some(at))?;
        if found.last().is_some_and(|last| *last >= at) {
            return None;
        }
        found.push(at);
    }
    Some(found)
}

/// Left edges as whole points.
#[allow(clippy::cast_possible_truncation, reason = "saturates, and pages are small")]
fn column(cell: &Run) -> i32 {
    cell.left.round().clamp(-1e6, 1e6) as i32
}
