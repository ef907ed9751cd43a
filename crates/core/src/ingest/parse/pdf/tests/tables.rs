//! Tables: cells keep their columns, columns their names, rows their header.

use super::*;
use crate::model::BlockKind::TableHeader;

/// Cells at their places on one line.
fn row(font: &str, y: u32, cells: &[(u32, &str)]) -> String {
    cells.iter().map(|(x, text)| show(font, 10, *x, y, text)).collect()
}

/// Lines of a table: at these places, from top to bottom of it.
fn lines(columns: &[u32], rows: &[u32]) -> String {
    let (left, right) = (columns[0], columns[columns.len() - 1]);
    let (top, bottom) = (rows[0], rows[rows.len() - 1]);
    let down = columns.iter().map(|x| format!("{x} {bottom} m {x} {top} l S\n"));
    let across = rows.iter().map(|y| format!("{left} {y} m {right} {y} l S\n"));
    down.chain(across).collect()
}

fn found(pages: &[&str]) -> Option<Parsed> {
    Some(parsed(&pdf(pages, ""))?.unwrap())
}

fn texts(page: &Page) -> Vec<(BlockKind, &str)> {
    page.blocks.iter().map(|block| (block.kind, block.text.as_str())).collect()
}

#[test]
fn ticks_stay_below_the_names_that_stand_close_to_each_other() {
    let content = [
        row("F2", 700, &[(60, "Prato"), (160, "Ovo"), (187, "Peixe"), (222, "Nozes")]),
        row("F1", 682, &[(60, "Moqueca"), (196, "X")]),
        row("F1", 664, &[(60, "Pesto"), (234, "X")]),
        row("F1", 646, &[(60, "Carbonara"), (166, "X")]),
        row("F1", 628, &[(60, "Torta de peixe"), (166, "X"), (196, "X")]),
    ]
    .concat();
    expect(
        &content,
        &[
            (TableHeader, "Prato | Ovo | Peixe | Nozes"),
            (TableRow, "Moqueca |  | X"),
            (TableRow, "Pesto |  |  | X"),
            (TableRow, "Carbonara | X"),
            (TableRow, "Torta de peixe | X | X"),
        ],
    );
}

#[test]
fn drawn_lines_part_columns_and_rows() {
    let content = [
        row("F1", 704, &[(65, "Quarto"), (165, "Segunda"), (265, "Sexta")]),
        row("F1", 692, &[(165, "a quinta"), (265, "a domingo")]),
        row("F1", 674, &[(65, "Vista mar"), (268, "480")]),
        row("F1", 654, &[(65, "Jardim"), (168, "210")]),
        row("F1", 634, &[(65, "Taxa de limpeza"), (230, "35")]),
        // The last row has one cell for both.
        lines(&[60, 160, 360], &[720, 686, 668, 648, 628]),
        "260 648 m 260 720 l S\n".to_owned(),
    ]
    .concat();
    expect(
        &content,
        &[
            (TableHeader, "Quarto | Segunda a quinta | Sexta a domingo"),
            (TableRow, "Vista mar |  | 480"),
            (TableRow, "Jardim | 210"),
            (TableRow, "Taxa de limpeza | 35 | 35"),
        ],
    );
}

#[test]
fn a_name_over_several_columns_is_part_of_each_of_theirs() {
    let content = [
        row("F2", 700, &[(60, "Aula"), (225, "Mensalidade")]),
        row("F2", 686, &[(180, "manh\u{e3}"), (250, "tarde"), (320, "noite")]),
        row("F1", 668, &[(60, "Viol\u{e3}o"), (180, "150"), (320, "170")]),
        row("F1", 650, &[(60, "Canto"), (250, "140"), (320, "165")]),
        row("F1", 632, &[(60, "Piano"), (180, "190"), (250, "195"), (320, "205")]),
    ]
    .concat();
    let Some(parsed) = found(&[&content]) else { return };
    let blocks = texts(&parsed.pages[0]);
    assert_eq!(blocks[0].0, TableHeader, "{blocks:?}");
    assert!(blocks[0].1.contains("tarde") && blocks[0].1.starts_with("Aula | "), "{blocks:?}");
    assert_eq!(blocks[1..3], [(TableRow, "Violão | 150 |  | 170"), (TableRow, "Canto |  | 140 | 165")]);
}

#[test]
fn a_table_that_goes_on_has_its_header_on_every_page() {
    let body = |from: u32| -> String {
        let line = |n: u32| {
            row(
                "F1",
                780 - 18 * (n - from),
                &[
                    (60, format!("Pe\u{e7}a {n}").as_str()),
                    (200, format!("{}0,00", n + 3).as_str()),
                    (300, format!("{}5,00", n + 7).as_str()),
                ],
            )
        };
        (from..from + 38).map(line).collect()
    };
    let header = row("F2", 800, &[(60, "Pe\u{e7}a"), (200, "Varejo"), (300, "Atacado")]);
    let second = body(50);
    // A page that begins with a title begins another table.
    let third = format!("{}{}", show("F2", 16, 60, 810, "Usados sem garantia da loja"), body(90));
    let Some(parsed) = found(&[&format!("{header}{}", body(1)), &second, &third]) else { return };
    for page in &parsed.pages[..2] {
        assert_eq!(texts(page)[0], (TableHeader, "Peça | Varejo | Atacado"), "page {}", page.number);
        assert_eq!(page.blocks.iter().filter(|b| b.kind == TableRow).count(), 38);
    }
    assert!(texts(&parsed.pages[2]).iter().all(|(kind, _)| *kind != TableHeader));
    assert_eq!(texts(&parsed.pages[1])[1], (TableRow, "Peça 50 | 530,00 | 575,00"));
}

#[test]
fn a_cell_that_could_be_of_either_column_says_so() {
    let content = [
        row("F2", 700, &[(60, "Frete"), (200, "Capital"), (320, "Interior")]),
        row("F1", 682, &[(60, "Leve"), (200, "12,00"), (320, "19,00")]),
        row("F1", 664, &[(60, "M\u{e9}dio"), (200, "18,00"), (320, "27,00")]),
        row("F1", 646, &[(60, "Pesado"), (200, "31,00"), (320, "44,00")]),
        row("F1", 628, &[(60, "Extra"), (230, "a combinar com a loja")]),
    ]
    .concat();
    let Some(parsed) = found(&[&content]) else { return };
    let blocks = texts(&parsed.pages[0]);
    assert_eq!(blocks[4], (TableRow, "Extra | [?] a combinar com a loja"), "{blocks:?}");
    assert_eq!(parsed.notes, [ParseNote::new(1, ParseNoteKind::UnsureColumns, "1 row")]);
}

#[test]
fn prose_with_wide_spaces_is_no_table() {
    // Stretched to fill the line, and wide after a full stop.
    let content = [
        "BT /F1 10 Tf 9 Tw 60 700 Td (A loja abre cedo e fecha) Tj ET\n",
        "BT /F1 10 Tf 11 Tw 60 688 Td (tarde no fim de semana) Tj ET\n",
        "BT /F1 10 Tf 8 Tw 60 676 Td (porque o bairro tem feira) Tj ET\n",
    ]
    .concat();
    let Some(parsed) = found(&[&content]) else { return };
    assert!(parsed.pages[0].blocks.iter().all(|block| block.kind == Paragraph), "{:?}", parsed.pages[0]);
}
