//! What each element of a Word document means to the reader of its body.
//!
//! Deleted and hidden text, placeholders and tables of contents are passed over.

use quick_xml::events::BytesStart;

use super::super::package::{Visitor, attribute, is_on};
use super::super::paragraph::Paragraph;
use super::super::table::{Merge, RowKind, Table};
use super::Body;

impl Visitor for Body<'_> {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>) {
        if self.skipping > 0 {
            self.skipping += 1;
            return;
        }
        let in_properties = self.inside.paragraph_properties + self.inside.run_properties > 0;
        self.unread.see(name, tag);
        if self.choices.open(name, tag) && name != "sdt" {
            return;
        }
        match name {
            "del" | "moveFrom" if self.inside.row_properties > 0 => {
                if let Some(table) = self.tables.last_mut() {
                    table.row = RowKind::Deleted;
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
            "sym" => self.push_symbol(tag),
            "altChunk" => self.embed(attribute(tag, "id")),
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
            "tbl" => {
                self.table_starts.push(self.sinks.last().map_or(0, Vec::len));
                self.tables.push(Table::default());
            }
            "tblHeader" if self.inside.row_properties > 0 => {
                if let Some(table) =
                    self.tables.last_mut().filter(|table| is_on(tag) && table.row == RowKind::Plain)
                {
                    table.row = RowKind::Header;
                }
            }
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
        if let Some(text) = self.choices.close(name)
            && let Some(paragraph) = self.paragraphs.last_mut()
        {
            paragraph.push_text(&text, self.context.styles, &mut self.omitted);
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
            "tr" => self.end_row(),
            "tbl" => self.end_table(),
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
