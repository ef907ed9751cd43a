//! Tables for people: they fit the terminal, show the beginning of ids, and hide what only `-o wide` shows.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::plain;
use crate::terminal::{HEADING, Terminal};

/// Characters of an id that are shown at least.
const SHORTEST_ID: usize = 8;
/// Blanks between columns.
const GAP: usize = 2;

/// A cell: what it says, and how it looks in a terminal with colours.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    style: Option<Style>,
}

impl Cell {
    /// A cell in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style: Some(style) }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.to_string(), style: None }
    }
}

/// How a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// As wide as its cells.
    Whole(&'static str),
    /// Cut with `…` where the terminal is too narrow; this many columns at least.
    Cut(&'static str, usize),
    /// An id: as much of its beginning as tells it from the others of the column; whole with `-o wide`.
    Id(&'static str),
    /// Only with `-o wide`.
    Wide(&'static str),
    /// A number: to the right.
    Number(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Whole(title)
            | Self::Cut(title, _)
            | Self::Id(title)
            | Self::Wide(title)
            | Self::Number(title) => title,
        }
    }
}

/// The rows below their titles; what would steer a terminal is taken out of every cell.
pub fn table(columns: &[Column], mut rows: Vec<Vec<Cell>>, terminal: Terminal, wide: bool) -> String {
    for cell in rows.iter_mut().flatten() {
        cell.text = plain(&cell.text).replace('\n', " ");
    }
    let shown: Vec<usize> =
        (0..columns.len()).filter(|at| wide || !matches!(columns[*at], Column::Wide(_))).collect();
    for &at in shown.iter().filter(|at| matches!(columns[**at], Column::Id(_)) && !wide) {
        let ids: Vec<&str> = rows.iter().map(|row| row[at].text.as_str()).collect();
        let length = telling_length(&ids);
        for row in &mut rows {
            row[at].text = row[at].text.chars().take(length).collect();
        }
    }
    let widths = widths(columns, &shown, &rows, if wide { None } else { terminal.width() });
    let titles = columns.iter().map(|column| Cell::styled(column.title(), HEADING)).collect();
    let mut out = String::new();
    for row in std::iter::once(&titles).chain(&rows) {
        let mut line = String::new();
        let mut blanks = 0;
        for (&at, &width) in shown.iter().zip(&widths) {
            let cell = &row[at];
            let text = cut(&cell.text, width);
            let missing = width - text.width().min(width);
            let before = if matches!(columns[at], Column::Number(_)) { missing } else { 0 };
            line.extend(std::iter::repeat_n(' ', blanks + before));
            // Blanks at the end of a line are never written.
            blanks = GAP + missing - before;
            line.push_str(&cell.style.map_or_else(|| text.clone(), |style| terminal.paint(style, &text)));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Characters from which on all ids differ, at the next joint of a UUID: how much of them a list shows.
pub fn telling_length(ids: &[&str]) -> usize {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let same = |pair: &[&str]| pair[0].chars().zip(pair[1].chars()).take_while(|(a, b)| a == b).count();
    let needed = sorted.windows(2).map(|pair| same(pair) + 1).max().unwrap_or(0);
    let longest = ids.iter().map(|id| id.chars().count()).max().unwrap_or(0);
    [SHORTEST_ID, 13, 18, 23].into_iter().find(|joint| *joint >= needed).unwrap_or(longest)
}

/// Columns that each column gets: what its cells need, less where `room` is too little.
fn widths(columns: &[Column], shown: &[usize], rows: &[Vec<Cell>], room: Option<usize>) -> Vec<usize> {
    let needed = |at: usize| {
        let cells = rows.iter().map(|row| row[at].text.width());
        cells.chain([columns[at].title().width()]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = shown.iter().map(|at| needed(*at)).collect();
    let Some(room) = room else { return widths };
    let mut over = (widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)).saturating_sub(room);
    while over > 0 {
        // The widest of those that may shrink gives way first.
        let spare = |(at, width): (&usize, &usize)| match columns[*at] {
            Column::Cut(_, least) => width.saturating_sub(least),
            _ => 0,
        };
        let widest = (0..shown.len()).max_by_key(|n| spare((&shown[*n], &widths[*n])));
        match widest {
            Some(n) if spare((&shown[n], &widths[n])) > 0 => widths[n] -= 1,
            _ => break,
        }
        over -= 1;
    }
    widths
}

/// The beginning of a text within so many columns, with `…` if something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut left = width.saturating_sub(1);
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if columns > left {
            break;
        }
        left -= columns;
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] =
        [Column::Id("ID"), Column::Cut("NAME", 6), Column::Wide("PATH"), Column::Number("PAGES")];

    fn rows() -> Vec<Vec<Cell>> {
        let row = |id: &str, name: &str, pages: u32| {
            vec![id.into(), name.into(), format!("/dados/{name}").into(), pages.into()]
        };
        vec![
            row("01a204d2-2525-74a6-8cb4-7063c3d88bb5", "horários de funcionamento.txt", 1),
            row("01a204d2-2513-70cf-ac43-d07cca46adbe", "ração.pdf", 12),
        ]
    }

    #[test]
    fn a_table_fits_the_terminal_and_ids_are_as_short_as_they_can_be() {
        let narrow = table(&COLUMNS, rows(), Terminal::of_width(40), false);
        assert_eq!(
            narrow,
            "ID             NAME                PAGES\n\
             01a204d2-2525  horários de funci…      1\n\
             01a204d2-2513  ração.pdf              12\n"
        );
        assert!(narrow.lines().all(|line| line.width() <= 40));
    }

    #[test]
    fn the_wide_form_keeps_everything() {
        let wide = table(&COLUMNS, rows(), Terminal::of_width(40), true);
        assert!(wide.contains("01a204d2-2513-70cf-ac43-d07cca46adbe  ração.pdf  "), "{wide}");
        assert!(wide.contains("/dados/horários de funcionamento.txt"), "{wide}");
    }

    #[test]
    fn a_table_that_is_piped_is_not_cut() {
        let piped = table(&COLUMNS, rows(), Terminal::none(), false);
        assert!(piped.contains("horários de funcionamento.txt      1\n"), "{piped}");
    }

    #[test]
    fn what_a_cell_says_cannot_steer_the_terminal() {
        let forged = vec![vec![Cell::from("01a204d2"), "a\u{1b}[2J\nfailed".into(), "".into(), 1.into()]];
        let shown = table(&COLUMNS, forged, Terminal::none(), false);
        assert_eq!(shown.lines().count(), 2);
        assert!(!shown.contains('\u{1b}'));
    }
}
