//! The columns of the tables on a page, their header, and where a table goes on over pages.
//!
//! A PDF draws the cells of a table like any other text. An empty cell leaves no trace, and the names of two
//! narrow columns stand as close as two words: a value in the wrong column is a wrong value. So columns are
//! found for a table as a whole: by its lines where it has any (`ruling`), otherwise by the white that runs
//! down between the cells of its rows (`white`). Every cell learns its columns; one that cannot be placed
//! says so.

use super::blocks;
use super::cells::{LOOSE_GAP, may_be_row, merge, merge_wrapped, part, part_loose};
use super::drawing::Stroke;
use super::header;
use super::line::{Line, Role};
use super::ruling::{Frame, Rules};
use super::white::{self, Edges, Separator};

/// A table of more columns than this is a drawing.
const MAX_COLUMNS: usize = 40;
/// A table as it goes on over pages.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    separators: Vec<Separator>,
    /// The left edge of its first column.
    left: f32,
    header: Option<String>,
}

/// Finds the tables among the lines of a page. `before` is the table the page before ended with; returned is
/// the one that this page ends with.
pub(super) fn arrange(lines: &mut Vec<Line>, strokes: &[Stroke], before: Option<Table>) -> Option<Table> {
    lines.iter_mut().for_each(blocks::join_marker);
    let mut goes_on = before;
    let mut last: Option<(usize, Table)> = None;
    let mut at = 0;
    let mut is_first = true;
    while let Some((start, end)) = next_group(lines, at) {
        let carried = goes_on.take().filter(|_| is_first && is_edge(&lines[..start], lines[start].size()));
        is_first = false;
        let Some((mut table, span)) = place(lines, start, end, strokes, carried.as_ref()) else {
            at = end;
            continue;
        };
        at = span.1;
        table.header = header::find(&mut lines[span.0..span.1], table.separators.len() + 1);
        let same = |carried: &Table| {
            carried.separators.len() == table.separators.len() && (carried.left - table.left).abs() < 12.0
        };
        let header = carried.filter(same).and_then(|carried| carried.header);
        if let (None, Some(header)) = (&table.header, header) {
            // It holds on this page, where it is not drawn again.
            let line =
                Line { cells: Vec::new(), role: Role::Header(header.clone()), ..lines[span.0].clone() };
            lines.insert(span.0, line);
            table.header = Some(header);
            at += 1;
        }
        last = Some((at, table));
    }
    last.filter(|(end, _)| is_edge(&lines[*end..], f32::INFINITY)).map(|(_, table)| table)
}

/// Whether nothing but a running head or foot stands there, which is not set larger than the table.
fn is_edge(lines: &[Line], size: f32) -> bool {
    lines.len() <= 2 && lines.iter().all(|line| line.letters() < 60 && line.size() < 1.2 * size)
}

/// Lines `start..end` from `from` on that may be one table: rows of several cells not far from each other, of
/// one region. Two lines of one cell may stand between them.
fn next_group(lines: &[Line], from: usize) -> Option<(usize, usize)> {
    let start = (from..lines.len()).find(|at| may_be_row(&lines[*at]))?;
    let (mut end, mut at) = (start + 1, start + 1);
    while at < lines.len() && lines[at].region == lines[start].region {
        let (previous, line) = (&lines[at - 1], &lines[at]);
        let gap = previous.y() - line.y();
        let far = gap > 4.0 * line.size().max(previous.size()) || gap < 0.0;
        // Bold names of columns after a title begin another table.
        let begins = line.cells.len() > 1 && line.is_bold() && at > end && lines[end - 1].cells.len() > 1;
        if far || (begins && !lines[end - 1].is_bold()) || at - end > 2 {
            break;
        }
        at += 1;
        if may_be_row(&lines[at - 1]) {
            end = at;
        }
    }
    Some((start, end))
}

/// Gives the cells of a table their columns, parts those that ran together, and makes one line of the lines
/// of a row. Returned are the table and its lines, which may be more or fewer than `start..end`.
fn place(
    lines: &mut Vec<Line>,
    start: usize,
    end: usize,
    strokes: &[Stroke],
    carried: Option<&Table>,
) -> Option<(Table, (usize, usize))> {
    let rows: Vec<&Line> = lines[start..end].iter().filter(|line| may_be_row(line)).collect();
    let rules = Rules::of(strokes, lines[start].turns);
    let (separators, span) = if let Some(frame) = rules.frame(&rows) {
        if frame.separators.len() >= MAX_COLUMNS {
            return None;
        }
        place_ruled(lines, start, end, &frame)
    } else {
        place_by_white(lines, start, end, carried)?
    };
    let cells = lines[span.0..span.1].iter().filter_map(|line| line.cells.first());
    let left = cells.map(|cell| cell.left).fold(f32::INFINITY, f32::min);
    Some((Table { separators, left, header: None }, span))
}

fn place_ruled(
    lines: &mut Vec<Line>,
    start: usize,
    end: usize,
    frame: &Frame,
) -> (Vec<Separator>, (usize, usize)) {
    let region = lines[start].region;
    let (mut first, mut until) = (start, end);
    while first > 0 && lines[first - 1].region == region && frame.has(&lines[first - 1]) {
        first -= 1;
    }
    while until < lines.len() && lines[until].region == region && frame.has(&lines[until]) {
        until += 1;
    }
    let separators: Vec<Separator> = frame.separators.iter().map(|at| (*at, *at)).collect();
    for line in &mut lines[first..until] {
        part(line, &separators, 0.0);
        let whole = line.clone();
        for cell in &mut line.cells {
            cell.place = Some(frame.place(&whole, cell.left, cell.right));
        }
        // What stands across the whole table is a title in it.
        let is_title =
            line.cells.iter().all(|c| c.place.is_some_and(|p| p.first == 0 && p.last == separators.len()));
        if frame.has(line) && !is_title {
            line.role = Role::Row(separators.len() + 1);
        }
    }
    let is_one_row = |a: &Line, b: &Line| match (frame.row(a), frame.row(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    };
    let until = merge(lines, first, until, is_one_row);
    (separators, (first, until))
}

fn place_by_white(
    lines: &mut Vec<Line>,
    start: usize,
    end: usize,
    carried: Option<&Table>,
) -> Option<(Vec<Separator>, (usize, usize))> {
    // One row of clear cells, or most lines look like rows: prose has a wide gap here and there, too.
    let clear = lines[start..end].iter().filter(|line| line.cells.len() > 1).count();
    let likely = lines[start..end].iter().filter(|line| may_be_row(line)).count();
    if carried.is_none() && (likely < 2 || (clear == 0 && (likely < 3 || likely * 3 < (end - start) * 2))) {
        return None;
    }
    let mut loose: Vec<Line> = lines[start..end].to_vec();
    for line in &mut loose {
        part_loose(line);
    }
    let rows: Vec<&Line> = loose.iter().filter(|line| line.cells.len() > 1).collect();
    let known = carried.filter(|carried| rows.iter().all(|row| white::fits(row, &carried.separators)));
    let separators = match known {
        Some(carried) => carried.separators.clone(),
        None => white::separators(&rows)?,
    };
    if separators.is_empty() || separators.len() >= MAX_COLUMNS {
        return None;
    }
    let first = first_line(lines, start, &separators);
    for line in &mut lines[first..end] {
        part(line, &separators, LOOSE_GAP);
    }
    let most = lines[first..end].iter().map(|line| line.cells.len()).max().unwrap_or(0);
    if known.is_none() && most < separators.len() + 1 {
        return None;
    }
    let edges = Edges::of(&lines[first..end], &separators);
    for line in &mut lines[first..end] {
        for cell in &mut line.cells {
            cell.place = Some(edges.place(cell, &separators));
        }
        if line.cells.len() > 1 {
            line.role = Role::Row(separators.len() + 1);
        }
    }
    let until = merge_wrapped(lines, first, end);
    Some((separators, (first, until)))
}

/// The line before the first row of several cells, if it is one whose cells ran together.
fn first_line(lines: &[Line], start: usize, separators: &[Separator]) -> usize {
    let Some(before) = start.checked_sub(1).map(|at| &lines[at]) else { return start };
    let gap = before.y() - lines[start].y();
    let is_close = before.region == lines[start].region && gap > 0.0 && gap < 2.4 * before.size();
    let mut parted = before.clone();
    part(&mut parted, separators, LOOSE_GAP);
    // All of the names, or it is a sentence that has a space there by chance.
    let is_header = is_close && before.cells.len() == 1 && parted.cells.len() == separators.len() + 1;
    if is_header { start - 1 } else { start }
}
