//! What a Word document holds that is not read, and what was left out of its text, as notes.

use std::collections::BTreeMap;

use quick_xml::events::BytesStart;

use super::package::attribute;
use super::paragraph::Omitted;
use crate::model::{ParseNote, ParseNoteKind};

/// How much of what was met, kind by kind.
#[derive(Debug, Default, Clone)]
pub(super) struct Unread {
    pictures: usize,
    charts: usize,
    diagrams: usize,
    outside: usize,
    /// Embedded objects by the program that made them.
    objects: BTreeMap<String, usize>,
    omitted: Omitted,
}

impl Unread {
    /// Looks at an element.
    pub(super) fn see(&mut self, name: &str, tag: &BytesStart<'_>) {
        match name {
            "blip" | "imagedata" => self.pictures += 1,
            "chart" => self.charts += 1,
            "relIds" => self.diagrams += 1,
            "subDoc" => self.outside += 1,
            "OLEObject" => {
                let program = attribute(tag, "ProgID").unwrap_or_default();
                let program: String = program.chars().filter(char::is_ascii_graphic).take(40).collect();
                *self.objects.entry(program).or_default() += 1;
                // It is shown by a picture, which is no other loss.
                self.pictures = self.pictures.saturating_sub(1);
            }
            _ => {}
        }
    }

    pub(super) fn with(&self, omitted: Omitted) -> Self {
        Self { omitted, ..self.clone() }
    }

    /// Adds what another part holds.
    pub(super) fn add(&mut self, other: Self) {
        self.pictures += other.pictures;
        self.charts += other.charts;
        self.diagrams += other.diagrams;
        self.outside += other.outside;
        for (program, count) in other.objects {
            *self.objects.entry(program).or_default() += count;
        }
        self.omitted.struck += other.omitted.struck;
        self.omitted.hidden += other.omitted.hidden;
        self.omitted.symbols += other.omitted.symbols;
    }

    /// The notes, in a fixed order; none if all was read.
    pub(super) fn notes(&self) -> Vec<ParseNote> {
        use ParseNoteKind as Kind;
        let counted = |n: usize, one: &str, more: &str| match n {
            1 => format!("1 {one}"),
            n => format!("{n} {more}"),
        };
        let mut notes = Vec::new();
        let mut note = |n: usize, kind: Kind, one: &str, more: &str| {
            if n > 0 {
                notes.push(ParseNote::new(None, kind, counted(n, one, more)));
            }
        };
        note(self.pictures, Kind::PictureNotRead, "picture", "pictures");
        note(self.charts, Kind::PartNotRead, "chart", "charts");
        note(self.diagrams, Kind::PartNotRead, "diagram", "diagrams");
        note(self.outside, Kind::PartNotRead, "part outside the file", "parts outside the file");
        for (program, count) in &self.objects {
            let of = if program.is_empty() { String::new() } else { format!(" ({program})") };
            let (one, more) = (format!("embedded object{of}"), format!("embedded objects{of}"));
            note(*count, Kind::PartNotRead, &one, &more);
        }
        let Omitted { struck, hidden, symbols } = self.omitted;
        note(symbols, Kind::LettersNotRead, "symbol", "symbols");
        note(struck, Kind::StruckOut, "passage", "passages");
        note(hidden, Kind::HiddenLeftOut, "hidden passage", "hidden passages");
        notes
    }
}
