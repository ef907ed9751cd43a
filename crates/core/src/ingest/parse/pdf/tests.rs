//! PDFs written on the spot, object by object. They need the pdfium library, at `PDFIUM_LIBRARY` or
//! where the setup puts it; on a machine without one, the tests that read a PDF see that said instead.

use std::fmt::Write;
use std::path::PathBuf;

mod shown;
mod tables;

use super::*;
use crate::model::BlockKind::{self, Heading, Paragraph, TableHeader, TableRow};

/// A PDF with one page per content stream, its text in Helvetica (`F1`) and its bold (`F2`).
fn pdf(contents: &[&str], info: &str) -> Vec<u8> {
    pdf_with(contents, info, &[])
}

/// The same with objects that its pages know as `X6`, `X7` and so on.
fn pdf_with(contents: &[&str], info: &str, extra: &[String]) -> Vec<u8> {
    pdf_of(contents, info, extra, ("", ""))
}

/// The same with what else its catalog and its pages say.
fn pdf_of(contents: &[&str], info: &str, extra: &[String], (catalog, page_says): (&str, &str)) -> Vec<u8> {
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"),
        String::new(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< {info} >>"),
    ];
    objects.extend_from_slice(extra);
    let named: String = (6..6 + extra.len()).map(|at| format!("/X{at} {at} 0 R ")).collect();
    let mut kids = String::new();
    for content in contents {
        let page = objects.len() + 1;
        kids += &[page.to_string().as_str(), " 0 R "].concat();
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R /F2 4 0 R >> /XObject << {named}>> \
             /Properties << {named}>> >> {page_says} >>",
            page + 1
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", contents.len());
    let mut out = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (at, object) in (1..).zip(&objects) {
        offsets.push(out.len());
        write!(out, "{at} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let start = out.len();
    write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(out, "{offset:010} 00000 n ").unwrap();
    }
    write!(
        out,
        "trailer << /Size {} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    )
    .unwrap();
    // Written as Latin-1, so that a letter above 127 is one byte of WinAnsi.
    out.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// A text operator: font, size, place, text.
fn show(font: &str, size: u32, x: u32, y: u32, text: &str) -> String {
    format!("BT /{font} {size} Tf {x} {y} Td ({text}) Tj ET\n")
}

fn limits() -> Limits {
    let named = std::env::var_os("PDFIUM_LIBRARY").map(PathBuf::from);
    let installed = || std::env::home_dir().map(|home| home.join(".local/share/agentctl/lib/libpdfium.so"));
    Limits { pdfium_library: named.or_else(installed), ..Limits::default() }
}

/// Parses; none on a machine without pdfium.
fn parsed(bytes: &[u8]) -> Option<Result<Parsed, ParseFailure>> {
    match parse(bytes, &limits()) {
        Err(failure) if failure.kind == FailureKind::MissingTool => {
            assert!(failure.reason.contains("pdfium"), "{failure}");
            None
        }
        result => Some(result),
    }
}

fn expect(content: &str, expected: &[(BlockKind, &str)]) {
    let Some(result) = parsed(&pdf(&[content], "")) else { return };
    let parsed = result.unwrap();
    let found: Vec<_> = parsed.pages[0].blocks.iter().map(|b| (b.kind, b.text.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn lines_become_paragraphs_and_large_type_headings() {
    let content = [
        show("F2", 18, 60, 780, "Trocas e devolu\u{e7}\u{f5}es"),
        show(
            "F1",
            11,
            60,
            750,
            "O prazo para trocar qualquer produto da loja \u{e9} de sete dias, e a nota infor-",
        ),
        show("F1", 11, 60, 736, "mada na compra deve ser apresentada no balc\u{e3}o."),
        show("F1", 11, 60, 700, "Outro par\u{e1}grafo, mais abaixo."),
        show("F2", 11, 60, 670, "Prazos"),
        show("F1", 11, 60, 656, "Sete dias corridos para todos os produtos."),
    ]
    .concat();
    expect(
        &content,
        &[
            (Heading(1), "Trocas e devoluções"),
            (
                Paragraph,
                "O prazo para trocar qualquer produto da loja é de sete dias, e a nota informada na compra deve ser apresentada no balcão.",
            ),
            (Paragraph, "Outro parágrafo, mais abaixo."),
            (Heading(2), "Prazos"),
            (Paragraph, "Sete dias corridos para todos os produtos."),
        ],
    );
}

#[test]
fn an_empty_cell_keeps_the_others_in_their_columns() {
    let row = |y: u32, cells: &[(u32, &str)]| {
        cells.iter().map(|(x, t)| show("F1", 11, *x, y, t)).collect::<String>()
    };
    let content = [
        row(700, &[(60, "Banho"), (160, "P"), (260, "M"), (360, "G")]),
        row(680, &[(60, "Simples"), (160, "50"), (260, "60"), (360, "70")]),
        row(660, &[(60, "Luxo"), (260, "80"), (360, "90")]),
    ]
    .concat();
    expect(
        &content,
        &[
            (TableHeader, "Banho | P | M | G"),
            (TableRow, "Simples | 50 | 60 | 70"),
            (TableRow, "Luxo |  | 80 | 90"),
        ],
    );
}

#[test]
fn text_turned_on_its_side_is_read() {
    let content = format!(
        "{}BT /F1 11 Tf 0 1 -1 0 30 300 Tm (CARIMBO LATERAL) Tj ET",
        show("F1", 11, 60, 700, "Texto da p\u{e1}gina com um carimbo.")
    );
    expect(&content, &[(Paragraph, "Texto da página com um carimbo."), (Paragraph, "CARIMBO LATERAL")]);
}

#[test]
fn raised_digits_do_not_join_the_number_before_them() {
    let content = "BT /F1 20 Tf 60 700 Td (R$ 10) Tj /F1 10 Tf 8 Ts (90) Tj ET";
    let Some(result) = parsed(&pdf(&[content], "")) else { return };
    assert_eq!(result.unwrap().pages[0].blocks[0].text, "R$ 10 90");
}

#[test]
fn what_the_document_says_of_itself() {
    let info = "/Title (Microsoft Word - Guia) /Author (Ana) /CreationDate (D:20250804093000-03'00')";
    let content = show("F1", 11, 60, 700, "Texto da p\u{e1}gina para ter o que ler.");
    let Some(result) = parsed(&pdf(&[&content, &content], info)) else { return };
    let metadata = result.unwrap().metadata;
    let expected = [("author", "Ana"), ("created_date", "2025-08-04"), ("pages", "2"), ("title", "Guia")];
    assert_eq!(metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn too_many_pages_are_refused_and_a_broken_file_is_named() {
    let few = Limits { max_pages: 1, ..limits() };
    let bytes = pdf(&["", ""], "");
    if parsed(&bytes).is_some() {
        assert_eq!(parse(&bytes, &few).unwrap_err().kind, FailureKind::TooLarge);
        assert_eq!(parse(b"%PDF-1.4 nothing else", &few).unwrap_err().kind, FailureKind::Corrupt);
    }
}

/// A page that shows `image` over all of it, inside a form object, under the marks of `stamp`.
fn scanned(image: &image::GrayImage, stamp: &str) -> Vec<u8> {
    let hex = image.as_raw().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let picture = format!(
        "<< /Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace /DeviceGray /BitsPerComponent 8 \
         /Filter /ASCIIHexDecode /Length {} >>\nstream\n{hex}>\nendstream",
        image.width(),
        image.height(),
        hex.len() + 1
    );
    let inside = "q 297.5 0 0 421 0 0 cm /X6 Do Q";
    let form = format!(
        "<< /Type /XObject /Subtype /Form /BBox [0 0 298 421] /Matrix [2 0 0 2 0 0] \
         /Resources << /XObject << /X6 6 0 R >> >> /Length {} >>\nstream\n{inside}\nendstream",
        inside.len()
    );
    pdf_with(&[&format!("q 1 0 0 1 0 0 cm /X7 Do Q\n{stamp}")], "", &[picture, form])
}

/// The first page of a PDF as a picture; none on a machine without pdfium.
fn drawn(bytes: &[u8]) -> Option<image::GrayImage> {
    let _alone = PDFIUM.lock().unwrap_or_else(PoisonError::into_inner);
    let pdfium = library(&limits()).ok()?;
    let document = pdfium.load_pdf_from_byte_slice(bytes, None).unwrap();
    let page = document.pages().get(0).unwrap();
    scan::draw(&page).unwrap().map(|(image, _)| image)
}

#[test]
fn a_scan_with_a_stamp_is_read_and_keeps_its_stamp() {
    let text = [
        show("F1", 14, 60, 700, "O hotel hospeda o animal por sete dias."),
        show("F1", 14, 60, 670, "O tutor retira o animal antes das dezoito horas."),
        show("F1", 14, 60, 640, "Depois disso cobramos mais uma noite inteira."),
    ]
    .concat();
    let Some(image) = drawn(&pdf(&[&text], "")) else { return };
    let stamp = show("F1", 10, 60, 30, "Digitalizado com CamScanner");
    let parsed = parse(&scanned(&image, &stamp), &limits()).unwrap();
    let text = parsed.pages[0].blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>().join("\n");
    assert!(text.contains("CamScanner"), "{text}");
    // A machine without tesseract says so.
    match parsed.metadata.get("unread_pages") {
        None => assert!(text.contains("dezoito horas") && text.contains("sete dias"), "{text}"),
        Some(reason) => assert!(reason.starts_with("1 (") && reason.contains("tesseract"), "{reason}"),
    }
}

#[test]
fn a_page_that_cannot_be_read_costs_that_page_and_is_noted() {
    let text = show("F1", 11, 60, 700, "Texto da p\u{e1}gina para ter o que ler.");
    let ink = "0 g 100 300 300 300 re f";
    let bytes = pdf(&[&text, ink, ink], "");
    for (failing, kind, reason) in [
        (
            Limits { ocr_languages: "xxx".to_owned(), ..limits() },
            FailureKind::MissingTool,
            "pictures cannot be read",
        ),
        (
            Limits { timeout: std::time::Duration::ZERO, ..limits() },
            FailureKind::Timeout,
            "text recognition did not end",
        ),
    ] {
        if parsed(&bytes).is_none() {
            return;
        }
        let parsed = parse(&bytes, &failing).unwrap();
        assert_eq!(parsed.pages[0].blocks.len(), 1);
        let noted = &parsed.metadata["unread_pages"];
        assert!(noted.starts_with(&format!("2-3 ({reason}")), "{noted}");
        assert_eq!(parse(&pdf(&[ink], ""), &failing).unwrap_err().kind, kind);
    }
}

#[test]
fn dates() {
    assert_eq!(date("D:20250804093000-03'00'").as_deref(), Some("2025-08-04"));
    assert_eq!(date("20251301"), None);
    assert_eq!(date("ontem"), None);
}
