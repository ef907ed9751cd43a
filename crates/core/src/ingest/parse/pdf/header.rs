//! The names of a table's columns: which rows they are, and what they say together.
//!
//! A header is what differs from the rows below it: bold where they are not, words where they have figures
//! or ticks. Names may take several lines, and one name may stand over several columns: then each of these
//! columns has it before its own.

use super::grid::joined;
use super::line::{Line, Role};

/// Lines of a header, at most.
const MAX_LINES: usize = 4;
/// Letters in a name of a column, at most.
const MAX_NAME: usize = 48;

/// Marks the header of a table's lines and returns the names of the columns, joined by ` | `.
pub(super) fn find(lines: &mut [Line], columns: usize) -> Option<String> {
    let is_row = |at: &usize| matches!(lines[*at].role, Role::Row(_));
    let rows: Vec<usize> = (0..lines.len()).filter(is_row).collect();
    let count = header_lines(lines, &rows)?;
    let mut names: Vec<Vec<&str>> = vec![Vec::new(); columns];
    for at in &rows[..count] {
        for cell in &lines[*at].cells {
            let place = cell.place?;
            for name in names.get_mut(place.first..=place.last)? {
                name.push(cell.text.trim());
            }
        }
    }
    let names: Vec<String> = names.into_iter().map(|parts| parts.join(" ")).collect();
    if names.iter().filter(|name| !name.is_empty()).count() < 2 {
        return None;
    }
    let header = joined(names);
    let last = rows[count - 1];
    for line in &mut lines[rows[0]..=last] {
        line.role = Role::Absorbed;
    }
    lines[rows[0]].role = Role::Header(header.clone());
    Some(header)
}

/// How many of the first rows are the header; none if there is no telling.
fn header_lines(lines: &[Line], rows: &[usize]) -> Option<usize> {
    let body = rows.get(1..).filter(|body| !body.is_empty())?;
    let first = &lines[*rows.first()?];
    if !may_name(first) {
        return None;
    }
    let bold = body.iter().filter(|at| lines[**at].is_bold()).count();
    let is_set_off = first.is_bold() && bold * 3 < body.len().max(3);
    let valued = body.iter().filter(|at| has_value(&lines[**at])).count();
    let names_values = valued * 2 > body.len();
    if !is_set_off && !names_values {
        return None;
    }
    // Further lines of the names: like the first, and below a name of several columns or closer than rows are.
    let mut pitches: Vec<f32> = body.windows(2).map(|pair| lines[pair[0]].y() - lines[pair[1]].y()).collect();
    pitches.sort_by(f32::total_cmp);
    let usual = pitches.get(pitches.len() / 2).copied().unwrap_or(f32::INFINITY);
    let mut count = 1;
    while count < MAX_LINES && count + 1 < rows.len() {
        let (above, line) = (&lines[rows[count - 1]], &lines[rows[count]]);
        let is_alike = may_name(line) && line.is_bold() == first.is_bold();
        let spans = above.cells.iter().any(|cell| cell.place.is_some_and(|place| place.first != place.last));
        let is_close = (above.y() - line.y()) * 1.2 < usual;
        let belongs = (is_set_off && first.is_bold()) || (spans && !has_value(line)) || is_close;
        if !(is_alike && belongs) {
            break;
        }
        count += 1;
    }
    Some(count)
}

/// Whether the cells of a line may be names of columns.
fn may_name(line: &Line) -> bool {
    line.cells.iter().all(|cell| {
        let text = cell.text.trim();
        text.chars().count() <= MAX_NAME && text.contains(char::is_alphabetic) && !is_price(text)
    })
}

/// Whether a cell after the first has a figure or a tick.
fn has_value(line: &Line) -> bool {
    line.cells.iter().skip(1).any(|cell| {
        let text = cell.text.trim();
        text.contains(|c: char| c.is_ascii_digit()) || text.chars().count() <= 3
    })
}

fn is_price(text: &str) -> bool {
    text.contains(['$', '€']) && text.contains(|c: char| c.is_ascii_digit())
}
