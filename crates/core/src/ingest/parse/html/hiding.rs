//! Which elements of HTML a person does not see, or sees struck out.
//!
//! By the element itself (`del`), by its own style, or by a class that a style sheet of the page strikes out or
//! hides. Rules for other media, and selectors of more than one step, are not looked at.

use std::collections::HashSet;

/// Why text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest::parse) enum Hidden {
    /// It is struck out and so no longer valid.
    StruckOut,
    /// Nobody sees it.
    Unseen,
    /// An entry of a list that is not chosen, or what is no text of the page.
    Unmeant,
}

/// An element whose text is not read, and how deep inside its like the reader is.
#[derive(Debug)]
struct Open {
    name: String,
    depth: usize,
    why: Hidden,
}

/// Follows the elements of a page and tells whether its text is read.
#[derive(Debug, Default)]
pub(in crate::ingest::parse) struct Hiding {
    open: Option<Open>,
    struck_classes: HashSet<String>,
    hidden_classes: HashSet<String>,
}

/// Elements that end where the next of their kind begins, or where what holds them ends.
const CLOSED_BY_NEXT: [&str; 8] = ["p", "li", "td", "th", "tr", "dt", "dd", "option"];
/// What ends those.
const HOLDERS: [&str; 9] = ["td", "th", "tr", "table", "ul", "ol", "dl", "select", "div"];
/// Elements without an end.
const VOID: [&str; 12] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"];

impl Hiding {
    /// Why text is not read here, if it is not.
    pub(in crate::ingest::parse) fn why(&self) -> Option<Hidden> {
        self.open.as_ref().map(|open| open.why)
    }

    /// Takes up a tag, given without its brackets. Whether it begins something that is not read.
    pub(in crate::ingest::parse) fn tag(&mut self, inside: &str) -> Option<Hidden> {
        let closing = inside.starts_with('/');
        let name = tag_name(inside);
        if let Some(open) = &mut self.open {
            let optional = CLOSED_BY_NEXT.contains(&open.name.as_str());
            let ends = if open.name == name {
                match (closing, optional) {
                    (false, false) => {
                        open.depth += 1;
                        return None;
                    }
                    (false, true) => true,
                    (true, _) => {
                        open.depth -= 1;
                        if open.depth == 0 {
                            self.open = None;
                        }
                        return None;
                    }
                }
            } else {
                closing && optional && HOLDERS.contains(&name.as_str())
            };
            if !ends {
                return None;
            }
            self.open = None;
        }
        let why = if closing { None } else { self.hides(&name, inside) }?;
        if !VOID.contains(&name.as_str()) && !inside.ends_with('/') {
            self.open = Some(Open { name, depth: 1, why });
        }
        Some(why)
    }

    /// Begins to pass over an element that the caller does not mean to read.
    pub(in crate::ingest::parse) fn pass_over(&mut self, name: &str) {
        if self.open.is_none() {
            self.open = Some(Open { name: name.to_owned(), depth: 1, why: Hidden::Unmeant });
        }
    }

    fn hides(&self, name: &str, inside: &str) -> Option<Hidden> {
        if matches!(name, "del" | "s" | "strike") {
            return Some(Hidden::StruckOut);
        }
        if matches!(name, "title" | "template") {
            return Some(Hidden::Unmeant);
        }
        // Most tags have no attributes; reading them all would cost more than the rest.
        if !inside.contains([' ', '\n', '\t', '\r']) {
            return None;
        }
        let style = attribute(inside, "style").unwrap_or_default();
        let classes = attribute(inside, "class").unwrap_or_default();
        let of = |known: &HashSet<String>| {
            !known.is_empty() && classes.split_ascii_whitespace().any(|class| known.contains(class))
        };
        if hides(&style) || attribute(inside, "hidden").is_some() || of(&self.hidden_classes) {
            return Some(Hidden::Unseen);
        }
        (strikes(&style) || of(&self.struck_classes)).then_some(Hidden::StruckOut)
    }

    /// Learns from a style sheet which classes strike out and hide.
    pub(super) fn style_sheet(&mut self, sheet: &str) {
        let sheet = sheet.replace("<!--", "").replace("-->", "");
        let mut rest = sheet.as_str();
        while let Some(at) = rest.find('{') {
            let selectors = rest[..at].rsplit([';', '}']).next().unwrap_or_default().trim();
            rest = &rest[at + 1..];
            if selectors.starts_with('@') {
                rest = past_block(rest);
                continue;
            }
            let end = rest.find('}').unwrap_or(rest.len());
            let (hidden, struck) = (hides(&rest[..end]), strikes(&rest[..end]));
            for selector in selectors.split(',').map(str::trim).filter(|_| hidden || struck) {
                let Some((element, class)) = selector.split_once('.') else { continue };
                let is_plain = |s: &str| s.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
                if is_plain(element) && is_plain(class) {
                    let known = if hidden { &mut self.hidden_classes } else { &mut self.struck_classes };
                    known.insert(class.to_owned());
                }
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
}

/// What follows a block whose opening brace was read.
fn past_block(rest: &str) -> &str {
    let mut depth = 1;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[at + 1..];
        }
    }
    ""
}

fn strikes(declarations: &str) -> bool {
    declarations.to_ascii_lowercase().contains("line-through")
}

fn hides(declarations: &str) -> bool {
    let plain: String = declarations.to_ascii_lowercase().split_ascii_whitespace().collect();
    ["display:none", "visibility:hidden", "mso-hide:all"].iter().any(|rule| plain.contains(rule))
}

/// The name of a tag in small letters.
pub(super) fn tag_name(inside: &str) -> String {
    let name = inside.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
    name.unwrap_or_default().to_ascii_lowercase()
}

/// The value of an attribute; empty for one without.
pub(super) fn attribute(inside: &str, wanted: &str) -> Option<String> {
    let mut rest = inside.split_once(|c: char| c.is_ascii_whitespace())?.1;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let name = &rest[..end];
        let after = rest[end..].trim_start();
        let mut value = "";
        if let Some(quoted) = after.strip_prefix('=').map(str::trim_start) {
            let (found, tail) = match quoted.chars().next() {
                Some(quote @ ('"' | '\'')) => quoted[1..].split_once(quote).unwrap_or((&quoted[1..], "")),
                _ => quoted.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((quoted, "")),
            };
            (value, rest) = (found, tail);
        } else {
            rest = if end == 0 { &rest[rest.chars().next().map_or(0, char::len_utf8)..] } else { after };
        }
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_in_every_notation() {
        let tag = "input TYPE=checkbox checked data-x='a > b' style = \"color: red\"";
        let of = |name| attribute(tag, name);
        assert_eq!(of("type").as_deref(), Some("checkbox"));
        assert_eq!(of("checked").as_deref(), Some(""));
        assert_eq!(of("style").as_deref(), Some("color: red"));
        assert_eq!(of("data-x").as_deref(), Some("a > b"));
        assert_eq!(of("none"), None);
        assert_eq!(attribute("p = = x", "y"), None);
    }

    #[test]
    fn classes_of_a_style_sheet() {
        let mut hiding = Hiding::default();
        hiding.style_sheet(
            "<!-- body{color:red} .velho, span.fora{text-decoration:line-through}\
             @media print{.so-tela{display:none}} .oculto{ display : none } ul li.x{display:none} -->",
        );
        let mut why = |tag: &str| {
            let why = hiding.tag(tag);
            hiding.open = None;
            why
        };
        assert_eq!(why("span class=\"a velho\""), Some(Hidden::StruckOut));
        assert_eq!(why("b class=fora"), Some(Hidden::StruckOut));
        assert_eq!(why("p class='oculto'"), Some(Hidden::Unseen));
        assert_eq!(why("p class='so-tela'"), None);
        assert_eq!(why("p class='x'"), None);
    }
}
