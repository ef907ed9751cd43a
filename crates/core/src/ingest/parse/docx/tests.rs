//! Word documents made on the spot: only the parts and elements that a rule is about.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use BlockKind::{Heading, ListItem, Paragraph, TableHeader, TableRow};

mod choices;
mod embedded;

const NAMESPACES: &str = r#"xmlns:w="w" xmlns:mc="mc" xmlns:wps="wps" xmlns:r="r""#;

fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn document(body: &str) -> String {
    format!("<?xml version=\"1.0\"?><w:document {NAMESPACES}><w:body>{body}</w:body></w:document>")
}

fn read(body: &str) -> Parsed {
    parse(&package(&[("word/document.xml", &document(body))]), &Limits::default()).unwrap()
}

fn blocks(parsed: &Parsed) -> Vec<(BlockKind, &str)> {
    parsed.pages.iter().flat_map(|p| &p.blocks).map(|b| (b.kind, b.text.as_str())).collect()
}

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn styled(style: &str, text: &str) -> String {
    format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// Texts of the pages, one string each.
fn pages(body: &str) -> Vec<String> {
    let text = |page: &Page| page.blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>().join(",");
    read(body).pages.iter().map(text).collect()
}

#[test]
fn runs_tabs_breaks_and_entities() {
    let parsed = read(
        "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t xml:space=\"preserve\">Seg </w:t></w:r>\
         <w:r><w:t>&amp; ter&#231;a</w:t><w:tab/><w:t>8h</w:t><w:br/><w:t>pré</w:t><w:noBreakHyphen/><w:t>venda</w:t>\
         <w:sym w:char=\"F0\"/><w:softHyphen/></w:r></w:p><w:p/>",
    );
    assert_eq!(blocks(&parsed), [(Paragraph, "Seg & terça\t8h\npré-venda")]);
}

#[test]
fn inserted_text_stays_and_deleted_hidden_and_placeholder_text_goes() {
    let parsed = read(
        "<w:p><w:ins><w:r><w:t>novo</w:t></w:r></w:ins><w:del><w:r><w:delText>velho</w:delText></w:r></w:del>\
         <w:moveFrom><w:r><w:t>daqui</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t> aqui</w:t></w:r></w:moveTo>\
         <w:r><w:rPr><w:vanish/></w:rPr><w:t>oculto</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>\
         <w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>Clique aqui</w:t></w:r></w:p></w:sdtContent></w:sdt>\
         <w:sdt><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>preenchido</w:t></w:r></w:p></w:sdtContent></w:sdt>",
    );
    assert_eq!(blocks(&parsed), [(Paragraph, "novo aqui"), (Paragraph, "preenchido")]);
}

#[test]
fn a_text_box_is_read_once_and_after_its_paragraph() {
    let boxed = format!("<w:txbxContent>{}</w:txbxContent>", p("na caixa"));
    let parsed = read(&format!(
        "<w:p><w:r><mc:AlternateContent><mc:Choice><wps:txbx>{boxed}</wps:txbx></mc:Choice>\
         <mc:Fallback><w:pict>{boxed}</w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>fora</w:t></w:r></w:p>"
    ));
    assert_eq!(blocks(&parsed), [(Paragraph, "fora"), (Paragraph, "na caixa")]);
}

#[test]
fn headings_come_from_styles_and_contents_tables_go() {
    let styles = "<w:styles xmlns:w=\"w\"><w:style w:type=\"paragraph\" w:styleId=\"T1\"><w:name w:val=\"heading 1\"/></w:style>\
                  <w:style w:type=\"paragraph\" w:styleId=\"Meu\"><w:name w:val=\"Meu\"/><w:basedOn w:val=\"T1\"/></w:style>\
                  <w:style w:type=\"paragraph\" w:styleId=\"S1\"><w:name w:val=\"toc 1\"/></w:style></w:styles>";
    let body =
        [styled("S1", "Trocas 3"), styled("T1", "Trocas"), styled("Meu", "Prazos"), p("texto")].concat();
    let bytes = package(&[("word/document.xml", &document(&body)), ("word/styles.xml", styles)]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(blocks(&parsed), [(Heading(1), "Trocas"), (Heading(1), "Prazos"), (Paragraph, "texto")]);
    assert_eq!(parsed.metadata["title"], "Trocas");
}

#[test]
fn a_bold_line_alone_is_a_heading_and_bold_prose_is_not() {
    let bold = |text: &str| format!("<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r></w:p>");
    let body = [
        p("intro"),
        bold("Horários"),
        p("das 8h"),
        bold("Atenção, leia."),
        bold("primeira"),
        bold("segunda"),
        p("fim"),
    ]
    .concat();
    let parsed = read(&body);
    let headings: Vec<_> = blocks(&parsed).into_iter().filter(|b| matches!(b.0, Heading(_))).collect();
    assert_eq!(headings, [(Heading(2), "Horários")]);
}

#[test]
fn lists_get_their_numbers_back() {
    let numbering = "<w:numbering xmlns:w=\"w\"><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/>\
        <w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/></w:lvl><w:lvl w:ilvl=\"1\"><w:numFmt w:val=\"lowerLetter\"/>\
        <w:lvlText w:val=\"%2)\"/></w:lvl></w:abstractNum><w:num w:numId=\"7\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>";
    let item = |list: &str, level: u8, text: &str| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr></w:pPr>\
             <w:r><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    let body = [
        item("7", 0, "um"),
        item("7", 1, "sub"),
        item("7", 0, "dois"),
        item("9", 0, "ponto"),
        item("0", 0, "nada"),
    ]
    .concat();
    let bytes = package(&[("word/document.xml", &document(&body)), ("word/numbering.xml", numbering)]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(
        blocks(&parsed),
        [
            (ListItem, "1. um"),
            (ListItem, "a) sub"),
            (ListItem, "2. dois"),
            (ListItem, "- ponto"),
            (Paragraph, "nada")
        ]
    );
}

#[test]
fn a_list_that_starts_again_counts_from_where_it_says() {
    let numbering = "<w:numbering xmlns:w=\"w\"><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/>\
        <w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/></w:lvl></w:abstractNum>\
        <w:num w:numId=\"7\"><w:abstractNumId w:val=\"0\"/></w:num>\
        <w:num w:numId=\"8\"><w:abstractNumId w:val=\"0\"/><w:lvlOverride w:ilvl=\"0\"><w:startOverride w:val=\"5\"/></w:lvlOverride></w:num>\
        <w:num w:numId=\"9\"><w:abstractNumId w:val=\"0\"/><w:lvlOverride w:ilvl=\"0\"><w:startOverride w:val=\"1\"/><w:lvl w:ilvl=\"0\">\
        <w:numFmt w:val=\"upperLetter\"/><w:lvlText w:val=\"%1)\"/></w:lvl></w:lvlOverride></w:num></w:numbering>";
    let item = |list: &str| {
        format!(
            "<w:p><w:pPr><w:numPr><w:numId w:val=\"{list}\"/></w:numPr></w:pPr><w:r><w:t>x</w:t></w:r></w:p>"
        )
    };
    let body = ["7", "7", "8", "8", "9", "9"].map(item).concat();
    let bytes = package(&[("word/document.xml", &document(&body)), ("word/numbering.xml", numbering)]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    let texts: Vec<_> = blocks(&parsed).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["1. x", "2. x", "5. x", "6. x", "A) x", "B) x"]);
}

#[test]
fn tables_merged_nested_and_used_for_layout() {
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", p(text));
    let merged = |kind: &str, text: &str| {
        format!(
            "<w:tc><w:tcPr><w:vMerge w:val=\"{kind}\"/></w:tcPr>{}</w:tc>",
            if text.is_empty() { "<w:p/>".to_owned() } else { p(text) }
        )
    };
    let body = format!(
        "<w:tbl><w:tr>{}{}{}</w:tr><w:tr>{}{}<w:tc><w:p/></w:tc></w:tr><w:tr>{}{}{}</w:tr><w:tr><w:trPr><w:del/></w:trPr>{}</w:tr></w:tbl>\
         <w:tbl><w:tr><w:tc>{}<w:tbl><w:tr>{}{}</w:tr></w:tbl></w:tc></w:tr></w:tbl>",
        cell("Porte"),
        cell("Peso"),
        cell("Preço"),
        merged("restart", "Cão"),
        cell("8 kg"),
        merged("continue", ""),
        cell("18 kg"),
        cell("76"),
        cell("apagada"),
        p("layout"),
        cell("a"),
        cell("b"),
    );
    let parsed = read(&body);
    assert_eq!(
        blocks(&parsed),
        [
            (TableHeader, "Porte | Peso | Preço"),
            (TableRow, "Cão | 8 kg"),
            (TableRow, "Cão | 18 kg | 76"),
            (Paragraph, "layout"),
            (TableRow, "a | b"),
        ]
    );
}

#[test]
fn pages_end_where_word_ended_them_and_only_once() {
    let page_break = "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>";
    let rendered = |text: &str| format!("<w:p><w:r><w:lastRenderedPageBreak/><w:t>{text}</w:t></w:r></w:p>");
    assert_eq!(pages(&[p("a"), page_break.into(), rendered("b"), rendered("c")].concat()), ["a", "b", "c"]);
    assert_eq!(pages(&[p("a"), page_break.into(), page_break.into(), p("b")].concat()), ["a", "", "b"]);
    let before =
        "<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r><w:lastRenderedPageBreak/><w:t>b</w:t></w:r></w:p>";
    assert_eq!(pages(&[p("a"), before.into()].concat()), ["a", "b"]);
    let inside = "<w:p><w:r><w:t>longo</w:t><w:lastRenderedPageBreak/><w:t> texto</w:t></w:r></w:p>";
    assert_eq!(pages(&[inside.into(), p("b")].concat()), ["longo texto", "b"]);
}

#[test]
fn text_after_a_page_break_inside_its_paragraph_is_on_the_next_page() {
    let inside = "<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r><w:t>antes</w:t><w:br w:type=\"page\"/>\
                  <w:t>depois</w:t></w:r></w:p>";
    assert_eq!(pages(&[p("a"), inside.into(), p("b")].concat()), ["a", "antes", "depois,b"]);
    let trailing = "<w:p><w:r><w:t>antes</w:t><w:br w:type=\"page\"/></w:r></w:p>";
    assert_eq!(pages(&[trailing.into(), p("b")].concat()), ["antes", "b"]);
    let linked = "<w:p><w:r><w:t>veja</w:t><w:br w:type=\"page\"/></w:r><w:r><w:t>o resto</w:t></w:r>\
                  <w:r><w:lastRenderedPageBreak/></w:r></w:p>";
    assert_eq!(pages(&[linked.into(), p("b")].concat()), ["veja", "o resto", "b"]);
}

#[test]
fn sections_break_pages_as_the_next_one_says() {
    let end = |kind: &str| format!("<w:p><w:pPr><w:sectPr>{kind}</w:sectPr></w:pPr></w:p>");
    let last = |kind: &str| format!("<w:sectPr>{kind}</w:sectPr>");
    let continuous = "<w:type w:val=\"continuous\"/>";
    assert_eq!(pages(&[p("a"), end(""), p("b"), last(continuous)].concat()), ["a,b"]);
    assert_eq!(pages(&[p("a"), end(continuous), p("b"), last("")].concat()), ["a", "b"]);
}

#[test]
fn notes_follow_their_page_and_margins_come_last_and_once() {
    let body = [
        "<w:p><w:r><w:t>Prazo</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p>".to_owned(),
        "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>".to_owned(),
        p("Bicho Sereno"),
    ]
    .concat();
    let notes = format!(
        "<w:footnotes {NAMESPACES}><w:footnote w:type=\"separator\" w:id=\"0\">{}</w:footnote><w:footnote w:id=\"2\">{}</w:footnote></w:footnotes>",
        p("linha"),
        p("Dias úteis.")
    );
    let header = format!("<w:hdr {NAMESPACES}>{}{}</w:hdr>", p("Bicho  Sereno"), p("Fone (19) 3555-0142"));
    let footer = format!("<w:ftr {NAMESPACES}>{}{}</w:ftr>", p("Página 1 de 3"), p("Fone (19) 3555-0142"));
    let bytes = package(&[
        ("word/document.xml", &document(&body)),
        ("word/footnotes.xml", &notes),
        ("word/header1.xml", &header),
        ("word/footer1.xml", &footer),
    ]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    let texts: Vec<Vec<_>> =
        parsed.pages.iter().map(|p| p.blocks.iter().map(|b| b.text.as_str()).collect()).collect();
    assert_eq!(texts, [vec!["Prazo", "Dias úteis."], vec!["Bicho Sereno", "Fone (19) 3555-0142"]]);
}

#[test]
fn links_and_properties() {
    let body = "<w:p><w:hyperlink r:id=\"r1\"><w:r><w:t>Agende aqui</w:t></w:r></w:hyperlink></w:p>";
    let links = "<Relationships><Relationship Id=\"r1\" Type=\"http://x/hyperlink\" Target=\"https://ex.com/a?b=1&amp;c=2\" TargetMode=\"External\"/></Relationships>";
    let core = "<cp:coreProperties xmlns:dc=\"dc\"><dc:title>Guia</dc:title><dc:creator>Ana &amp; Beto</dc:creator><dcterms:created>2025-08-04T10:00:00Z</dcterms:created><dc:language>pt-BR</dc:language></cp:coreProperties>";
    let bytes = package(&[
        ("word/document.xml", &document(body)),
        ("word/_rels/document.xml.rels", links),
        ("docProps/core.xml", core),
        ("docProps/app.xml", "<Properties><Pages>4</Pages></Properties>"),
    ]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(blocks(&parsed), [(Paragraph, "Agende aqui (https://ex.com/a?b=1&c=2)")]);
    let expected = [
        ("author", "Ana & Beto"),
        ("created_date", "2025-08-04"),
        ("language", "pt-BR"),
        ("pages", "4"),
        ("title", "Guia"),
    ];
    assert_eq!(parsed.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn a_bomb_is_defused_and_deep_nesting_refused() {
    let kind = |body: &str, max_unpacked_bytes| {
        let limits = Limits { max_unpacked_bytes, ..Limits::default() };
        parse(&package(&[("word/document.xml", &document(body))]), &limits).unwrap_err().kind
    };
    assert_eq!(kind(&p(&"a".repeat(4 << 20)), 1 << 20), FailureKind::TooLarge);
    assert_eq!(kind(&"<w:x>".repeat(5_000), 1 << 30), FailureKind::Corrupt);
    let page_break = "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>";
    let limits = Limits { max_pages: 5, ..Limits::default() };
    let many = package(&[("word/document.xml", &document(&page_break.repeat(50)))]);
    assert_eq!(parse(&many, &limits).unwrap_err().kind, FailureKind::TooLarge);
}

#[test]
fn entities_are_not_expanded() {
    let bomb = format!(
        "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]>{}",
        document(&p("x&b;y")).split_once("?>").unwrap().1
    );
    let parsed = parse(&package(&[("word/document.xml", &bomb)]), &Limits::default()).unwrap();
    assert_eq!(blocks(&parsed), [(Paragraph, "xy")]);
}

#[test]
fn other_archives_are_named() {
    let failure = |parts: &[(&str, &str)]| parse(&package(parts), &Limits::default()).unwrap_err();
    assert_eq!(failure(&[("xl/workbook.xml", "<a/>")]).kind, FailureKind::Unsupported);
    assert!(failure(&[("xl/workbook.xml", "<a/>")]).reason.contains("Excel"));
    assert_eq!(failure(&[("a.txt", "x")]).kind, FailureKind::Corrupt);
    assert_eq!(failure(&[("word/document.xml", "<a><b></a>")]).kind, FailureKind::Corrupt);
    let whole = package(&[("word/document.xml", &document(&p("a")))]);
    assert_eq!(parse(&whole[..whole.len() / 2], &Limits::default()).unwrap_err().kind, FailureKind::Corrupt);
}
