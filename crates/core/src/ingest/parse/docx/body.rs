//! The main part of a Word document, element by element, to a flow of blocks with page breaks.
//!
//! Paragraphs nest (a text box is anchored inside one), tables nest in cells, and alternatives hold
//! the same text twice; so what is open is kept on stacks, and every block goes to the innermost
//! sink: the body, a cell, or a text box. What each element does is in `elements`.

mod elements;

use std::collections::HashMap;
use std::ops::Range;

use quick_xml::events::BytesStart;

use super::breaks::Breaks;
use super::choices::Choices;
use super::numbering::Numbering;
use super::paragraph::{Omitted, Paragraph, Piece};
use super::styles::Styles;
use super::table::{Table, find_header};
use super::unread::Unread;
use crate::model::{Block, BlockKind};

/// What the body needs to know of the rest of the package.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) styles: &'a Styles,
    /// Addresses of links by relationship id.
    pub(super) links: &'a HashMap<String, String>,
    /// Blocks of embedded parts by relationship id.
    pub(super) chunks: &'a HashMap<String, Vec<Block>>,
    pub(super) max_pages: u32,
}

/// The blocks of a body; `breaks` and `notes` point between them by index.
pub(super) struct Flow {
    pub(super) pieces: Vec<Piece>,
    pub(super) breaks: Vec<usize>,
    pub(super) notes: Vec<(usize, String)>,
    /// Where tables lie: the names of their columns are needed on each page.
    pub(super) tables: Vec<Range<usize>>,
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
    /// Where in its sink each open table begins, and where outer tables lie.
    table_starts: Vec<usize>,
    outer_tables: Vec<Range<usize>>,
    choices: Choices,
    omitted: Omitted,
    unread: Unread,
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
            table_starts: Vec::new(),
            outer_tables: Vec::new(),
            choices: Choices::default(),
            omitted: Omitted::default(),
            unread: Unread::default(),
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
        Flow {
            pieces: self.sinks.swap_remove(0),
            breaks: self.breaks.into_sorted(),
            notes: self.notes,
            tables: self.outer_tables,
        }
    }

    /// What was left out, and what was met that is not read.
    pub(super) fn unread(&self) -> Unread {
        self.unread.with(self.omitted)
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
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        match self.choices.instead_of_text() {
            Some(sign) => paragraph.push_text(sign, self.context.styles, &mut self.omitted),
            None => paragraph.push_text(text, self.context.styles, &mut self.omitted),
        }
    }

    /// The blocks of a part of another format, at its place.
    fn embed(&mut self, id: Option<String>) {
        let blocks = id.and_then(|id| self.context.chunks.get(&id)).map_or(&[][..], Vec::as_slice);
        for Block { kind, text } in blocks {
            self.push(Piece::plain(*kind, text.clone()));
        }
    }

    fn end_row(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let page_ended = table.page_ended;
        for piece in table.end_row() {
            self.push(piece);
        }
        if page_ended && self.tables.len() == 1 && self.paragraphs.is_empty() {
            self.break_now(false);
        }
    }

    fn end_table(&mut self) {
        let Some(mut table) = self.tables.pop() else { return };
        // Of a table that is nothing but names of columns, these are what it says.
        for mut piece in table.end_header() {
            piece.block.kind = BlockKind::TableRow;
            self.push(piece);
        }
        let start = self.table_starts.pop().unwrap_or_default();
        let is_outer = self.sinks.len() == 1;
        let Some(sink) = self.sinks.last_mut() else { return };
        find_header(sink.get_mut(start..).unwrap_or_default());
        if is_outer {
            self.outer_tables.push(start..sink.len());
        }
    }

    fn push_symbol(&mut self, tag: &BytesStart<'_>) {
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        match self.choices.instead_of_text() {
            Some(sign) => paragraph.push_text(sign, self.context.styles, &mut self.omitted),
            None => paragraph.push_symbol(tag, self.context.styles, &mut self.omitted),
        }
        self.tables.first_mut().into_iter().for_each(|table| table.has_text = true);
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
        self.choices.end_paragraph();
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
