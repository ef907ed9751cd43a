//! Styles: which of them are headings, and of what level; which strike text out or hide it.
//!
//! Word stores built-in style names in English whatever its language, other programs translate them,
//! and businesses make their own on top; so a heading is found by name in either language, by its
//! outline level, or by the style it is based on.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::package::{Visitor, attribute, is_on};

/// Styles are based on others; a chain longer than this is a loop.
const MAX_CHAIN: usize = 16;

/// What a style says of its paragraphs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Style {
    name: String,
    based_on: Option<String>,
    /// Zero-based; 9 is body text.
    outline: Option<u8>,
    /// List and level, if paragraphs of this style are numbered.
    pub(super) list: Option<(String, u8)>,
    pub(super) page_break_before: bool,
    list_level: u8,
    pub(super) look: Look,
}

/// What a style or a run says of how its text is shown; nothing where it leaves that to others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Look {
    strike: Option<bool>,
    double_strike: Option<bool>,
    hidden: Option<bool>,
}

impl Look {
    /// Takes up an element of run properties; whether it was one of these.
    pub(super) fn take(&mut self, name: &str, tag: &BytesStart<'_>) -> bool {
        let switch = match name {
            "strike" => &mut self.strike,
            "dstrike" => &mut self.double_strike,
            "vanish" => &mut self.hidden,
            _ => return false,
        };
        *switch = Some(is_on(tag));
        true
    }
}

/// Whether a person sees a text, and sees it as valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shown {
    #[default]
    Plainly,
    StruckOut,
    Hidden,
}

/// The styles of a document by id.
#[derive(Debug, Default)]
pub(super) struct Styles {
    by_id: HashMap<String, Style>,
    open: Option<(String, Style)>,
    in_run_properties: bool,
}

impl Styles {
    /// Level of heading, 1 to 6, of a paragraph with this style.
    pub(super) fn heading(&self, id: &str) -> Option<u8> {
        let mut current = id;
        for _ in 0..MAX_CHAIN {
            let Some(style) = self.by_id.get(current) else { return named_level(current) };
            if let Some(level) = named_level(&style.name) {
                return Some(level);
            }
            if let Some(outline) = style.outline {
                return level_of_outline(outline);
            }
            current = style.based_on.as_deref()?;
        }
        None
    }

    /// Whether a paragraph with this style is a line of a table of contents.
    pub(super) fn is_contents(&self, id: &str) -> bool {
        let name = self.by_id.get(id).map_or(id, |style| &style.name);
        let name = name.to_lowercase();
        let rest = name.strip_prefix("toc").or_else(|| name.strip_prefix("sumário"));
        rest.is_some_and(|rest| rest.trim().parse::<u8>().is_ok())
    }

    /// The list of a style, its own or inherited.
    pub(super) fn list(&self, id: &str) -> Option<&(String, u8)> {
        self.chain(id).find_map(|style| style.list.as_ref())
    }

    /// Whether the style starts a page.
    pub(super) fn breaks_page(&self, id: &str) -> bool {
        self.chain(id).any(|style| style.page_break_before)
    }

    /// How a run is shown whose own properties are `own`, in a style of its own and a paragraph of a style.
    /// Two styles that both strike out or hide undo each other, as in Word.
    pub(super) fn shown(&self, own: Look, run_style: Option<&str>, paragraph_style: Option<&str>) -> Shown {
        let styled = |of: fn(&Look) -> Option<bool>| {
            let by = |id: Option<&str>| {
                id.and_then(|id| self.chain(id).find_map(|style| of(&style.look))).unwrap_or(false)
            };
            by(run_style) != by(paragraph_style)
        };
        let is = |of: fn(&Look) -> Option<bool>| of(&own).unwrap_or_else(|| styled(of));
        if is(|look| look.hidden) {
            Shown::Hidden
        } else if is(|look| look.strike) || is(|look| look.double_strike) {
            Shown::StruckOut
        } else {
            Shown::Plainly
        }
    }

    fn chain<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Style> {
        let first = self.by_id.get(id);
        std::iter::successors(first, |style| self.by_id.get(style.based_on.as_deref()?)).take(MAX_CHAIN)
    }
}

/// Level of heading for an outline level counted from 0; body text has none.
pub(super) fn level_of_outline(outline: u8) -> Option<u8> {
    (outline < 9).then(|| (outline + 1).min(6))
}

fn named_level(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    if matches!(name.as_str(), "title" | "título" | "titulo" | "ttulo") {
        return Some(1);
    }
    if matches!(name.as_str(), "subtitle" | "subtítulo" | "subtitulo" | "subttulo") {
        return Some(2);
    }
    // "Ttulo1" is the id Word makes of "Título 1".
    let rest = ["heading", "título", "titulo", "ttulo"].iter().find_map(|p| name.strip_prefix(p))?;
    let level: u8 = rest.trim().parse().ok()?;
    (1..=9).contains(&level).then(|| level.min(6))
}

impl Visitor for Styles {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>) {
        if name == "style" {
            let is_text =
                attribute(tag, "type").is_none_or(|kind| kind == "paragraph" || kind == "character");
            self.open = attribute(tag, "styleId").filter(|_| is_text).map(|id| (id, Style::default()));
            return;
        }
        let Some((_, style)) = &mut self.open else { return };
        let value = || attribute(tag, "val");
        match name {
            "rPr" => self.in_run_properties = true,
            _ if self.in_run_properties && style.look.take(name, tag) => {}
            "name" => style.name = value().unwrap_or_default(),
            "basedOn" => style.based_on = value(),
            "outlineLvl" => style.outline = value().and_then(|v| v.parse().ok()),
            "pageBreakBefore" => style.page_break_before = is_on(tag),
            "ilvl" => style.list_level = value().and_then(|v| v.parse().ok()).unwrap_or(0),
            "numId" => style.list = value().map(|id| (id, style.list_level)),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if name == "rPr" {
            self.in_run_properties = false;
        }
        if name == "style"
            && let Some((id, style)) = self.open.take()
        {
            self.by_id.insert(id, style);
        }
    }

    fn text(&mut self, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(name: &str, based_on: Option<&str>, outline: Option<u8>) -> Style {
        Style { name: name.to_owned(), based_on: based_on.map(str::to_owned), outline, ..Style::default() }
    }

    #[test]
    fn headings_by_name_outline_and_ancestry() {
        let mut styles = Styles::default();
        for (id, s) in [
            ("a", style("heading 2", None, None)),
            ("b", style("Minha seção", Some("a"), None)),
            ("c", style("Capítulo", None, Some(0))),
            ("d", style("Normal", None, Some(9))),
            ("loop", style("x", Some("loop"), None)),
            ("t", style("Título 3", None, None)),
        ] {
            styles.by_id.insert(id.to_owned(), s);
        }
        let level = |id: &str| styles.heading(id);
        assert_eq!([level("a"), level("b"), level("c"), level("t")], [Some(2), Some(2), Some(1), Some(3)]);
        assert_eq!([level("d"), level("loop"), level("none")], [None, None, None]);
        assert_eq!([level("Heading1"), level("Ttulo2"), level("Title")], [Some(1), Some(2), Some(1)]);
    }

    #[test]
    fn a_look_comes_from_the_run_or_from_its_styles() {
        let look = |strike| Look { strike, ..Look::default() };
        let mut styles = Styles::default();
        let struck = Style { look: look(Some(true)), ..style("Antigo", None, None) };
        styles.by_id.insert("old".into(), struck.clone());
        styles.by_id.insert("child".into(), style("Mais antigo", Some("old"), None));
        styles.by_id.insert("p".into(), struck);
        let shown = |own, run, paragraph| styles.shown(own, run, paragraph);
        assert_eq!(shown(look(None), Some("child"), None), Shown::StruckOut);
        assert_eq!(shown(look(None), None, Some("p")), Shown::StruckOut);
        assert_eq!(shown(look(Some(false)), Some("old"), None), Shown::Plainly);
        assert_eq!(shown(look(None), Some("old"), Some("p")), Shown::Plainly);
        assert_eq!(shown(look(None), Some("none"), None), Shown::Plainly);
    }

    #[test]
    fn lines_of_a_table_of_contents() {
        assert!(Styles::default().is_contents("TOC1"));
        assert!(!Styles::default().is_contents("TOCHeading"));
    }
}
