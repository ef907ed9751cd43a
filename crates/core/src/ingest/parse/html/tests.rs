//! Pages as people and programs write them.

use super::*;
use crate::ingest::STRUCK_OUT;
use crate::model::BlockKind;

/// The text of a page, one line per block.
fn strip(html: &str) -> String {
    let texts = read(html).blocks.into_iter().map(|b| b.text.replace(STRUCK_OUT, "").trim().to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

fn blocks(html: &str) -> Vec<(BlockKind, String)> {
    read(html).blocks.into_iter().map(|b| (b.kind, b.text)).collect()
}

#[test]
fn tags_go_and_text_stays() {
    assert_eq!(strip("<div align=\"center\"><b>Ol&aacute;</b> &amp; bem-vindo</div>"), "Olá & bem-vindo");
    assert_eq!(strip("<p>um<br/>dois</p><!-- segredo --><p>tr&#234;s</p>"), "um\ndois\ntrês");
    assert_eq!(strip("antes<script>var a = '<b>';</script>depois"), "antesdepois");
}

#[test]
fn table_cells_are_kept_apart() {
    assert_eq!(
        strip("<table><tr><th>Item</th><th>Preço</th></tr><tr><td>Banho</td><td>R$ 50</td></tr></table>"),
        "Item | Preço\nBanho | R$ 50"
    );
}

#[test]
fn source_lines_and_indentation_mean_nothing() {
    let table = "<table>\n  <thead>\n    <tr>\n      <th>Item</th>\n      <th>Preço</th>\n    </tr>\n  </thead>\n  \
                 <tr>\n    <td>\n      Banho<br>\n      simples\n    </td>\n    <td><p>R$ 50</p></td>\n  </tr>\n  \
                 <tr>\n    <td></td>\n    <td>R$ 60</td>\n    <td> </td>\n  </tr>\n</table>";
    assert_eq!(strip(table), "Item | Preço\nBanho simples | R$ 50\n| R$ 60");
    assert_eq!(
        strip("<p>\n  Abrimos de <b>segunda</b>\n  a <i>sábado</i>.\n</p>\n<p>Feche.</p>\n"),
        "Abrimos de segunda a sábado.\nFeche."
    );
    assert_eq!(strip("<table><tr><td>\n<h1>Loja</h1>\n<p>Rua A</p>\n</td></tr></table>"), "Loja\nRua A");
    assert_eq!(strip("<pre>um  a\ndois</pre>fim"), "um  a\ndois\nfim");
}

#[test]
fn tags_that_never_end_cost_no_more_than_text() {
    let text = "<a".repeat(400_000);
    assert_eq!(strip(&text), text);
}

#[test]
fn what_is_not_html_is_left_alone() {
    assert_eq!(strip("2 < 3 && AT&T &naoexiste; <"), "2 < 3 && AT&T &naoexiste; <");
    assert_eq!(strip("<!-- sem fim"), "");
}

#[test]
fn headings_lists_and_headers_of_tables_keep_what_they_are() {
    use BlockKind::{Heading, ListItem, Paragraph, TableHeader, TableRow};
    let page = "<h2>Floricultura</h2><ol><li>Escolha</li><li>Pague</li></ol><ul><li>rosas<ul><li>vermelhas</ul></ul>\
                <table><caption>Vasos 2031</caption><thead><tr><th>Vaso</th><th colspan=2>Barro</th></tr></thead>\
                <tr><td rowspan=2>Redondo</td><td>R$ 9</td><td>R$ 12</td></tr><tr><td>R$ 10</td><td>R$ 13</td></tr></table>";
    let expected = [
        (Heading(2), "Floricultura"),
        (ListItem, "1. Escolha"),
        (ListItem, "2. Pague"),
        (ListItem, "- rosas"),
        (ListItem, "- vermelhas"),
        (Paragraph, "Vasos 2031"),
        (TableHeader, "Vaso | Barro | Barro"),
        (TableRow, "Redondo | R$ 9 | R$ 12"),
        (TableRow, "Redondo | R$ 10 | R$ 13"),
    ];
    let found = blocks(page);
    assert_eq!(found.iter().map(|(k, t)| (*k, t.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_struck_out_or_hidden_is_left_out_and_counted() {
    let page = read(
        "<style>.velho{text-decoration:line-through}</style><p>Buquê: <del>R$ 80</del> R$ 65</p>\
         <p>Vaso: <span style='text-decoration: line-through'>R$ <b>30</b></span> R$ 25 <i class=velho>R$ 40</i></p>\
         <p style='display:none'>oculto<p>visto</p><p><s>frete R$ 9</s> frete grátis<img src=x alt='um mapa'></p>",
    );
    let text: Vec<_> = page.blocks.iter().map(|b| b.text.replace(STRUCK_OUT, "").trim().to_owned()).collect();
    assert_eq!(text, ["Buquê: R$ 65", "Vaso: R$ 25", "visto", "frete grátis um mapa"]);
    assert_eq!((page.struck, page.hidden, page.pictures), (4, 1, 1));
}

#[test]
fn choices_of_a_form_are_told() {
    let page = "<p><input type=checkbox checked> Cartão</p><p><input type=checkbox> Cheque</p>\
                <p>Taxa: <select><option>R$ 1<option selected>R$ 2<option>R$ 3</select> por rosa</p>\
                <p><select><option>um</option><option>dois</option></select></p>";
    assert_eq!(strip(page), "[x] Cartão\n[ ] Cheque\nTaxa: R$ 2 por rosa\num");
}

#[test]
fn a_page_is_decoded_as_it_declares() {
    assert_eq!(decode(b"<meta charset=\"iso-8859-1\">Ma\xe7\xe3"), "<meta charset=\"iso-8859-1\">Maçã");
    assert_eq!(decode("<p>Maçã</p>".as_bytes()), "<p>Maçã</p>");
    assert!(is_html("<html><body>x"));
    assert!(!is_html("a < b"));
}
