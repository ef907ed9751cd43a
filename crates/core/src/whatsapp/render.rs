//! Markdown in WhatsApp's syntax.
//!
//! Chat models write Markdown. WhatsApp knows bold, italics, strikethrough, code, lists and quotes, each
//! with its own marks, and shows everything else as it was typed. The text is rewritten from the parsed
//! tree, so that what only looks like markup (prices, products, addresses, `[1]`) stays as it is:
//!
//! - Line breaks and blank lines are the writer's own, at most one blank line in a row.
//! - A row of a table becomes an item that names its columns: a phone has no room for columns, and the
//!   item still says everything when it wraps, when it is quoted, or when the text is split.
//! - Code blocks stand at the margin, also in lists and quotes: WhatsApp would take what is put before
//!   their lines for code.
//! - Citations such as `[1]` stay, and so do the lines that say what they are.
//!
//! Splitting is in `split.rs`. Events come as a flat stream, so nesting costs no stack here.

mod block;
mod html;
mod inline;
mod line;
mod table;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use inline::{OpenLink, OpenMark};
use line::{Line, addresses};
pub(super) use line::{can_close, can_open};
use table::Table;

/// Mathematics stays off because `R$ 10 … R$ 20` is money, footnotes because models cite with `[^1]`.
const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// Levels of lists that are indented: below, a phone has no room, and indenting every line of a hostile
/// text thousands deep would be quadratic.
const DEEPEST: usize = 4;

/// `markdown` in WhatsApp's syntax. Empty if nothing in it can be shown, as in a lone `---`.
pub fn render(markdown: &str) -> String {
    render_within(&clean(markdown), Pass::default())
}

/// The same for what a person typed, who may know WhatsApp's own marks: a single star is bold to them.
pub fn render_typed(text: &str) -> String {
    render_within(&clean(text), Pass { typed: true, ..Pass::default() })
}

/// What is known of a text before it is read.
#[derive(Debug, Clone, Copy, Default)]
struct Pass {
    /// It is the text of HTML, which is not searched for HTML again.
    html: bool,
    /// A person typed it.
    typed: bool,
}

fn render_within(source: &str, pass: Pass) -> String {
    let mut writer = Writer { source, pass, addresses: addresses(source, true), ..Writer::default() };
    let mut events = Parser::new_ext(source, OPTIONS).into_offset_iter();
    for (event, range) in events.by_ref() {
        writer.event(event, range);
    }
    writer.flush();
    writer.definitions(events.reference_definitions());
    writer.out
}

/// One kind of line break, and no control characters.
fn clean(markdown: &str) -> Cow<'_, str> {
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !markdown.contains(strange) {
        return Cow::Borrowed(markdown);
    }
    Cow::Owned(markdown.replace("\r\n", "\n").replace('\r', "\n").replace(strange, ""))
}

/// What is written so far, the open line, and what surrounds it.
#[derive(Default)]
struct Writer<'a> {
    source: &'a str,
    pass: Pass,
    /// Addresses in the source: emphasis neither begins nor ends inside one.
    addresses: Vec<Range<usize>>,
    out: String,
    line: Line,
    /// Where the open line begins in the source, how far it reads, and how far was written.
    begins: Option<usize>,
    seen: usize,
    written: usize,
    /// A blank line goes before what is written next, whatever the source has.
    apart: bool,
    heading: bool,
    quotes: usize,
    items: usize,
    /// Last number of each open list; 0 for bullets.
    numbers: Vec<u64>,
    /// Goes before the next line: the dash or number of an item.
    marker: String,
    marks: Vec<OpenMark>,
    links: Vec<OpenLink>,
    table: Table,
    /// Code or HTML, which is collected whole.
    raw: Option<String>,
    /// Element whose text is not shown.
    hidden: Option<String>,
    /// Labels of link definitions that a link has used, in lower case.
    used: HashSet<String>,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(tag) => self.end(tag, &range),
            Event::Text(text) | Event::Html(text) if self.raw.is_some() => {
                self.raw.get_or_insert_default().push_str(&text);
            }
            Event::Text(text) if self.hidden.is_none() => self.inline(&range).push(&text),
            Event::Code(text) if self.hidden.is_none() => self.inline(&range).code(&text),
            Event::InlineHtml(tag) => self.html_tag(&tag, &range),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => {
                self.flush();
                self.apart = true;
            }
            Event::TaskListMarker(done) => {
                // The box takes the place of a dash, but goes beside a number.
                if self.marker.ends_with("- ") || self.marker.ends_with("+ ") {
                    self.marker.truncate(self.marker.len() - 2);
                }
                self.marker.push_str(if done { "☑ " } else { "☐ " });
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Strong => self.open_mark('*', range),
            Tag::Emphasis => self.open_mark('_', range),
            Tag::Strikethrough => self.open_mark('~', range),
            Tag::Link { link_type, dest_url, id, .. } => self.open_link(link_type, &dest_url, &id, range),
            Tag::Image { link_type, dest_url, id, .. } => self.open_image(link_type, &dest_url, &id, range),
            Tag::TableCell => self.table.in_cell = true,
            block => {
                self.flush();
                self.start_block(&block, range);
            }
        }
    }

    fn start_block(&mut self, block: &Tag<'_>, range: &Range<usize>) {
        match block {
            Tag::Heading { .. } => self.heading = block::is_heading(&self.source[range.clone()]),
            Tag::CodeBlock(_) | Tag::HtmlBlock => self.raw = Some(String::new()),
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::List(first) => self.numbers.push(first.map_or(0, |first| first.saturating_sub(1))),
            Tag::Item => {
                let marker = self.item_marker(range);
                self.begin_item(&marker);
                self.items += 1;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => return self.close_mark(),
            TagEnd::Link | TagEnd::Image => {
                self.inline(range);
                return self.close_link();
            }
            TagEnd::TableCell => {
                self.table.cells.push(std::mem::take(&mut self.line));
                self.table.in_cell = false;
                return;
            }
            TagEnd::TableHead => return self.table_head(),
            TagEnd::TableRow => return self.table_row(),
            TagEnd::Table => return self.table_end(),
            TagEnd::CodeBlock => return self.code_block(range),
            TagEnd::HtmlBlock => return self.html_block(range),
            _ => self.flush(),
        }
        self.hidden = None;
        match tag {
            // What was no heading was a text above a rule.
            TagEnd::Heading(_) => self.apart |= !std::mem::take(&mut self.heading),
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::List(_) => {
                self.numbers.pop();
            }
            TagEnd::Item => {
                // An item without text: "2024." alone is an answer, too.
                if !self.marker.is_empty() {
                    self.begins.get_or_insert(range.start);
                    self.write("");
                }
                self.items = self.items.saturating_sub(1);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
