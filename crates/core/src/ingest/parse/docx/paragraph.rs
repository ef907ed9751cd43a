//! One paragraph of a Word document while it is read, and the block it becomes.
//!
//! Its text arrives in runs, each with its own look; its style, list and outline level decide what it
//! is. Pages, tables and text boxes around it are the business of `body`.

use quick_xml::events::BytesStart;

use super::numbering::Numbering;
use super::package::{attribute, is_on};
use super::styles::{Look, Shown, Styles, level_of_outline};
use super::symbols::{self, SymbolFont};
use crate::ingest::STRUCK_OUT;
use crate::model::{Block, BlockKind};

/// A longer bold line is emphasis, not a heading.
const MAX_BOLD_HEADING: usize = 80;

/// A block, and whether all of it is bold.
pub(super) struct Piece {
    pub(super) block: Block,
    pub(super) bold: bool,
}

impl Piece {
    pub(super) fn plain(kind: BlockKind, text: String) -> Self {
        Self { block: Block { kind, text }, bold: false }
    }

    /// Whether it stands out like a heading without having a heading's style.
    pub(super) fn looks_like_heading(&self) -> bool {
        let text = &self.block.text;
        self.bold
            && self.block.kind == BlockKind::Paragraph
            && text.chars().count() <= MAX_BOLD_HEADING
            && !text.contains('\n')
            && !text.ends_with(['.', ',', ';', '!'])
            && text.chars().filter(|c| c.is_alphabetic()).count() >= 3
    }
}

/// An open paragraph.
#[derive(Default)]
pub(super) struct Paragraph {
    pub(super) text: String,
    style: Option<String>,
    outline: Option<u8>,
    list: Option<String>,
    list_level: Option<u8>,
    pub(super) break_before: bool,
    /// Pages that end inside; they end after it.
    pub(super) breaks_after: usize,
    /// The first part of it stands on the page before.
    is_rest: bool,
    pub(super) ends_section: bool,
    run: Run,
    last_shown: Shown,
    /// Letters in bold type, and in other.
    bold: usize,
    plain: usize,
    /// Address and start of the text of open links.
    links: Vec<(String, usize)>,
    /// Blocks of text boxes anchored here; they follow the paragraph.
    pub(super) boxes: Vec<Piece>,
}

/// The look of the open run.
#[derive(Default)]
struct Run {
    bold: bool,
    look: Look,
    style: Option<String>,
    font: Option<SymbolFont>,
    /// What follows from these, once it was asked for.
    shown: Option<Shown>,
}

/// What of the text given to a paragraph is not in it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Omitted {
    /// Passages struck out.
    pub(super) struck: usize,
    /// Passages hidden.
    pub(super) hidden: usize,
    /// Symbols of which nobody knows what they look like.
    pub(super) symbols: usize,
}

impl Paragraph {
    pub(super) fn start_run(&mut self) {
        self.run = Run::default();
    }

    /// Adds text of the open run as it is seen; what is struck out or hidden is left out and counted.
    pub(super) fn push_text(&mut self, text: &str, styles: &Styles, omitted: &mut Omitted) {
        let Run { look, style, font, shown, .. } = &mut self.run;
        let shown =
            *shown.get_or_insert_with(|| styles.shown(*look, style.as_deref(), self.style.as_deref()));
        if shown != Shown::Plainly {
            if !text.trim().is_empty() && self.last_shown != shown {
                match shown {
                    Shown::StruckOut => omitted.struck += 1,
                    _ => omitted.hidden += 1,
                }
                self.text.extend((shown == Shown::StruckOut).then_some(STRUCK_OUT));
            }
            self.last_shown = shown;
            return;
        }
        self.last_shown = shown;
        if font.is_some() || text.chars().any(symbols::is_private) {
            let (text, unknown) = symbols::seen(text, *font);
            omitted.symbols += unknown;
            return self.push_seen(&text);
        }
        self.push_seen(text);
    }

    /// Adds text whatever the run looks like.
    pub(super) fn push_seen(&mut self, text: &str) {
        let letters = text.chars().filter(|c| !c.is_whitespace()).count();
        if self.run.bold {
            self.bold += letters;
        } else {
            self.plain += letters;
        }
        self.text.push_str(text);
    }

    /// Takes up an element of the paragraph's properties, or of its run's if `of_run`.
    pub(super) fn property(&mut self, name: &str, tag: &BytesStart<'_>, of_run: bool) {
        let value = || attribute(tag, "val");
        match name {
            "b" if of_run => self.run.bold = is_on(tag),
            "rStyle" if of_run => self.run.style = value(),
            "rFonts" if of_run => {
                let name = attribute(tag, "ascii").or_else(|| attribute(tag, "hAnsi"));
                self.run.font = name.as_deref().and_then(SymbolFont::named);
            }
            _ if of_run && self.run.look.take(name, tag) => {}
            "pStyle" => self.style = value(),
            "numId" => self.list = value(),
            "ilvl" => self.list_level = value().and_then(|v| v.parse().ok()),
            "outlineLvl" => self.outline = value().and_then(|v| v.parse().ok()),
            "pageBreakBefore" => self.break_before = is_on(tag),
            _ => {}
        }
    }

    /// Adds a symbol given by its font and its place in it.
    pub(super) fn push_symbol(&mut self, tag: &BytesStart<'_>, styles: &Styles, omitted: &mut Omitted) {
        let symbol = attribute(tag, "char").as_deref().and_then(symbols::of_code);
        let (Some(name), Some(symbol)) = (attribute(tag, "font"), symbol) else {
            omitted.symbols += 1;
            return;
        };
        let font = SymbolFont::named(&name);
        let of_run = std::mem::replace(&mut self.run.font, font);
        self.push_text(symbol.encode_utf8(&mut [0; 4]), styles, omitted);
        self.run.font = of_run;
    }

    pub(super) fn start_link(&mut self, address: String) {
        self.links.push((address, self.text.len()));
    }

    /// Ends a link: `text (address)`, unless the text says the address.
    pub(super) fn end_link(&mut self) {
        let Some((address, start)) = self.links.pop() else { return };
        let shown = address.trim_start_matches("mailto:").trim_start_matches("tel:");
        let text = self.text.get(start..).unwrap_or_default().trim().to_lowercase();
        let bare = shown.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        let outside = ["http", "mailto:", "tel:"].iter().any(|scheme| address.starts_with(scheme));
        if outside && !text.is_empty() && !text.contains(&bare.to_lowercase()) {
            self.text.extend([" (", shown, ")"]);
        }
    }

    /// The paragraph that goes on after this one where a page ends inside it. What is open stays open,
    /// and the end of a section moves to it.
    pub(super) fn rest(&mut self) -> Self {
        Self {
            style: self.style.clone(),
            outline: self.outline,
            is_rest: true,
            ends_section: std::mem::take(&mut self.ends_section),
            run: std::mem::take(&mut self.run),
            links: std::mem::take(&mut self.links).into_iter().map(|(address, _)| (address, 0)).collect(),
            ..Self::default()
        }
    }

    /// Whether it starts a page, by itself or by its style.
    pub(super) fn breaks_page(&self, styles: &Styles) -> bool {
        if self.is_rest {
            return false;
        }
        self.break_before || self.style.as_deref().is_some_and(|style| styles.breaks_page(style))
    }

    /// The block it is; none if it is empty or a line of a table of contents.
    pub(super) fn to_piece(&self, styles: &Styles, numbering: &mut Numbering) -> Option<Piece> {
        let text = self.text.trim();
        let style = self.style.as_deref();
        if text.is_empty() || style.is_some_and(|s| styles.is_contents(s)) {
            return None;
        }
        let heading = self.outline.map_or_else(|| style.and_then(|s| styles.heading(s)), level_of_outline);
        let inherited = style.and_then(|s| styles.list(s));
        let list = self.list.as_deref().or(inherited.map(|(id, _)| id.as_str()));
        // The number stands where the paragraph begins.
        let list = list.filter(|id| *id != "0" && !self.is_rest);
        let level = self.list_level.or(inherited.map(|(_, level)| *level)).unwrap_or(0);
        let marker = list.map(|id| numbering.next(id, level));
        let kind = match (heading, &marker) {
            (Some(level), _) => BlockKind::Heading(level),
            (None, Some(_)) => BlockKind::ListItem,
            (None, None) => BlockKind::Paragraph,
        };
        // A dash belongs to a list; a bulleted heading is only decorated.
        let marker = marker.filter(|m| heading.is_none() || m != "- ").unwrap_or_default();
        let bold = self.bold > 0 && self.plain == 0;
        Some(Piece { block: Block { kind, text: format!("{marker}{text}") }, bold })
    }
}
