//! Markdown to blocks, by pulldown-cmark with the extensions people use: tables, task lists,
//! strikethrough, footnotes and front matter.
//!
//! Markup goes, meaning stays: a link keeps its address, an ordered item its number, a table row its
//! cells. What is struck out, in Markdown or in HTML, is left out. Mathematics is left off because `R$ 10 … R$ 20` is money, and so is smart punctuation. The
//! events of the parser are a flat stream, so nesting costs no stack here.

mod front_matter;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::ParseFailure;
use super::decode::decode;
use super::html::{self, Hidden, Hiding};
use crate::ingest::STRUCK_OUT;
use crate::model::{Block, BlockKind, Metadata, Page, Parsed};
use crate::text::table::row_of;

/// A longer heading is prose with a rule below it.
const MAX_HEADING: usize = 160;

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, ParseFailure> {
    let text = decode(bytes)?;
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut reader = Reader::default();
    // The parser's own option takes any text between two rules for metadata, wherever it stands.
    let (head, body) = front_matter::split(&text);
    if let Some(head) = head {
        front_matter::read(head, &mut reader.metadata);
    }
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        reader.event(event, body.get(range).unwrap_or_default());
    }
    reader.flush(BlockKind::Paragraph);
    let notes = reader.left_out.notes();
    let Reader { blocks, mut metadata, .. } = reader;
    if !metadata.contains_key("title") {
        let mut titles = blocks.iter().filter(|b| b.kind == BlockKind::Heading(1));
        if let Some(block) = titles.next() {
            metadata.insert("title".to_owned(), block.text.replace(STRUCK_OUT, ""));
        }
    }
    Ok(Parsed { pages: vec![Page { number: 1, blocks }], metadata, notes })
}

/// The blocks so far, the text of the open one, and what surrounds it.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    metadata: Metadata,
    open: String,
    /// Next number of each open list; none for bullets.
    lists: Vec<Option<u64>>,
    /// Depth of open items; text inside belongs to an item.
    items: usize,
    /// Address and start of the text of each open link or image.
    links: Vec<(String, usize)>,
    cells: Vec<String>,
    raw: Raw,
    /// Depth inside `~~`.
    struck: usize,
    /// Tags of the open block that hide text.
    inline: Hiding,
    /// Tags of blocks of their own that do, until they are closed.
    around: Hiding,
    /// What was left out.
    left_out: html::Html,
}

/// Text that is not prose: it is collected whole and read at its end.
#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Raw {
    #[default]
    No,
    Code,
    Html,
}

impl Reader {
    /// Whether text is left out where the reader stands.
    fn is_left_out(&self) -> bool {
        self.struck > 0 || self.inline.why().is_some() || self.around.why().is_some()
    }

    /// Notes that a passage is left out from here on.
    fn leave_out(&mut self, why: Option<Hidden>) {
        match why {
            Some(Hidden::StruckOut) => {
                self.left_out.struck += 1;
                self.open.push(STRUCK_OUT);
            }
            Some(Hidden::Unseen) => self.left_out.hidden += 1,
            Some(Hidden::Unmeant) | None => {}
        }
    }

    fn event(&mut self, event: Event<'_>, source: &str) {
        match event {
            // One tilde is "about", not the sign of what is no longer valid.
            Event::Start(Tag::Strikethrough) | Event::End(TagEnd::Strikethrough)
                if !source.starts_with("~~") =>
            {
                self.open.push('~');
            }
            Event::Start(Tag::Strikethrough) => {
                if !self.is_left_out() {
                    self.leave_out(Some(Hidden::StruckOut));
                }
                self.struck += 1;
            }
            Event::End(TagEnd::Strikethrough) => self.struck = self.struck.saturating_sub(1),
            Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::TaskListMarker(_)
                if self.is_left_out() => {}
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.open.push_str(&text);
            }
            Event::Html(text) => self.open.push_str(&text),
            Event::InlineHtml(tag) => {
                let inside = tag.trim_start_matches('<').trim_end_matches('>');
                let why = self.inline.tag(inside);
                if self.around.why().is_none() && self.struck == 0 {
                    self.leave_out(why);
                }
                let name = tag.trim_start_matches(['<', '/']);
                if name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("br")) {
                    self.open.push('\n');
                }
            }
            Event::SoftBreak if self.raw == Raw::No => self.open.push(' '),
            Event::SoftBreak | Event::HardBreak => self.open.push('\n'),
            Event::Rule => self.flush(BlockKind::Paragraph),
            Event::TaskListMarker(done) => self.open.push_str(if done { "[x] " } else { "[ ] " }),
            // The note itself follows as a paragraph; its number says nothing to a reader.
            Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            // A second paragraph of the same item goes on a new line of it.
            Tag::Paragraph if self.items > 0 && !self.open.is_empty() && !self.open.ends_with(' ') => {
                self.open.push('\n');
            }
            Tag::Heading { .. } | Tag::Table(_) | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) => {
                self.flush(self.surrounding());
            }
            Tag::List(first) => {
                self.flush(self.surrounding());
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush(BlockKind::ListItem);
                self.items += 1;
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        self.open.extend([number.to_string().as_str(), ". "]);
                        *number += 1;
                    }
                    _ => self.open.push_str("- "),
                }
            }
            Tag::CodeBlock(_) => {
                self.flush(self.surrounding());
                self.raw = Raw::Code;
            }
            Tag::HtmlBlock => {
                self.flush(self.surrounding());
                self.raw = Raw::Html;
            }
            Tag::Image { .. } => self.left_out.pictures += 1,
            Tag::Link { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.open.len()));
            }
            Tag::TableHead | Tag::TableRow | Tag::TableCell => self.open.clear(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph if self.items == 0 => self.flush(BlockKind::Paragraph),
            // To the letter of Markdown, any paragraph right above a rule is a heading.
            TagEnd::Heading(_) if self.open.chars().count() > MAX_HEADING => {
                self.flush(BlockKind::Paragraph);
            }
            TagEnd::Heading(level) => self.flush(BlockKind::Heading(rank(level))),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush(BlockKind::ListItem);
                self.items = self.items.saturating_sub(1);
            }
            TagEnd::CodeBlock => {
                self.raw = Raw::No;
                let text = std::mem::take(&mut self.open);
                self.push(BlockKind::Code, text.trim_end().to_owned());
            }
            TagEnd::HtmlBlock => {
                self.raw = Raw::No;
                let page = html::read_on(&std::mem::take(&mut self.open), &mut self.around);
                self.left_out.struck += page.struck;
                self.left_out.hidden += page.hidden;
                self.left_out.pictures += page.pictures;
                for Block { kind, text } in page.blocks {
                    self.push(kind, text);
                }
            }
            TagEnd::Link => self.end_link(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.open);
                self.cells.push(cell);
                self.inline = Hiding::default();
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                let is_head = tag == TagEnd::TableHead;
                let row = row_of(&std::mem::take(&mut self.cells));
                self.push(if is_head { BlockKind::TableHeader } else { BlockKind::TableRow }, row);
            }
            TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => self.flush(self.surrounding()),
            _ => {}
        }
    }

    /// `text (address)`, unless the text is the address or the address leads nowhere outside.
    fn end_link(&mut self) {
        let Some((address, start)) = self.links.pop() else { return };
        let shown =
            address.strip_prefix("mailto:").or_else(|| address.strip_prefix("tel:")).unwrap_or(&address);
        let text = self.open.get(start..).unwrap_or_default().trim();
        let bare = |s: &str| {
            let s = s.trim_start_matches("https://").trim_start_matches("http://");
            s.trim_start_matches("www.").trim_end_matches('/').to_lowercase()
        };
        if !shown.is_empty() && !shown.starts_with('#') && bare(text) != bare(shown) {
            let wrapped = if text.is_empty() { shown.to_owned() } else { format!(" ({shown})") };
            self.open.push_str(&wrapped);
        }
    }

    /// What loose text is where the reader stands.
    fn surrounding(&self) -> BlockKind {
        if self.items > 0 { BlockKind::ListItem } else { BlockKind::Paragraph }
    }

    fn flush(&mut self, kind: BlockKind) {
        self.inline = Hiding::default();
        let text = std::mem::take(&mut self.open);
        let text = text.trim();
        // An item that only opens another list is nothing but its marker.
        if kind != BlockKind::ListItem || !is_bare_marker(text) {
            self.push(kind, text.to_owned());
        }
    }

    fn push(&mut self, kind: BlockKind, text: String) {
        if !text.is_empty() {
            self.blocks.push(Block { kind, text });
        }
    }
}

fn is_bare_marker(text: &str) -> bool {
    text == "-" || text.strip_suffix('.').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

fn rank(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::{Code, Heading, ListItem, Paragraph, TableHeader, TableRow};

    fn expect(text: &str, expected: &[(BlockKind, &str)]) {
        let parsed = parse(text.as_bytes()).unwrap();
        let found: Vec<_> = parsed.pages[0].blocks.iter().map(|b| (b.kind, b.text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn headings_and_paragraphs() {
        expect(
            "# Trocas *e* devoluções\n\nPrazo de **7 dias**,\nsem custo.\n\nPrazo\n---\nfim  \nlinha",
            &[
                (Heading(1), "Trocas e devoluções"),
                (Paragraph, "Prazo de 7 dias, sem custo."),
                (Heading(2), "Prazo"),
                (Paragraph, "fim\nlinha"),
            ],
        );
    }

    #[test]
    fn lists_keep_markers_numbers_and_nesting() {
        expect(
            "- um\n  - dentro\n- [x] feito\n\n3. três\n4. quatro\n\n   segundo parágrafo\n",
            &[
                (ListItem, "- um"),
                (ListItem, "- dentro"),
                (ListItem, "- [x] feito"),
                (ListItem, "3. três"),
                (ListItem, "4. quatro\nsegundo parágrafo"),
            ],
        );
        expect("- - so o de dentro", &[(ListItem, "- so o de dentro")]);
    }

    #[test]
    fn table_rows() {
        expect(
            "| Serviço | Preço |\n|---|--:|\n| Banho **médio** | R$ 50 |\n| | |\n| Tosa \\| corte | |\n\nfim",
            &[
                (TableHeader, "Serviço | Preço"),
                (TableRow, "Banho médio | R$ 50"),
                (TableRow, "Tosa corte"),
                (Paragraph, "fim"),
            ],
        );
    }

    #[test]
    fn struck_out_text_is_left_out_however_it_is_struck() {
        let text = "Rosa: ~~R$ 12~~ R$ 9\n\nCravo: <del>R$ 8</del> R$ 6\n\nLírio: <s>R$ **7**</s> R$ 5 e <strike>R$ 4</strike>\n\n\
                    Dália: <span style=\"text-decoration:line-through\">R$ 3</span> R$ 2\n\n- ~~Cacto~~\n\n<del>\n\nA loja fechava às 12h.\n\n</del>\n\n\
                    Chega em ~30 min, pago ~10~20 reais. <del>Sem fim\n\nOutro parágrafo.";
        let parsed = parse(text.as_bytes()).unwrap();
        let found: Vec<String> = parsed.pages[0]
            .blocks
            .iter()
            .map(|b| b.text.replace(STRUCK_OUT, "").split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty() && text != "-")
            .collect();
        assert_eq!(
            found,
            [
                "Rosa: R$ 9",
                "Cravo: R$ 6",
                "Lírio: R$ 5 e",
                "Dália: R$ 2",
                "Chega em ~30 min, pago ~10~20 reais.",
                "Outro parágrafo.",
            ]
        );
        assert_eq!(parsed.notes.len(), 1);
        assert_eq!(parsed.notes[0].to_string(), "struck-out text left out: 8 passages");
    }

    #[test]
    fn links_keep_their_address_once() {
        expect(
            "[Agende](https://ex.com/a) <https://ex.com> [ex.com](https://www.ex.com/) [Fale](mailto:a@ex.com) [acima](#topo) ![Foto da loja](f.png)",
            &[(
                Paragraph,
                "Agende (https://ex.com/a) https://ex.com ex.com Fale (a@ex.com) acima Foto da loja",
            )],
        );
    }

    #[test]
    fn code_html_quotes_and_notes() {
        expect(
            "```sh\nls  -l\n  x\n```\n\n<div><b>Aviso</b> &eacute; lei</div>\n\n> citado\n\nTexto<sup>1</sup> &amp; fim[^1]<br>linha\n\n[^1]: Nota.",
            &[
                (Code, "ls  -l\n  x"),
                (Paragraph, "Aviso é lei"),
                (Paragraph, "citado"),
                (Paragraph, "Texto1 & fim\nlinha"),
                (Paragraph, "Nota."),
            ],
        );
    }

    #[test]
    fn code_inside_an_item() {
        expect(
            "1. rode:\n\n   ```\n   make\n   ```\n2. fim",
            &[(ListItem, "1. rode:"), (Code, "make"), (ListItem, "2. fim")],
        );
    }

    #[test]
    fn the_title_is_the_front_matters_or_the_first_heading() {
        let parsed = parse(b"---\ntitle: Guia\nauthor: Ana\n---\n# Outro\n").unwrap();
        assert_eq!(parsed.metadata["title"], "Guia");
        assert_eq!(parsed.metadata["author"], "Ana");
        expect("---\ntitle: Guia\n---\n# Outro\n", &[(Heading(1), "Outro")]);
        assert_eq!(parse(b"intro\n\n# Nome\n").unwrap().metadata["title"], "Nome");
        assert!(parse(b"sem titulo").unwrap().metadata.is_empty());
    }

    #[test]
    fn text_between_two_rules_is_kept_wherever_it_stands() {
        let long = "Entregamos em toda a cidade, de segunda a sábado. ".repeat(5);
        let long = long.trim();
        let text = format!(
            "# Regras\n\n---\nprazo: 7 dias\n\n---\n\n+++\ntaxa = 10\n+++\n\n---\n{long}\n---\n\nfim"
        );
        expect(
            &text,
            &[
                (Heading(1), "Regras"),
                (Paragraph, "prazo: 7 dias"),
                (Paragraph, "+++ taxa = 10 +++"),
                (Paragraph, long),
                (Paragraph, "fim"),
            ],
        );
        // A rule at the very start opens no metadata if what follows is prose.
        expect(
            "---\nAbrimos aos domingos\ndas 8h: sempre.\n\n---\nfim",
            &[(Paragraph, "Abrimos aos domingos das 8h: sempre."), (Paragraph, "fim")],
        );
    }

    #[test]
    fn tags_of_any_letters_are_passed_over() {
        expect("um<?é?> dois<BR>três", &[(Paragraph, "um dois\ntrês")]);
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let text = format!("{}fundo", "> ".repeat(20_000));
        assert!(parse(text.as_bytes()).is_ok());
        let text = format!("{}fundo", "- ".repeat(5_000));
        assert!(parse(text.as_bytes()).is_ok());
    }
}
