//! Tables in plain text: neighbouring lines cut into as many cells by the same sign, as programs export them.
//!
//! Semicolons, tabs and bars; never commas, which prose is full of. A line or two are no table, and long cells are
//! prose, so that most texts are left as they are.

use crate::model::{Block, BlockKind};
use crate::text::table::{names_columns, row_of};

/// Longer cells than this, on average, are prose. In characters.
const MAX_MEAN_CELL: usize = 60;
/// Lines from which a run is a table whether or not its first names the columns.
const MANY: usize = 3;

/// A run of lines that may be a table: how many, and its blocks if it is one.
pub(super) struct Run {
    pub(super) lines: usize,
    pub(super) blocks: Option<Vec<Block>>,
}

/// The run of lines that begins `lines`; none if the first is cut by no sign.
pub(super) fn run(lines: &[&str]) -> Option<Run> {
    let first = lines.first()?;
    let sign = [';', '\t', '|'].into_iter().find(|sign| first.contains(*sign))?;
    let width = cells(first, sign).len();
    let belongs =
        |line: &&&str| !line.trim().is_empty() && (is_rule(line) || cells(line, sign).len() == width);
    let count = lines.iter().take_while(belongs).count();
    let blocks = if width > 1 { table(&lines[..count], sign) } else { None };
    Some(Run { lines: count.max(1), blocks })
}

fn table(lines: &[&str], sign: char) -> Option<Vec<Block>> {
    let ruled = lines.get(1).is_some_and(|line| is_rule(line));
    let mut rows: Vec<Vec<String>> =
        lines.iter().filter(|line| !is_rule(line)).map(|line| cells(line, sign)).collect();
    // Every line may end with the sign.
    while rows.iter().all(|row| row.len() > 1 && row.last().is_some_and(String::is_empty)) && !rows.is_empty()
    {
        for row in &mut rows {
            row.pop();
        }
    }
    let width = rows.first().map_or(0, Vec::len);
    let cells = || rows.iter().flatten();
    let chars: usize = cells().map(|cell| cell.chars().count()).sum();
    let filled = cells().filter(|cell| !cell.is_empty()).count();
    // A list of things in one sentence has a space after each semicolon.
    let is_prose = sign == ';' && lines.iter().filter(|line| line.contains("; ")).count() * 2 > lines.len();
    if width < 2 || is_prose || filled * 2 < width * rows.len() || chars > filled * MAX_MEAN_CELL {
        return None;
    }
    let texts: Vec<String> = rows.iter().map(|row| row_of(row)).collect();
    let has_header = texts.len() > 1 && (ruled || names_columns(texts.iter().map(String::as_str)));
    if texts.len() < MANY && !has_header {
        return None;
    }
    let kind = |at| if at == 0 && has_header { BlockKind::TableHeader } else { BlockKind::TableRow };
    let blocks = texts.into_iter().enumerate().filter(|(_, text)| !text.is_empty());
    Some(blocks.map(|(at, text)| Block { kind: kind(at), text }).collect())
}

/// The cells of a line. Bars may stand at both ends; a cell in quotes may hold the sign; tabs that only align
/// stand in a row.
fn cells(line: &str, sign: char) -> Vec<String> {
    let line = line.trim_matches(|c: char| c == ' ' || c == '\r');
    let line = if sign == '|' {
        let line = line.strip_prefix('|').unwrap_or(line);
        line.strip_suffix('|').unwrap_or(line)
    } else {
        line
    };
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let is_balanced = line.matches('"').count().is_multiple_of(2);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted && c == '"' {
            // Two quotes are one that is meant.
            if chars.next_if_eq(&'"').is_some() {
                cell.push('"');
            } else {
                quoted = false;
            }
        } else if c == '"' && is_balanced && cell.trim().is_empty() {
            quoted = true;
            cell.clear();
        } else if c == sign && !quoted {
            cells.push(std::mem::take(&mut cell).trim().to_owned());
            if sign == '\t' {
                while chars.next_if_eq(&'\t').is_some() {}
            }
        } else {
            cell.push(c);
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

/// A line that only draws: `---|---`, `+----+----+`.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3
        && line.contains('-')
        && line.chars().all(|c| matches!(c, '-' | '=' | '|' | '+' | ':' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::{TableHeader, TableRow};

    fn found(text: &str) -> Option<Vec<(BlockKind, String)>> {
        let lines: Vec<&str> = text.split('\n').collect();
        Some(run(&lines)?.blocks?.into_iter().map(|b| (b.kind, b.text)).collect())
    }

    fn rows(expected: &[(BlockKind, &str)]) -> Vec<(BlockKind, String)> {
        expected.iter().map(|(k, t)| (*k, (*t).to_owned())).collect()
    }

    #[test]
    fn lines_cut_by_the_same_sign_are_a_table() {
        let expected = rows(&[
            (TableHeader, "Chave | Cópia"),
            (TableRow, "Yale | R$ 15,00"),
            (TableRow, "Tetra | R$ 48,00"),
        ]);
        assert_eq!(found("Chave;Cópia\nYale;R$ 15,00\nTetra;R$ 48,00\n\nfim"), Some(expected.clone()));
        assert_eq!(found("Chave\t\tCópia\nYale\tR$ 15,00\nTetra\tR$ 48,00"), Some(expected.clone()));
        assert_eq!(
            found("| Chave | Cópia |\n|---|---:|\n| Yale | R$ 15,00 |\n| Tetra | R$ 48,00 |"),
            Some(expected.clone())
        );
        assert_eq!(
            found("\"Chave\";\"Cópia\";\n\"Yale\";R$ 15,00;\n\"Tetra\";R$ 48,00;"),
            Some(expected.clone())
        );
        assert_eq!(
            found("Chave;Feita em\n\"Tetra; \"\"dupla\"\"\";2 h"),
            Some(rows(&[(TableHeader, "Chave | Feita em"), (TableRow, "Tetra; \"dupla\" | 2 h")]))
        );
    }

    #[test]
    fn empty_cells_keep_their_place() {
        assert_eq!(
            found("Chave;Cópia;Urgente\nYale;;R$ 20,00\nTetra;R$ 48,00;"),
            Some(rows(&[
                (TableHeader, "Chave | Cópia | Urgente"),
                (TableRow, "Yale |  | R$ 20,00"),
                (TableRow, "Tetra | R$ 48,00"),
            ]))
        );
    }

    #[test]
    fn prose_is_no_table() {
        for text in [
            "Fazemos cópias; abrimos portas.\nTrocamos segredos; vendemos cofres.\nAtendemos à noite; cobramos taxa.",
            "cópias;\nportas;\ncofres.",
            "Rua das Chaves, 10; centro",
            "sem sinal nenhum",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
