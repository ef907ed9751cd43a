//! What stands within a line: emphasis, links, images, tags, breaks.

use std::ops::Range;

use pulldown_cmark::{LinkType, RefDefs};

use super::line::Line;
use super::{Writer, html};

/// Emphasis that was begun and not ended.
pub(super) struct OpenMark {
    mark: char,
    delimiter: &'static str,
    start: usize,
    role: Role,
}

#[derive(PartialEq, Eq)]
enum Role {
    Emphasis,
    /// Within emphasis of its kind, which needs no second marker.
    Repeated,
    /// Part of an address: what the parser took for a marker is put back.
    Text,
}

/// A link or an image that was begun and not ended.
pub(super) struct OpenLink {
    start: usize,
    /// Written after its text; nothing if it leads nowhere.
    address: Option<String>,
    /// Written after the text of a citation.
    citation: Option<String>,
}

impl OpenMark {
    /// Emphasis is written line by line: WhatsApp does not look for the end on another one.
    pub fn go_on(&mut self, line: &mut Line) {
        if self.role == Role::Emphasis {
            line.mark(self.mark, None, self.start);
        }
        self.start = 0;
    }
}

impl Writer<'_> {
    /// The open line, to which something of this range of the source is about to be added.
    pub(super) fn inline(&mut self, range: &Range<usize>) -> &mut Line {
        self.begins.get_or_insert(range.start);
        self.seen = self.seen.max(range.end);
        &mut self.line
    }

    pub(super) fn line_break(&mut self) {
        if self.hidden.is_some() {
            return;
        }
        if self.table.in_cell || !self.links.is_empty() {
            self.line.push(" ");
        } else {
            self.flush();
        }
    }

    pub(super) fn html_tag(&mut self, tag: &str, range: &Range<usize>) {
        self.inline(range);
        let (name, closes) = html::name(tag);
        if let Some(hidden) = &self.hidden {
            if closes && *hidden == name {
                self.hidden = None;
            }
        } else if html::is_text(&name) {
            self.line.push(tag);
        } else if html::hides(&name) && !closes {
            self.hidden = Some(name);
        } else if html::breaks(&name) {
            self.line_break();
        }
    }

    pub(super) fn open_mark(&mut self, mark: char, range: &Range<usize>) {
        let delimiter = delimiter(&self.source[range.clone()], mark);
        let mark = if self.pass.typed && mark == '_' && delimiter == "*" { '*' } else { mark };
        let ends = [range.start, range.end.saturating_sub(delimiter.len())];
        let role = if ends.iter().any(|at| is_inside(&self.addresses, *at)) {
            self.line.push(delimiter);
            Role::Text
        } else if self.marks.iter().any(|open| open.mark == mark && open.role == Role::Emphasis) {
            Role::Repeated
        } else {
            Role::Emphasis
        };
        self.marks.push(OpenMark { mark, delimiter, start: self.line.len(), role });
    }

    pub(super) fn close_mark(&mut self) {
        let Some(open) = self.marks.pop() else { return };
        match open.role {
            Role::Text => self.line.push(open.delimiter),
            Role::Emphasis => {
                let single = open.delimiter.chars().next().filter(|_| open.delimiter.len() == 1);
                self.line.mark(open.mark, single, open.start);
            }
            Role::Repeated => {}
        }
    }

    pub(super) fn open_link(&mut self, kind: LinkType, address: &str, id: &str, range: &Range<usize>) {
        let source = &self.source[range.clone()];
        let address = shown(address);
        let mut link = OpenLink { start: self.line.len(), address, citation: None };
        let named = matches!(kind, LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut);
        // A model that writes `[1]` cites, also if it says below what that is.
        if source.strip_prefix('[').and_then(|rest| rest.split(']').next()).is_some_and(is_citation) {
            self.inline(range).push("[");
            let second = kind == LinkType::Reference;
            link.citation = Some(if second { format!("][{id}]") } else { "]".to_owned() });
            link.address = link.address.filter(|_| !named);
        } else if named {
            self.used.insert(id.to_lowercase());
        }
        self.links.push(link);
    }

    /// As [`Self::open_link`]; within a link only the link's address is written, for it can be followed.
    pub(super) fn open_image(&mut self, kind: LinkType, address: &str, id: &str, range: &Range<usize>) {
        self.open_link(kind, address, id, range);
        if let [.., outer, image] = self.links.as_mut_slice() {
            image.address = image.address.take().filter(|_| outer.address.is_none());
        }
    }

    pub(super) fn close_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        self.line.push(link.citation.as_deref().unwrap_or_default());
        let Some(address) = link.address else { return };
        let text = self.line.text()[link.start..].trim();
        if text.is_empty() || is_same(text, &address) {
            self.line.truncate(link.start);
            self.line.address(&address);
        } else {
            self.line.address(&format!(" ({address})"));
        }
    }

    /// Writes the definitions of links that nothing refers to, and those of citations: they are how a model
    /// lists its sources, and how "[Site]: https://…" is read.
    pub(super) fn definitions(&mut self, definitions: &RefDefs<'_>) {
        let mut left: Vec<_> = definitions
            .iter()
            .filter(|(label, _)| is_citation(label) || !self.used.contains(&label.to_lowercase()))
            .collect();
        left.sort_by_key(|(_, definition)| definition.span.start);
        self.apart = true;
        for (label, definition) in left {
            let Some(address) = shown(&definition.dest) else { continue };
            let title = definition.title.as_deref().map(|title| format!(" ({title})")).unwrap_or_default();
            self.write(&format!("[{label}]: {address}{title}"));
        }
    }
}

/// The marker at the beginning of `source`, as it is written there.
fn delimiter(source: &str, mark: char) -> &'static str {
    let two = source.as_bytes().get(1) == source.as_bytes().first();
    match (source.as_bytes().first(), mark) {
        (Some(b'*'), '*') => "**",
        (Some(b'_'), '*') => "__",
        (Some(b'*'), _) => "*",
        (Some(b'_'), _) => "_",
        (Some(b'~'), _) if two => "~~",
        (Some(b'~'), _) => "~",
        _ => "",
    }
}

fn is_inside(ranges: &[Range<usize>], at: usize) -> bool {
    let before = ranges.partition_point(|range| range.start < at);
    before > 0 && at < ranges[before - 1].end
}

/// `1` or `^1`.
fn is_citation(label: &str) -> bool {
    let number = label.strip_prefix('^').unwrap_or(label);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// The address as a reader wants it; `None` if there is nothing to tap or to copy.
fn shown(address: &str) -> Option<String> {
    let address = address.trim();
    let rest = |scheme: &str| {
        let head = address.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
    };
    if rest("data:").is_some() || rest("javascript:").is_some() || address.starts_with('#') {
        return None;
    }
    let plain = match rest("mailto:") {
        Some(mailbox) => mailbox.split('?').next().unwrap_or_default(),
        None => rest("tel:").unwrap_or(address),
    };
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// Whether a text says no more than the address after it: `www.loja.com` of `https://loja.com/`, or the
/// same telephone number with blanks.
fn is_same(text: &str, address: &str) -> bool {
    let bare = |s: &str| {
        let s = s.strip_prefix("https://").or_else(|| s.strip_prefix("http://")).unwrap_or(s);
        s.strip_prefix("www.").unwrap_or(s).trim_end_matches('/').to_lowercase()
    };
    let number = |s: &str| {
        let plain = s.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
        plain.then(|| s.chars().filter(char::is_ascii_digit).collect::<String>())
    };
    bare(text) == bare(address) || number(text).is_some_and(|digits| number(address) == Some(digits))
}
