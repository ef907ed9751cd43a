//! The text of HTML: what stands inside Markdown, and what Word documents hold of it.
//!
//! A scanner, not an HTML parser: tags go, entities are decoded, block tags become line breaks, headings, lists and
//! tables become blocks (`flow`); what is struck out or hidden is left out (`hiding`). It never fails and is
//! linear; what it does not know it drops as a tag or keeps as text. Nothing that a page names is fetched. HTML
//! files are not a supported format.

mod entities;
mod flow;
mod hiding;

use encoding_rs::Encoding;
use flow::Flow;
pub(super) use hiding::{Hidden, Hiding};
use hiding::{attribute, tag_name};

use super::decode;
use crate::model::{Block, ParseNote, ParseNoteKind};

/// How far into a page its encoding and its first tags are looked for.
const HEAD: usize = 2_048;

/// A page, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Html {
    pub(super) blocks: Vec<Block>,
    /// Passages struck out, passages hidden, and pictures: none of them is read.
    pub(super) struck: usize,
    pub(super) hidden: usize,
    pub(super) pictures: usize,
}

impl Html {
    /// What was left out.
    pub(super) fn notes(&self) -> Vec<ParseNote> {
        use ParseNoteKind as Kind;
        let counts = [
            (self.pictures, Kind::PictureNotRead, "picture", "pictures"),
            (self.struck, Kind::StruckOut, "passage", "passages"),
            (self.hidden, Kind::HiddenLeftOut, "hidden passage", "hidden passages"),
        ];
        let counts = counts.into_iter().filter(|(n, ..)| *n > 0);
        counts.map(|(n, kind, one, more)| ParseNote::new(None, kind, counted(n, one, more))).collect()
    }
}

/// `1 picture`, `2 pictures`.
pub(super) fn counted(n: usize, one: &str, more: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {more}") }
}

/// Reads a page.
pub(super) fn read(html: &str) -> Html {
    read_on(html, &mut Hiding::default())
}

/// Reads a piece of a page; what is open in `hiding` stays open for the next piece.
pub(super) fn read_on(html: &str, hiding: &mut Hiding) -> Html {
    let mut out = Html::default();
    let mut flow = Flow::default();
    let mut rest = html;
    // Entries of the open list of choices, and whether one of them was chosen.
    let mut choice: Option<(usize, bool)> = None;
    // Once no tag ends any more, nothing is searched to its end again: `<a<a<a…` must stay linear.
    let mut tags_end = true;
    while let Some(at) = rest.find('<') {
        if hiding.why().is_none() {
            flow.push(&rest[..at]);
        }
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix("<!--") {
            rest = tail.find("-->").map_or("", |end| &tail[end + 3..]);
            continue;
        }
        let end = if tags_end && opens_tag(rest) { rest.find('>') } else { None };
        let Some(end) = end else {
            tags_end &= !opens_tag(rest);
            if hiding.why().is_none() {
                flow.push("<");
            }
            rest = &rest[1..];
            continue;
        };
        let inside = &rest[1..end];
        rest = &rest[end + 1..];
        let name = tag_name(inside);
        let opening = !inside.starts_with('/');
        if opening && matches!(name.as_str(), "script" | "style") {
            let (content, tail) = element(rest, &name);
            if name == "style" {
                hiding.style_sheet(content);
            }
            rest = tail;
            continue;
        }
        match hiding.tag(inside) {
            Some(Hidden::StruckOut) => {
                out.struck += 1;
                flow.struck_out();
            }
            Some(Hidden::Unseen) => out.hidden += 1,
            _ => {}
        }
        // Tags inside what is not read still shape the page: a row of a table that is struck out is a row.
        flow.tag(&name, opening, |wanted| attribute(inside, wanted)?.trim().parse().ok());
        if hiding.why().is_some() || !opening {
            choice = choice.filter(|_| name != "select");
            continue;
        }
        match name.as_str() {
            "img" => {
                out.pictures += 1;
                flow.push(&format!(" {} ", attribute(inside, "alt").unwrap_or_default()));
            }
            "input" => {
                let kind = attribute(inside, "type").unwrap_or_default().to_ascii_lowercase();
                if matches!(kind.as_str(), "checkbox" | "radio") {
                    let ticked = attribute(inside, "checked").is_some();
                    flow.push(if ticked { "[x] " } else { "[ ] " });
                }
            }
            "select" => choice = Some((0, false)),
            "option" => {
                if let Some((seen, chosen)) = &mut choice {
                    let selected = attribute(inside, "selected").is_some();
                    if selected && !*chosen {
                        flow.drop_choice();
                    } else if *seen > 0 {
                        hiding.pass_over("option");
                    }
                    if *seen == 0 {
                        flow.start_choice();
                    }
                    *seen += 1;
                    *chosen |= selected;
                }
            }
            _ => {}
        }
    }
    if hiding.why().is_none() {
        flow.push(rest);
    }
    out.blocks = flow.finish();
    out
}

fn opens_tag(rest: &str) -> bool {
    rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

/// The content of the element `name` whose opening tag was read, and what follows it.
fn element<'a>(rest: &'a str, name: &str) -> (&'a str, &'a str) {
    let closing = format!("</{name}");
    let found =
        rest.as_bytes().windows(closing.len()).position(|w| w.eq_ignore_ascii_case(closing.as_bytes()));
    found.map_or((rest, ""), |at| (&rest[..at], rest[at..].find('>').map_or("", |end| &rest[at + end + 1..])))
}

/// Whether a text is a page or a piece of one.
pub(super) fn is_html(text: &str) -> bool {
    let head = text[..text.floor_char_boundary(HEAD)].to_ascii_lowercase();
    ["<html", "<body", "<!doctype html", "<p", "<div", "<table", "<h1", "<h2", "<ul", "<span", "<br"]
        .iter()
        .any(|tag| head.contains(tag))
}

/// The text of a page in the encoding that it declares, or that its bytes show.
pub(super) fn decode(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).to_ascii_lowercase();
    let declared = head.split_once("charset=").and_then(|(_, rest)| {
        let label: String = rest
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
            .collect();
        Encoding::for_label(label.as_bytes())
    });
    let declared = declared.filter(|_| Encoding::for_bom(bytes).is_none());
    match declared {
        Some(encoding) => encoding.decode(bytes).0.into_owned(),
        None => decode::decode(bytes)
            .map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), std::borrow::Cow::into_owned),
    }
}

#[cfg(test)]
mod tests;
