//! Cells that ran together are parted, and lines that are one row are put together.

use super::glyphs::{Gap, Run};
use super::line::{Line, Role};
use super::white::Separator;
use crate::ingest::hyphen;
use crate::ingest::parse::text::item_marker;

/// A gap between words this wide, in ems, may part two columns.
pub(super) const LOOSE_GAP: f32 = 0.7;
/// The same in a line that looks like one cell.
const ROW_GAP: f32 = 0.8;
/// A piece shorter than this, in bytes, is not stretched to fill a line.
const SHORT: usize = 48;
/// Lines this close, in ems, may be lines of one cell.
const TIGHT: f32 = 1.35;

/// Whether a line is a row, or one whose cells ran together.
pub(super) fn may_be_row(line: &Line) -> bool {
    line.cells.len() > 1
        || line.cells.iter().any(|cell| cell.gaps.iter().any(|gap| is_loose(gap, cell, ROW_GAP)))
}

/// Whether a gap is wide, in ems, and wider than those between the words of the cell: not one of a line that
/// was stretched to be full.
fn is_loose(gap: &Gap, cell: &Run, least: f32) -> bool {
    let width = gap.right - gap.left;
    let is_marker = gap.at <= 4 && item_marker(&format!("{} ", &cell.text[..gap.at])).is_some();
    if is_marker {
        return false;
    }
    let narrowest = cell.gaps.iter().map(|gap| gap.right - gap.left).fold(f32::INFINITY, f32::min);
    width >= least * cell.size && (width >= 1.8 * narrowest || cell.text.len() < SHORT)
}

/// Parts cells that ran together at separators, where the gap is wide enough, in ems.
pub(super) fn part(line: &mut Line, separators: &[Separator], least: f32) {
    part_where(line, |gap, cell| {
        let meets = |separator: &Separator| gap.left - 1.0 <= separator.1 && gap.right + 1.0 >= separator.0;
        gap.right - gap.left >= least * cell.size && separators.iter().any(meets)
    });
}

pub(super) fn part_loose(line: &mut Line) {
    part_where(line, |gap, cell| is_loose(gap, cell, LOOSE_GAP));
}

fn part_where(line: &mut Line, is_end: impl Fn(&Gap, &Run) -> bool) {
    let mut cells = Vec::with_capacity(line.cells.len());
    for cell in std::mem::take(&mut line.cells) {
        let ends: Vec<Gap> = cell.gaps.iter().filter(|gap| is_end(gap, &cell)).copied().collect();
        // From the right, so that places in the text stay what they are.
        let (mut rest, mut parts) = (cell, Vec::new());
        for gap in ends.into_iter().rev() {
            if let Some((before, after)) = split(&rest, gap) {
                parts.push(after);
                rest = before;
            }
        }
        cells.push(rest);
        cells.extend(parts.into_iter().rev());
    }
    line.cells = cells;
}

/// A cell in two at a gap.
fn split(cell: &Run, gap: Gap) -> Option<(Run, Run)> {
    let (before, after) = (cell.text.get(..gap.at)?, cell.text.get(gap.at + 1..)?);
    if before.trim().is_empty() || after.trim().is_empty() {
        return None;
    }
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let is_bold = cell.bold * 10 >= letters(&cell.text) * 9;
    let bold = |text: &str| if is_bold { letters(text) } else { 0 };
    let later = cell.gaps.iter().filter(|other| other.at > gap.at);
    let second = Run {
        text: after.to_owned(),
        left: gap.right,
        bold: bold(after),
        gaps: later.map(|other| Gap { at: other.at - gap.at - 1, ..*other }).collect(),
        ..cell.clone()
    };
    let first = Run {
        text: before.to_owned(),
        right: gap.left,
        bold: bold(before),
        gaps: cell.gaps.iter().filter(|other| other.at < gap.at).copied().collect(),
        ..cell.clone()
    };
    Some((first, second))
}

/// Makes one line of neighbours that are one row. Returns where the lines end now.
pub(super) fn merge(
    lines: &mut Vec<Line>,
    start: usize,
    end: usize,
    is_one_row: impl Fn(&Line, &Line) -> bool,
) -> usize {
    let tail = lines.split_off(end);
    let group = lines.split_off(start);
    for mut line in group {
        let is_row = |line: &Line| matches!(line.role, Role::Row(_));
        let is_first = lines.len() == start;
        match lines.last_mut().filter(|last| !is_first && is_row(last) && is_row(&line)) {
            Some(last) if is_one_row(last, &line) => join(last, &mut line),
            _ => lines.push(line),
        }
    }
    let until = lines.len();
    lines.extend(tail);
    until
}

/// Puts the cells of a line below those of the row it belongs to. The row keeps its place, so that what is
/// one row is told by its first line.
fn join(row: &mut Line, line: &mut Line) {
    for cell in line.cells.drain(..) {
        match row.cells.iter_mut().find(|other| other.place == cell.place) {
            Some(other) => {
                hyphen::join(&mut other.text, &cell.text);
                other.bold += cell.bold;
            }
            None => row.cells.push(cell),
        }
    }
    row.cells.sort_by_key(|cell| cell.place.map_or(0, |place| place.first));
}

/// Joins lines that are closer than rows are, where one of them has the first cell and the others are cells
/// beside it that took more lines.
pub(super) fn merge_wrapped(lines: &mut Vec<Line>, start: usize, end: usize) -> usize {
    let is_tight = |a: &Line, b: &Line| a.y() - b.y() <= TIGHT * b.size();
    let has_first = |line: &Line| line.cells.iter().any(|c| c.place.is_some_and(|p| p.first == 0));
    let columns = lines[start..end].iter().find_map(|line| match line.role {
        Role::Row(columns) => Some(columns),
        _ => None,
    });
    let Some(columns) = columns else { return end };
    let mut at = start;
    let mut clusters: Vec<(usize, usize)> = Vec::new();
    while at < end {
        let mut until = at + 1;
        while until < end && is_tight(&lines[until - 1], &lines[until]) {
            until += 1;
        }
        clusters.push((at, until));
        at = until;
    }
    // Where all lines are equally close there is no telling.
    if clusters.len() < 2 {
        return end;
    }
    let mut removed = 0;
    for (from, until) in clusters {
        let (from, until) = (from - removed, until - removed);
        let firsts = lines[from..until].iter().filter(|line| has_first(line)).count();
        if firsts != 1 || until - from < 2 {
            continue;
        }
        for line in &mut lines[from..until] {
            line.role = Role::Row(columns);
        }
        removed += until - merge(lines, from, until, |_, _| true);
    }
    end - removed
}
