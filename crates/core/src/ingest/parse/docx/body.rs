//! The main part of a Word document, element by element, to a flow of blocks with page breaks.
//!
//! Paragraphs nest (a text box is anchored inside one), tables nest in cells, and alternatives hold
//! the same text twice; so what is open is kept on stacks, and every block goes to the innermost
//! sink: the body, a cell, or a text box. Deleted and hidden text, placeholders and tables of
//! contents are passed over.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::breaks::Breaks;
use super::numbering::Numbering;
use super::package::{Visitor, attribute, is_on};
use super::paragraph::{Paragraph, Piece};
use super::styles::Styles;
use super::table::{Merge, Table};

/// What the body needs to know of the rest of the package.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) styles: &'a Styles,
    /// Addresses of links by relationship id.
    pub(super) links: &'a HashMap<String, String>,
    pub(super) max_pages: u32,
}

/// The blocks of a body; `breaks` and `notes` point between them by index.
pub(super) struct Flow {
    pub(super) pieces: Vec<Piece>,
    pub(super) breaks: Vec<usize>,
    pub(super) notes: Vec<(usize, String)>,
}

/// How deep inside elements that give others their meaning the reader stands.
#[derive(Default)]
struct Inside {
    paragraph_properties: usize,
    run_properties: usize,
    row_properties: usize,
    section: usize,
    text: usize,
}

impl Inside {
    fn step(&mut self, name: &str, inwards: bool) {
        let depth = match name {
            "pPr" => &mut self.paragraph_properties,
            "rPr" => &mut self.run_properties,
            "trPr" => &mut self.row_properties,
            "sectPr" => &mut self.section,
            "t" => &mut self.text,
            _ => return,
        };
        *depth = if inwards { *depth + 1 } else { depth.saturating_sub(1) };
    }
}

/// Reads one part; see the head of the file.
pub(super) struct Body<'a> {
    context: Context<'a>,
    numbering: Numbering,
    sinks: Vec<Vec<Piece>>,
    paragraphs: Vec<Paragraph>,
    tables: Vec<Table>,
    /// Depth inside an element that is passed over.
    skipping: usize,
    /// Whether an alternative was taken, for each open set of them.
    alternatives: Vec<bool>,
    inside: Inside,
    placeholder: bool,
    breaks: Breaks,
    notes: Vec<(usize, String)>,
    /// Texts of a notes part by id, and the id of the open one.
    note_texts: HashMap<String, String>,
    open_note: Option<String>,
}

impl<'a> Body<'a> {
    pub(super) fn new(context: Context<'a>, numbering: Numbering) -> Self {
        Self {
            context,
            numbering,
            sinks: vec![Vec::new()],
            paragraphs: Vec::new(),
            tables: Vec::new(),
            skipping: 0,
            alternatives: Vec::new(),
            inside: Inside::default(),
            placeholder: false,
            breaks: Breaks::new(context.max_pages),
            notes: Vec::new(),
            note_texts: HashMap::new(),
            open_note: None,
        }
    }

    pub(super) fn too_many_pages(&self) -> bool {
        self.breaks.overflow()
    }

    pub(super) fn into_flow(mut self) -> Flow {
        Flow { pieces: self.sinks.swap_remove(0), breaks: self.breaks.into_sorted(), notes: self.notes }
    }

    pub(super) fn into_pieces(self) -> Vec<Piece> {
        self.into_flow().pieces
    }

    pub(super) fn into_notes(self) -> HashMap<String, String> {
        self.note_texts
    }

    fn push(&mut self, piece: Piece) {
        if let Some(sink) = self.sinks.last_mut() {
            sink.push(piece);
        }
    }

    fn push_text(&mut self, text: &str) {
        if let Some(table) = self.tables.first_mut() {
            table.has_text = true;
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.push_text(text);
        }
    }

    /// A page ends here. A rendered break that repeats one already counted adds none.
    fn page_break(&mut self, explicit: bool) {
        let is_outer = self.paragraphs.len() == 1;
        if let Some(table) = self.tables.first_mut() {
            if table.has_text {
                table.page_ended = true;
            } else {
                self.break_now(false);
            }
        } else if let Some(paragraph) = self.paragraphs.first_mut() {
            if paragraph.text.trim().is_empty() {
                self.break_now(explicit);
            } else if explicit && is_outer {
                // What follows a break that someone made stands on the next page.
                paragraph.breaks_after += 1;
                let rest = paragraph.rest();
                self.end_paragraph();
                self.paragraphs.push(rest);
            } else {
                paragraph.breaks_after =
                    if explicit { paragraph.breaks_after + 1 } else { paragraph.breaks_after.max(1) };
            }
        }
    }

    fn break_now(&mut self, explicit: bool) {
        self.breaks.add(self.sinks[0].len(), explicit);
    }

    fn end_paragraph(&mut self) {
        let Some(mut paragraph) = self.paragraphs.pop() else { return };
        let is_outer = self.paragraphs.is_empty() && self.tables.is_empty();
        if is_outer && paragraph.breaks_page(self.context.styles) {
            self.break_now(false);
        }
        if let Some(piece) = paragraph.to_piece(self.context.styles, &mut self.numbering) {
            self.push(piece);
        }
        for piece in std::mem::take(&mut paragraph.boxes) {
            self.push(piece);
        }
        if is_outer {
            for _ in 0..paragraph.breaks_after {
                self.break_now(true);
            }
        }
        if paragraph.ends_section {
            self.breaks.section_ends(self.sinks[0].len());
        }
    }
}

impl Visitor for Body<'_> {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>) {
        if self.skipping > 0 {
            self.skipping += 1;
            return;
        }
        let in_properties = self.inside.paragraph_properties + self.inside.run_properties > 0;
        match name {
            "del" | "moveFrom" if self.inside.row_properties > 0 => {
                if let Some(table) = self.tables.last_mut() {
                    table.row_deleted = true;
                }
            }
            "del" | "moveFrom" if in_properties => {}
            "del" | "moveFrom" | "delText" | "instrText" | "rt" | "pPrChange" | "rPrChange"
            | "sectPrChange" | "tblPrChange" | "trPrChange" | "tcPrChange" | "tblGrid" => self.skipping = 1,
            "sdt" => self.placeholder = false,
            // A content control that shows its placeholder has not been filled in.
            "showingPlcHdr" => self.placeholder = is_on(tag),
            "sdtContent" if std::mem::take(&mut self.placeholder) => self.skipping = 1,
            "AlternateContent" => self.alternatives.push(false),
            "Choice" | "Fallback" => match self.alternatives.last_mut() {
                Some(taken) if *taken => self.skipping = 1,
                Some(taken) => *taken = true,
                None => {}
            },
            "p" => self.paragraphs.push(Paragraph::default()),
            "r" => self.paragraphs.last_mut().into_iter().for_each(Paragraph::start_run),
            "pPr" | "rPr" | "trPr" | "t" => self.inside.step(name, true),
            "sectPr" => {
                self.inside.step(name, true);
                self.breaks.open_section();
            }
            "type" if self.inside.section > 0 => {
                self.breaks.section_kind(attribute(tag, "val").as_deref());
            }
            "tab" | "ptab" if !in_properties => self.push_text("\t"),
            "noBreakHyphen" => self.push_text("-"),
            "cr" => self.push_text("\n"),
            "br" => match attribute(tag, "type").as_deref() {
                Some("page") => self.page_break(true),
                _ => self.push_text("\n"),
            },
            "lastRenderedPageBreak" => self.page_break(false),
            "hyperlink" => {
                let address = attribute(tag, "id").and_then(|id| self.context.links.get(&id).cloned());
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.start_link(address.unwrap_or_default());
                }
            }
            "footnoteReference" | "endnoteReference" => {
                if let Some(id) = attribute(tag, "id") {
                    self.notes.push((self.sinks[0].len(), format!("{}{id}", &name[..1])));
                }
            }
            "footnote" | "endnote" => {
                let is_text = attribute(tag, "type").is_none_or(|kind| kind == "normal");
                self.open_note = attribute(tag, "id").filter(|_| is_text);
                self.sinks[0].clear();
            }
            "tbl" => self.tables.push(Table::default()),
            "tr" => self.tables.last_mut().into_iter().for_each(Table::start_row),
            "tc" if !self.tables.is_empty() => {
                self.tables.last_mut().into_iter().for_each(Table::start_cell);
                self.sinks.push(Vec::new());
            }
            "gridSpan" | "vMerge" => {
                let value = attribute(tag, "val");
                let Some(table) = self.tables.last_mut() else { return };
                if name == "vMerge" {
                    let starts = value.as_deref() == Some("restart");
                    table.merge = Some(if starts { Merge::Starts } else { Merge::Continues });
                } else {
                    table.span = value.and_then(|v| v.parse().ok()).unwrap_or(1);
                }
            }
            "txbxContent" => self.sinks.push(Vec::new()),
            _ if in_properties => {
                let of_run = self.inside.paragraph_properties == 0;
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.property(name, tag, of_run);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        match name {
            "AlternateContent" => {
                self.alternatives.pop();
            }
            "p" => self.end_paragraph(),
            "pPr" | "rPr" | "trPr" | "t" => self.inside.step(name, false),
            "sectPr" => {
                self.inside.step(name, false);
                self.breaks.close_section();
                // Properties inside a paragraph's end the section there; the last stand alone.
                if self.inside.paragraph_properties > 0 {
                    self.paragraphs.last_mut().into_iter().for_each(|p| p.ends_section = true);
                }
            }
            "hyperlink" => self.paragraphs.last_mut().into_iter().for_each(Paragraph::end_link),
            "tc" if !self.tables.is_empty() && self.sinks.len() > 1 => {
                let pieces = self.sinks.pop().unwrap_or_default();
                if let Some(table) = self.tables.last_mut() {
                    table.end_cell(pieces);
                }
            }
            "tr" => {
                let Some(table) = self.tables.last_mut() else { return };
                let page_ended = table.page_ended;
                for piece in table.end_row() {
                    self.push(piece);
                }
                if page_ended && self.tables.len() == 1 && self.paragraphs.is_empty() {
                    self.break_now(false);
                }
            }
            "tbl" => {
                self.tables.pop();
            }
            "txbxContent" if self.sinks.len() > 1 => {
                let pieces = self.sinks.pop().unwrap_or_default();
                match self.paragraphs.last_mut() {
                    Some(paragraph) => paragraph.boxes.extend(pieces),
                    None => pieces.into_iter().for_each(|piece| self.push(piece)),
                }
            }
            "footnote" | "endnote" => {
                let texts = self.sinks[0].drain(..).map(|p| p.block.text);
                let text = texts.collect::<Vec<_>>().join("\n");
                if let Some(id) = self.open_note.take().filter(|_| !text.is_empty()) {
                    self.note_texts.insert(id, text);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipping == 0 && self.inside.text > 0 {
            self.push_text(text);
        }
    }
}
