//! PDF to pages of blocks, by pdfium, the reader inside Chrome.
//!
//! A PDF holds no text, only glyphs at places. pdfium finds the glyphs and their letters, sound file
//! or not; `glyphs` collects them, `layout` puts them into lines in reading order, `blocks` makes
//! paragraphs, headings, lists and table rows of the lines, for the whole document at once, because
//! only the whole document tells which size of type is its body text. A page that is a picture of text
//! is drawn and read by OCR (`scan`). Running headers stay in: losing text is worse.

mod area;
mod blocks;
mod cells;
mod columns;
mod drawing;
mod fields;
mod glyph;
mod glyphs;
mod grid;
mod header;
mod layers;
mod layout;
mod letters;
mod line;
mod regions;
mod ruling;
mod scan;
mod strike;
mod style;
mod visible;
mod white;

use std::sync::{Mutex, PoisonError};

use pdfium_render::prelude::{
    PdfDocument, PdfDocumentMetadataTagType, Pdfium, PdfiumError, PdfiumInternalError,
};

use super::{FailureKind, Limits, ParseFailure};
use crate::ingest::STRUCK_OUT;
use crate::model::{Block, Metadata, Page, ParseNote, ParseNoteKind, Parsed};

/// pdfium is not made for threads. A worker has one; tests have many.
static PDFIUM: Mutex<()> = Mutex::new(());

/// A page between the two passes: what it says itself, and what OCR read on it.
#[derive(Default)]
struct Content {
    lines: Vec<line::Line>,
    /// Lines that may rule a table.
    strokes: Vec<drawing::Stroke>,
    recognised: Vec<Block>,
}

pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Parsed, ParseFailure> {
    let _alone = PDFIUM.lock().unwrap_or_else(PoisonError::into_inner);
    let pdfium = library(limits)?;
    let document = pdfium.load_pdf_from_byte_slice(bytes, None).map_err(|error| unopened(&error))?;
    let count = u32::try_from(document.pages().len()).unwrap_or(0);
    if count == 0 {
        return Err(ParseFailure::new(
            FailureKind::Corrupt,
            "damaged PDF: it has no pages; print or export it again",
        ));
    }
    if count > limits.max_pages {
        return Err(ParseFailure::new(
            FailureKind::TooLarge,
            format!(
                "the PDF has {count} pages, more than the limit of {}; split it or raise the limit",
                limits.max_pages
            ),
        ));
    }
    let has_layers = layers::may_have(bytes);
    let mut notes = Vec::new();
    let mut contents = Vec::new();
    let mut unreadable = 0;
    let mut scans = scan::Scans::new(limits);
    for (number, index) in (1..).zip(0..document.pages().len()) {
        let mut content = Content::default();
        if let Ok(page) = document.pages().get(index) {
            let drawing = drawing::Drawing::of(&page);
            let sight = visible::Sight::look(&page, &drawing, has_layers);
            let mut text = glyphs::collect(&page, &drawing, &sight);
            note_text(number, &text, &mut notes);
            content.recognised = scans.read(number, &page, &drawing, &mut text);
            // Letters that no font explains are better than nothing, but not than what OCR reads.
            if content.recognised.is_empty() || !text.is_unknown() {
                content.lines = layout::lines(text);
                content.strokes = drawing.strokes;
            }
        } else {
            unreadable += 1;
        }
        contents.push(content);
    }
    if unreadable == count {
        return Err(ParseFailure::new(
            FailureKind::Corrupt,
            "damaged PDF: none of its pages can be read; print or export it again",
        ));
    }
    let style = style::Style::of(
        contents
            .iter()
            .filter(|content| content.recognised.is_empty())
            .map(|content| content.lines.as_slice()),
    );
    let mut table = None;
    let mut pages: Vec<Page> = Vec::with_capacity(contents.len());
    for (number, Content { mut lines, strokes, recognised }) in (1..).zip(contents) {
        table = columns::arrange(&mut lines, &strokes, table.take());
        let own = blocks::build(lines, &style);
        if own.unsure_rows > 0 {
            let plural = if own.unsure_rows == 1 { "" } else { "s" };
            let detail = format!("{} row{plural}", own.unsure_rows);
            notes.push(ParseNote::new(number, ParseNoteKind::UnsureColumns, detail));
        }
        pages.push(Page { number, blocks: scan::merge(own.blocks, recognised) });
    }
    let mut metadata = metadata(&document, &pages);
    scans.note(&mut metadata, &mut notes);
    notes.sort_by_key(|note| note.page);
    let says_nothing = |page: &Page| !page.blocks.iter().any(|b| b.text.contains(char::is_alphanumeric));
    if pages.iter().all(says_nothing)
        && let Some(failure) = scans.into_failure()
    {
        return Err(failure);
    }
    Ok(Parsed { pages, metadata, notes })
}

/// Notes what of the text of a page was left out or is struck out, and what its fonts do not tell.
fn note_text(number: u32, text: &glyphs::PageText, notes: &mut Vec<ParseNote>) {
    if text.hidden > 0 {
        let detail =
            "text that no reader shows (a layer that is off, outside the page, covered, or white on white)";
        notes.push(ParseNote::new(number, ParseNoteKind::HiddenLeftOut, detail));
    }
    if text.struck > 0 {
        let plural = if text.struck == 1 { "" } else { "s" };
        let detail = format!("{} piece{plural} of text", text.struck);
        notes.push(ParseNote::new(number, ParseNoteKind::StruckOut, detail));
    }
    if text.unknown > 0 && !text.is_unknown() {
        let detail = format!("{} of {} letters whose font does not tell them", text.unknown, text.letters);
        notes.push(ParseNote::new(number, ParseNoteKind::LettersNotRead, detail));
    }
}

fn library(limits: &Limits) -> Result<Pdfium, ParseFailure> {
    let bound = match &limits.pdfium_library {
        Some(path) => Pdfium::bind_to_library(path),
        None => Pdfium::bind_to_system_library(),
    };
    match bound {
        Ok(bindings) => Ok(Pdfium::new(bindings)),
        // Bound by an earlier document: this only makes another handle to it.
        Err(PdfiumError::PdfiumLibraryBindingsAlreadyInitialized) => Ok(Pdfium::default()),
        Err(_) => {
            let place = limits.pdfium_library.as_ref().map_or_else(
                || "among the system's libraries".to_owned(),
                |path| format!("at {}", path.display()),
            );
            Err(ParseFailure::new(
                FailureKind::MissingTool,
                format!(
                    "PDFs cannot be read: no usable pdfium library {place}; run the setup again or configure its path"
                ),
            ))
        }
    }
}

fn unopened(error: &PdfiumError) -> ParseFailure {
    match error {
        PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::PasswordError) => ParseFailure::new(
            FailureKind::Encrypted,
            "the PDF is protected by a password; save a copy without one and add that",
        ),
        PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::SecurityError) => ParseFailure::new(
            FailureKind::Encrypted,
            "the PDF is protected in a way that is not supported; save an unprotected copy and add that",
        ),
        _ => ParseFailure::new(
            FailureKind::Corrupt,
            "damaged PDF: it cannot be opened; print or export it again",
        ),
    }
}

fn metadata(document: &PdfDocument<'_>, pages: &[Page]) -> Metadata {
    use PdfDocumentMetadataTagType as Tag;
    let tag =
        |tag| document.metadata().get(tag).map(|t| t.value().trim().to_owned()).filter(|v| !v.is_empty());
    let mut metadata = Metadata::new();
    metadata.insert("pages".to_owned(), pages.len().to_string());
    let title = tag(Tag::Title).map(|t| t.trim_start_matches("Microsoft Word - ").to_owned());
    let first = || match pages.first()?.blocks.first()? {
        Block { kind: crate::model::BlockKind::Heading(_), text } => Some(text.replace(STRUCK_OUT, "")),
        Block { .. } => None,
    };
    // Programs write these where nobody wrote anything.
    let is_said = |v: &String| {
        !matches!(v.to_lowercase().as_str(), "untitled" | "(anonymous)" | "anonymous" | "(unspecified)")
    };
    if let Some(title) = title.filter(is_said).or_else(first) {
        metadata.insert("title".to_owned(), title);
    }
    if let Some(author) = tag(Tag::Author).filter(is_said) {
        metadata.insert("author".to_owned(), author);
    }
    if let Some(date) = tag(Tag::CreationDate).as_deref().and_then(date) {
        metadata.insert("created_date".to_owned(), date);
    }
    metadata
}

/// `D:20250804093000-03'00'` to `2025-08-04`.
fn date(text: &str) -> Option<String> {
    let digits = text.strip_prefix("D:").unwrap_or(text).get(..8)?;
    chrono::NaiveDate::parse_from_str(digits, "%Y%m%d").ok().map(|date| date.to_string())
}

#[cfg(test)]
mod tests;
