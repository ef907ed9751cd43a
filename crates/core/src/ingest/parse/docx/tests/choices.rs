//! What formatting says: prices that are struck out, hidden text, boxes, lists of choices, symbols, headers.

use super::*;

/// A run with these properties.
fn run(properties: &str, text: &str) -> String {
    format!("<w:r><w:rPr>{properties}</w:rPr><w:t xml:space=\"preserve\">{text}</w:t></w:r>")
}

fn line(runs: &[String]) -> String {
    format!("<w:p>{}</w:p>", runs.concat())
}

/// Texts of the blocks as they are stored.
fn texts(parsed: &Parsed) -> Vec<String> {
    let pages = crate::ingest::normalise(parsed);
    pages.iter().flat_map(|p| p.text.split('\n')).filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

fn notes(parsed: &Parsed) -> Vec<String> {
    parsed.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_price_that_is_struck_out_is_left_out_however_it_is_struck() {
    let styles = "<w:styles xmlns:w=\"w\"><w:style w:type=\"character\" w:styleId=\"Velho\"><w:name w:val=\"Velho\"/><w:rPr><w:strike/></w:rPr></w:style>\
                  <w:style w:type=\"character\" w:styleId=\"Neto\"><w:basedOn w:val=\"Velho\"/></w:style>\
                  <w:style w:type=\"paragraph\" w:styleId=\"Fora\"><w:rPr><w:dstrike/></w:rPr></w:style></w:styles>";
    let body = [
        line(&[
            run("", "Lavagem: "),
            run("<w:strike/>", "R$ 5"),
            run("<w:strike/>", "1,00"),
            run("", " R$ 38,00"),
        ]),
        line(&[run("", "Cera: "), run("<w:dstrike w:val=\"1\"/>", "R$ 90,00"), run("", " R$ 72,00")]),
        line(&[run("", "Motor: "), run("<w:rStyle w:val=\"Neto\"/>", "R$ 60,00"), run("", " R$ 44,00")]),
        line(&[run("<w:rStyle w:val=\"Velho\"/><w:strike w:val=\"0\"/>", "Ducha: R$ 25,00")]),
        styled("Fora", "Aspiração: R$ 15,00"),
        line(&[
            run("", "Kit de "),
            run("<w:strike/>", "R$ 99,00"),
            run("", " por R$ 81,00"),
            run("<w:vanish/>", "custo 40"),
        ]),
    ]
    .concat();
    let bytes = package(&[("word/document.xml", &document(&body)), ("word/styles.xml", styles)]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(
        texts(&parsed),
        ["Lavagem: R$ 38,00", "Cera: R$ 72,00", "Motor: R$ 44,00", "Ducha: R$ 25,00", "Kit por R$ 81,00"]
    );
    assert_eq!(
        notes(&parsed),
        ["struck-out text left out: 5 passages", "hidden content left out: 1 hidden passage"]
    );
}

fn field(properties: &str) -> String {
    format!(
        "<w:r><w:fldChar w:fldCharType=\"begin\"><w:ffData>{properties}</w:ffData></w:fldChar></w:r>\
         <w:r><w:instrText>FORM</w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>\
         <w:r><w:t>repetido</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r>"
    )
}

#[test]
fn old_form_fields_tell_what_was_chosen() {
    let list = |result: &str| {
        field(&format!(
            "<w:ddList>{result}<w:listEntry w:val=\"manhã\"/><w:listEntry w:val=\"tarde\"/></w:ddList>"
        ))
    };
    let tick = |state: &str| field(&format!("<w:checkBox><w:sizeAuto/>{state}</w:checkBox>"));
    let body = [
        line(&[run("", "Turno: "), list("<w:result w:val=\"1\"/>"), run("", ", sempre")]),
        line(&[run("", "Turno: "), list("")]),
        line(&[tick("<w:default w:val=\"0\"/><w:checked/>"), run("", " Lavagem")]),
        line(&[tick("<w:default w:val=\"1\"/>"), run("", " Cera")]),
        line(&[tick("<w:default w:val=\"1\"/><w:checked w:val=\"0\"/>"), run("", " Motor")]),
    ]
    .concat();
    let expected = ["Turno: tarde, sempre", "Turno: manhã", "[x] Lavagem", "[x] Cera", "[ ] Motor"];
    assert_eq!(texts(&read(&body)), expected);
}

#[test]
fn content_controls_and_symbols_look_the_same() {
    let control = |on: u8, glyph: &str| {
        format!(
            "<w:sdt><w:sdtPr><w14:checkbox xmlns:w14=\"w14\"><w14:checked w14:val=\"{on}\"/>\
             <w14:checkedState w14:val=\"2612\"/></w14:checkbox></w:sdtPr><w:sdtContent>{glyph}</w:sdtContent></w:sdt>"
        )
    };
    let symbol = |place: &str| format!("<w:r><w:sym w:font=\"Wingdings\" w:char=\"{place}\"/></w:r>");
    let font = "<w:rFonts w:ascii=\"Wingdings\" w:hAnsi=\"Wingdings\"/>";
    let body = [
        line(&[control(1, &run("", "☒")), run("", " Lavagem")]),
        line(&[control(0, &symbol("F0A8")), run("", " Cera")]),
        line(&[control(1, ""), run("", " Motor")]),
        line(&[symbol("F0FE"), run("", " Ducha")]),
        line(&[run(font, "ü"), run("", " Banco "), symbol("F0FB"), run("", " Teto")]),
        line(&[run("", "Ligue \u{f028} já"), symbol("F0FF")]),
    ]
    .concat();
    let parsed = read(&body);
    let expected = ["[x] Lavagem", "[ ] Cera", "[x] Motor", "[x] Ducha", "✓ Banco ✗ Teto", "Ligue ☎ já"];
    assert_eq!(texts(&parsed), expected);
    assert_eq!(notes(&parsed), ["letters not read: 1 symbol"]);
}

#[test]
fn columns_keep_their_names_on_every_page() {
    let row = |header: bool, page_ends: bool, cells: &[(usize, &str)]| {
        let mark = if header { "<w:trPr><w:tblHeader/></w:trPr>" } else { "" };
        let end = if page_ends { "<w:lastRenderedPageBreak/>" } else { "" };
        let cell = |(span, text): &(usize, &str)| {
            format!(
                "<w:tc><w:tcPr><w:gridSpan w:val=\"{span}\"/></w:tcPr><w:p><w:r>{end}<w:t>{text}</w:t></w:r></w:p></w:tc>"
            )
        };
        format!("<w:tr>{mark}{}</w:tr>", cells.iter().map(cell).collect::<String>())
    };
    let body = [
        "<w:tbl>".to_owned(),
        row(true, false, &[(1, "Carro"), (2, "Preço")]),
        row(true, false, &[(1, "Carro"), (1, "Simples"), (1, "Completa")]),
        row(false, false, &[(3, "Nacionais")]),
        row(false, false, &[(1, "Hatch"), (1, "R$ 31"), (1, "R$ 57")]),
        row(false, true, &[(1, "Sedã"), (2, "R$ 63")]),
        "</w:tbl>".to_owned(),
    ]
    .concat();
    let parsed = read(&body);
    let header = "Carro | Preço Simples | Preço Completa";
    let found: Vec<Vec<_>> =
        parsed.pages.iter().map(|p| p.blocks.iter().map(|b| (b.kind, b.text.as_str())).collect()).collect();
    assert_eq!(
        found,
        [
            vec![(TableHeader, header), (TableRow, "Nacionais"), (TableRow, "Hatch | R$ 31 | R$ 57")],
            vec![(TableHeader, header), (TableRow, "Sedã | R$ 63 | R$ 63")],
        ]
    );
}
