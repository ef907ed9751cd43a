//! Columns of a table that has no lines: by the white between the cells of its rows.

use super::glyphs::{Place, Run};
use super::line::Line;

/// White between two columns, or the line there: from where to where.
pub(super) type Separator = (f32, f32);

/// Points by which edges of one column may differ.
const SLACK: f32 = 3.0;
/// More columns than this are none.
const MAX_COLUMNS: usize = 40;

/// The white that parts the columns of rows; none if it cannot be told.
pub(super) fn separators(rows: &[&Line]) -> Option<Vec<Separator>> {
    let mut gaps: Vec<Separator> = rows
        .iter()
        .flat_map(|row| row.cells.windows(2).map(|pair| (pair[0].right, pair[1].left)))
        .filter(|(left, right)| right > left)
        .collect();
    gaps.sort_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    let mut found: Vec<Separator> = Vec::new();
    for gap in gaps {
        let meets = |other: &Separator| gap.0.max(other.0) + 0.5 < gap.1.min(other.1);
        let met: Vec<usize> = (0..found.len()).filter(|at| meets(&found[*at])).collect();
        match met.as_slice() {
            [] => found.push(gap),
            [one] => found[*one] = (found[*one].0.max(gap.0), found[*one].1.min(gap.1)),
            _ => {}
        }
        if found.len() > MAX_COLUMNS {
            return None;
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Every column has a cell of its own in some row, else there is no telling.
    let has_cell = |pair: &[Separator]| {
        let is_between = |cell: &Run| cell.left >= pair[0].1 - SLACK && cell.right <= pair[1].0 + SLACK;
        rows.iter().flat_map(|row| &row.cells).any(is_between)
    };
    if !found.windows(2).all(has_cell) {
        return None;
    }
    let crossing = rows.iter().filter(|row| !fits(row, &found)).count();
    (crossing * 4 <= rows.len()).then_some(found)
}

/// Whether no cell of the row lies across a separator.
pub(super) fn fits(row: &Line, separators: &[Separator]) -> bool {
    row.cells.iter().all(|cell| {
        let (first, last) = span(cell, separators);
        first == last
    })
}

/// The columns over which a cell stretches.
fn span(cell: &Run, separators: &[Separator]) -> (usize, usize) {
    let middle = |separator: &Separator| f32::midpoint(separator.0, separator.1);
    let first = separators.iter().filter(|s| middle(s) < cell.left + 1.0).count();
    let last = separators.iter().filter(|s| middle(s) < cell.right - 1.0).count();
    (first, last.max(first))
}

/// The usual edges of the cells of each column.
pub(super) struct Edges {
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Edges {
    pub(super) fn of(lines: &[Line], separators: &[Separator]) -> Self {
        let columns = separators.len() + 1;
        let (mut left, mut right) = (vec![Vec::new(); columns], vec![Vec::new(); columns]);
        for cell in lines.iter().filter(|line| line.cells.len() > 1).flat_map(|line| &line.cells) {
            let (first, last) = span(cell, separators);
            if first == last {
                left[first].push(cell.left);
                right[first].push(cell.right);
            }
        }
        let usual = |mut all: Vec<f32>| {
            all.sort_by(f32::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(f32::NAN)
        };
        Self { left: left.into_iter().map(usual).collect(), right: right.into_iter().map(usual).collect() }
    }

    /// The columns of a cell. One that runs beyond its column is known by the edge it shares with others; one
    /// that shares none might be meant for any of those it stands in.
    pub(super) fn place(&self, cell: &Run, separators: &[Separator]) -> Place {
        let (first, last) = span(cell, separators);
        let shares = |edges: &[f32], at: usize, edge: f32| {
            edges.get(at).is_some_and(|usual| (usual - edge).abs() <= SLACK)
        };
        if first == last || shares(&self.left, first, cell.left) {
            Place { first, last: first, is_sure: true }
        } else if shares(&self.right, last, cell.right) {
            Place { first: last, last, is_sure: true }
        } else {
            Place { first, last, is_sure: false }
        }
    }
}
