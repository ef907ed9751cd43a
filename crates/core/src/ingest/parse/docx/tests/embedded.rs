//! Parts of other formats inside a document, and what is not read of it.

use super::*;

const CHUNK: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk";

fn relations(parts: &[(&str, &str)]) -> String {
    let one = |(id, target): &(&str, &str)| {
        let mode = if target.starts_with("http") { " TargetMode=\"External\"" } else { "" };
        format!("<Relationship Id=\"{id}\" Type=\"{CHUNK}\" Target=\"{target}\"{mode}/>")
    };
    format!("<Relationships>{}</Relationships>", parts.iter().map(one).collect::<String>())
}

fn chunk(id: &str) -> String {
    format!("<w:altChunk r:id=\"{id}\"/>")
}

/// A document of two paragraphs around a part of this name and content.
fn around(name: &str, content: &[u8]) -> Result<Parsed, ParseFailure> {
    let body = [p("antes"), chunk("c1"), p("depois")].concat();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let relations = relations(&[("c1", name)]);
    let document = document(&body);
    for (name, bytes) in [
        ("word/document.xml", document.as_bytes()),
        ("word/_rels/document.xml.rels", relations.as_bytes()),
        (format!("word/{name}").as_str(), content),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    parse(&writer.finish().unwrap().into_inner(), &Limits::default())
}

fn notes(parsed: &Parsed) -> Vec<String> {
    parsed.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_page_stands_where_it_is_embedded() {
    let html = "<html><head><title>x</title><style>p{color:red}</style></head><body><p>Diária: R$&nbsp;212,00</p>\
                <table><tr><th>Vaga</th><th>Noite</th></tr><tr><td>Coberta</td><td>R$ 35,00</td></tr></table></body></html>";
    let expected = [
        (Paragraph, "antes"),
        (Paragraph, "Diária: R$\u{a0}212,00"),
        (TableHeader, "Vaga | Noite"),
        (TableRow, "Coberta | R$ 35,00"),
        (Paragraph, "depois"),
    ];
    let found = |parsed: &Parsed| {
        blocks(parsed).into_iter().map(|(kind, text)| (kind, text.replace('\u{a0}', " "))).collect::<Vec<_>>()
    };
    let expected: Vec<_> = expected.iter().map(|(kind, text)| (*kind, text.replace('\u{a0}', " "))).collect();
    let parsed = around("a.htm", html.as_bytes()).unwrap();
    assert_eq!((found(&parsed), notes(&parsed)), (expected.clone(), Vec::new()));
    let mhtml = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"z\"\r\n\r\n--z\r\nContent-Type: text/html; charset=\"utf-8\"\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n--z--\r\n",
        html.replace('=', "=3D").replace('á', "=C3=A1")
    );
    assert_eq!(found(&around("a.mht", mhtml.as_bytes()).unwrap()), expected);
    let inner = package(&[("word/document.xml", &document(&p("Garagem fechada")))]);
    let texts: Vec<_> =
        blocks(&around("a.docx", &inner).unwrap()).into_iter().map(|(_, text)| text.to_owned()).collect();
    assert_eq!(texts, ["antes", "Garagem fechada", "depois"]);
    let text = blocks(&around("a.txt", b"Garagem aberta").unwrap()).len();
    assert_eq!(text, 3);
}

#[test]
fn what_is_not_read_is_named() {
    let parsed = around("a.rtf", b"{\\rtf1 preco}").unwrap();
    assert_eq!(blocks(&parsed).len(), 2);
    assert!(notes(&parsed)[0].contains("an RTF part (a.rtf)"), "{:?}", parsed.notes);
    let parsed = around("a.docx", b"PK\x03\x04 broken").unwrap();
    assert!(notes(&parsed)[0].starts_with("part not read: a document inside the document (a.docx)"));
}

#[test]
fn nothing_outside_is_fetched_and_missing_parts_are_named() {
    let body = [chunk("c1"), chunk("c2"), p("texto")].concat();
    let bytes = package(&[
        ("word/document.xml", &document(&body)),
        (
            "word/_rels/document.xml.rels",
            &relations(&[("c1", "http://127.0.0.1:9/x.htm"), ("c2", "gone.htm")]),
        ),
    ]);
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(blocks(&parsed), [(Paragraph, "texto")]);
    assert_eq!(parsed.notes.len(), 2);
    assert!(notes(&parsed)[0].contains("outside the file"));
    assert!(notes(&parsed)[1].contains("gone.htm"));
}

#[test]
fn documents_inside_documents_end_somewhere_and_share_one_budget() {
    let mut bytes = package(&[("word/document.xml", &document(&p("fundo")))]);
    for _ in 0..6 {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in [
            ("word/document.xml", document(&[p("camada"), chunk("c1")].concat()).into_bytes()),
            ("word/_rels/document.xml.rels", relations(&[("c1", "in.docx")]).into_bytes()),
            ("word/in.docx", bytes.clone()),
        ] {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&content).unwrap();
        }
        bytes = writer.finish().unwrap().into_inner();
    }
    let parsed = parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(blocks(&parsed).len(), 4);
    assert!(notes(&parsed)[0].contains("too deep"), "{:?}", parsed.notes);
    let large = package(&[("word/document.xml", &document(&p(&"a".repeat(600_000))))]);
    let outer = {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in [
            ("word/document.xml", document(&chunk("c1")).into_bytes()),
            ("word/_rels/document.xml.rels", relations(&[("c1", "in.docx")]).into_bytes()),
            ("word/in.docx", large),
        ] {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    let limits = Limits { max_unpacked_bytes: 300_000, ..Limits::default() };
    assert_eq!(parse(&outer, &limits).unwrap_err().kind, FailureKind::TooLarge);
}

#[test]
fn pictures_charts_and_objects_are_noted() {
    let drawing = |inner: &str| format!("<w:p><w:r><w:drawing>{inner}</w:drawing></w:r></w:p>");
    let body = [
        p("texto"),
        drawing("<a:blip r:embed=\"r1\"/>"),
        drawing("<c:chart r:id=\"r2\"/>"),
        "<w:p><w:r><w:object><v:imagedata/><o:OLEObject ProgID=\"Excel.Sheet.12\"/></w:object></w:r></w:p>"
            .to_owned(),
    ]
    .concat();
    assert_eq!(
        notes(&read(&body)),
        [
            "picture not read: 1 picture",
            "part not read: 1 chart",
            "part not read: 1 embedded object (Excel.Sheet.12)"
        ]
    );
}
