//! What a PDF says is what a person sees of it.

use super::*;

/// The text of the first page, its blocks on lines, and the kinds of notes; none without pdfium.
fn read(bytes: &[u8]) -> Option<(String, Vec<ParseNoteKind>)> {
    let parsed = parsed(bytes)?.unwrap();
    let text = parsed.pages[0].blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>().join("\n");
    Some((text, parsed.notes.iter().map(|note| note.kind).collect()))
}

#[test]
fn what_is_struck_out_is_left_out_and_what_is_underlined_is_not() {
    let content = [
        show("F1", 12, 60, 700, "Vela de mel: 38,00"),
        "0.8 w 132 704 m 160 704 l S\n".to_owned(),
        show("F1", 12, 60, 670, "Sabonete: 22,00"),
        // As word processors draw it.
        "118 673.4 28 0.7 re f\n".to_owned(),
        show("F1", 12, 60, 640, "Difusor: 91,00"),
        show("F1", 12, 60, 610, "Incenso: 14,00"),
        "60 608 m 140 608 l S\n".to_owned(),
    ]
    .concat();
    let mark = "<< /Type /Annot /Subtype /StrikeOut /Rect [103 637 133 652] /F 4 \
                /QuadPoints [103 652 133 652 103 637 133 637] >>";
    let bytes = pdf_of(&[&content], "", &[mark.to_owned()], ("", "/Annots [6 0 R]"));
    let Some((text, notes)) = read(&bytes) else { return };
    for (price, is_struck) in [("38,00", true), ("22,00", true), ("91,00", true), ("14,00", false)] {
        assert_eq!(text.contains(price), !is_struck, "{text}");
    }
    assert!(text.contains("Vela de mel") && text.contains("Difusor"), "{text}");
    assert_eq!(notes, [ParseNoteKind::StruckOut]);
}

#[test]
fn a_layer_that_is_off_is_left_out_even_under_one_that_is_on() {
    let content = [
        "/OC /X6 BDC\n".to_owned(),
        show("F1", 12, 60, 700, "Passeio de barco: 55,00"),
        "EMC\n/OC /X7 BDC\n".to_owned(),
        show("F1", 12, 60, 700, "Passeio de barco: 83,00"),
        "EMC\n".to_owned(),
        show("F1", 12, 60, 660, "Sa\u{ed}da da marina todos os dias."),
    ]
    .concat();
    let layer = |name: &str| format!("<< /Type /OCG /Name ({name}) >>");
    let off = "/OCProperties << /OCGs [6 0 R 7 0 R] /D << /OFF [6 0 R] >> >>";
    let bytes = pdf_of(&[&content], "", &[layer("antiga"), layer("nova")], (off, ""));
    let Some((text, notes)) = read(&bytes) else { return };
    assert!(text.contains("83,00") && text.contains("marina") && !text.contains("55,00"), "{text}");
    assert_eq!(notes, [ParseNoteKind::HiddenLeftOut]);
}

#[test]
fn what_no_reader_shows_is_left_out_and_noted() {
    let seen = show("F1", 12, 60, 700, "Cor\u{ed}nthia branca: 47,00");
    for (hidden, page) in [
        // Outside the page.
        (show("F1", 12, 460, 660, "Tabela antiga: 12,34"), "/CropBox [0 0 450 842]"),
        // Under a white box.
        (format!("{}1 g 50 650 300 24 re f 0 g\n", show("F1", 12, 60, 660, "Tabela antiga: 12,34")), ""),
        // White on white.
        (format!("1 g\n{}0 g\n", show("F1", 12, 60, 660, "Tabela antiga: 12,34")), ""),
        // Without ink, and no picture over it.
        (format!("3 Tr\n{}0 Tr\n", show("F1", 12, 60, 660, "Tabela antiga: 12,34")), ""),
    ] {
        let bytes = pdf_of(&[&format!("{hidden}{seen}")], "", &[], ("", page));
        let Some((text, notes)) = read(&bytes) else { return };
        assert_eq!(text, "Corínthia branca: 47,00", "{hidden}");
        assert_eq!(notes, [ParseNoteKind::HiddenLeftOut], "{hidden}");
    }
}

#[test]
fn light_letters_on_a_dark_ground_and_dark_ones_on_a_coloured_one_are_read() {
    let content = [
        "0.1 0.2 0.5 rg 50 690 300 30 re f 1 g\n".to_owned(),
        show("F1", 12, 60, 700, "Pre\u{e7}os de mar\u{e7}o"),
        "1 1 0 rg 50 650 300 24 re f 0 g\n".to_owned(),
        show("F1", 12, 60, 660, "Mesa posta: 64,00"),
    ]
    .concat();
    let Some((text, notes)) = read(&pdf(&[&content], "")) else { return };
    assert!(text.contains("Preços de março") && text.contains("64,00"), "{text}");
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn what_was_typed_on_top_stands_on_its_line() {
    let content = [
        show("F1", 12, 60, 700, "Conserto de z\u{ed}per: R$ ______"),
        show("F1", 12, 60, 670, "Barra de cal\u{e7}a: R$ ______"),
    ]
    .concat();
    let typed = |text: &str, rect: &str, flags: u32| {
        format!(
            "<< /Type /Annot /Subtype /FreeText /Rect [{rect}] /Contents ({text}) /F {flags} \
             /DA (0 g /Helv 12 Tf) >>"
        )
    };
    let annotations = [
        typed("26,00", "190 696 240 714", 4),
        typed("17,00", "170 666 220 684", 4),
        typed("888,00", "300 696 340 714", 2),
        "<< /Type /Annot /Subtype /Text /Rect [400 696 420 716] /Contents (conferir) /F 4 >>".to_owned(),
    ];
    let bytes = pdf_of(&[&content], "", &annotations, ("", "/Annots [6 0 R 7 0 R 8 0 R 9 0 R]"));
    let Some((text, _)) = read(&bytes) else { return };
    assert!(text.contains("Conserto de zíper: R$ 26,00"), "{text}");
    assert!(text.contains("Barra de calça: R$ 17,00"), "{text}");
    assert!(!text.contains("888") && !text.contains("conferir"), "{text}");
}

#[test]
fn boxes_are_ticked_or_not_and_of_a_list_the_chosen_entry_is_read() {
    let content = [
        show("F1", 12, 60, 700, "Entrega gr\u{e1}tis"),
        show("F1", 12, 60, 670, "Montagem inclu\u{ed}da"),
        show("F1", 12, 60, 640, "Cor:"),
    ]
    .concat();
    let face = |inside: &str| {
        let drawn = format!("0.5 0.5 13 13 re S {inside}");
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 14 14] /Length {} >>\nstream\n{drawn}\nendstream",
            drawn.len()
        )
    };
    let check = |name: &str, y: u32, state: &str| {
        format!(
            "<< /Type /Annot /Subtype /Widget /FT /Btn /T ({name}) /Rect [200 {y} 214 {}] /F 4 /V /{state} \
             /AS /{state} /AP << /N << /Sim 6 0 R /Off 7 0 R >> >> >>",
            y + 14
        )
    };
    let list = "<< /Type /Annot /Subtype /Widget /FT /Ch /T (cor) /Rect [200 620 300 654] /F 4 \
                /Opt [(azul) (verde) (cinza)] /V (verde) /I [1] >>";
    let objects = [
        face("2 2 m 12 12 l 2 12 m 12 2 l S"),
        face(""),
        check("gratis", 697, "Sim"),
        check("montagem", 667, "Off"),
        list.to_owned(),
    ];
    let form = "/AcroForm << /Fields [8 0 R 9 0 R 10 0 R] >>";
    let bytes = pdf_of(&[&content], "", &objects, (form, "/Annots [8 0 R 9 0 R 10 0 R]"));
    let Some((text, _)) = read(&bytes) else { return };
    assert!(text.contains("Entrega grátis | [x]") && text.contains("Montagem incluída | [ ]"), "{text}");
    assert!(text.contains("verde") && !text.contains("azul") && !text.contains("cinza"), "{text}");
}
