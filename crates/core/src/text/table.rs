//! Tables as lines of text: a row is one line, its cells joined by ` | `.
//!
//! An empty cell keeps its place, so that the cells of every row stand under the names of their columns. Which
//! row has those names is told by formats that know; elsewhere it is judged by what stands below it. Pure.

use super::{fold, shows};

/// A cell longer than this is no name of a column.
const MAX_NAME: usize = 60;

/// Whether a line of text is a row of more than one cell.
pub fn is_row(line: &str) -> bool {
    line.contains(" | ") || line.starts_with("| ")
}

/// The cells of a row; an empty one keeps its place.
pub fn cells(row: &str) -> Vec<&str> {
    row.split('|').map(str::trim).collect()
}

/// Cells as a row, trailing empty ones left out; empty if all of them are. A cell is one line, and what parts
/// cells is not in it.
pub fn row_of<S: AsRef<str>>(cells: &[S]) -> String {
    let clean = |cell: &S| {
        let words: Vec<&str> = cell.as_ref().split_whitespace().filter(|word| *word != "|").collect();
        words.join(" ").replace('|', "/")
    };
    let row = cells.iter().map(clean).collect::<Vec<_>>().join(" | ");
    let row = row.trim_end_matches([' ', '|']);
    if row.trim_start_matches([' ', '|']).is_empty() { String::new() } else { row.to_owned() }
}

/// Whether the first of `rows` names the columns of those below it: it tells no value itself, and either a
/// column of it has values below, or it has three names and more.
pub fn names_columns<'a>(rows: impl IntoIterator<Item = &'a str>) -> bool {
    let rows: Vec<Vec<&str>> = rows.into_iter().map(cells).collect();
    let Some((first, below)) = rows.split_first() else { return false };
    if first.len() < 2 || below.is_empty() {
        return false;
    }
    let is_name =
        |cell: &&str| !shows_value(cell) && cell.chars().count() <= MAX_NAME && !cell.ends_with('.');
    let named = first.iter().filter(|cell| !cell.is_empty()).count();
    if !first.iter().all(is_name) || named + 1 < first.len() || is_weekday(first[0]) {
        return false;
    }
    let has_values = (1..first.len()).filter(|column| !first[*column].is_empty()).any(|column| {
        let filled = || below.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
        let values = filled().filter(|cell| shows_value(cell) || says_yes_or_no(cell)).count();
        values > 0 && values * 5 >= filled().count() * 3
    });
    has_values || (first.len() >= 3 && named == first.len())
}

/// An amount, a time, a date, a number, a tick: what a table tells, not what it calls its columns.
pub fn shows_value(cell: &str) -> bool {
    if cell.contains(['$', '€', '%', '£', '☐', '☒', '☑', '✓', '✔', '✗', '✘', '@']) || cell.starts_with('[')
    {
        return true;
    }
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    // A year alone or a size ("10 kg", "2025") may be what a column is called.
    let is_year = digits == 4 && cell.len() == 4 && (cell.starts_with("19") || cell.starts_with("20"));
    let has_cents = cell.split(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.'))).any(|number| {
        number.rsplit_once([',', '.']).is_some_and(|(units, cents)| cents.len() == 2 && !units.is_empty())
    });
    digits > 0 && !is_year && (letters == 0 || has_cents || shows(cell, super::Sign::Time))
}

/// What a column of choices tells; it may also be what the column is called.
fn says_yes_or_no(cell: &str) -> bool {
    matches!(fold(cell).as_str(), "sim" | "nao" | "yes" | "no" | "si" | "x" | "-" | "–" | "—")
}

/// Hours of opening have no header: "segunda | fechado".
fn is_weekday(cell: &str) -> bool {
    let folded = fold(cell);
    let first = folded.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    matches!(
        first,
        "segunda"
            | "terca"
            | "quarta"
            | "quinta"
            | "sexta"
            | "sabado"
            | "domingo"
            | "feriado"
            | "feriados"
            | "seg"
            | "ter"
            | "qua"
            | "qui"
            | "sex"
            | "sab"
            | "dom"
            | "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "mon"
            | "tue"
            | "wed"
            | "thu"
            | "fri"
            | "sat"
            | "sun"
            | "lunes"
            | "martes"
            | "miercoles"
            | "jueves"
            | "viernes"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_keep_their_place() {
        assert_eq!(row_of(&["Vaso", "", " R$ 30 "]), "Vaso |  | R$ 30");
        assert_eq!(cells("Vaso | | R$ 30"), ["Vaso", "", "R$ 30"]);
        assert_eq!(cells("| R$ 30"), ["", "R$ 30"]);
        assert_eq!(row_of(&["", " "]), "");
        assert_eq!(row_of(&["Poda | corte", "R$ 5", ""]), "Poda corte | R$ 5");
    }

    #[test]
    fn a_header_is_told_by_what_stands_below_it() {
        assert!(names_columns(["Muda | Vaso P | Vaso G", "Jabuticaba | R$ 31,00 | R$ 57,00"]));
        assert!(names_columns(["Plano | Inclui | Carência", "Prata | consultas | dois meses"]));
        assert!(names_columns([" | 10 kg | 20 kg", "Adubo | 19,90 | 35,00"]));
        assert!(names_columns(["Item | Sim", "Rega | [x]", "Poda | [ ]"]));
    }

    #[test]
    fn a_list_of_pairs_has_no_header() {
        assert!(!names_columns(["Telefone | (34) 3210-0000", "Loja | Rua das Mudas, 5"]));
        assert!(!names_columns(["Segunda | fechado", "Terça | 8h às 18h", "Quarta | 8h às 18h"]));
        assert!(!names_columns(["Jabuticaba | R$ 31,00", "Pitanga | R$ 12,00"]));
        assert!(!names_columns(["Rega | duas vezes ao dia", "Sol | pela manhã"]));
        assert!(!names_columns(["só uma | linha"]));
    }
}
