//! PDF to pages of blocks, by pdfium, the reader inside Chrome.
//!
//! A PDF holds no text, only glyphs at places. pdfium finds the glyphs and their letters, sound file
//! or not; `glyphs` collects them, `layout` puts them into lines in reading order, `blocks` makes
//! paragraphs, headings, lists and table rows of the lines, for the whole document at once, because
//! only the whole document tells which size of type is its body text. A page without text but with
//! ink on it is a scan: it is drawn and read by OCR. Running headers stay in: losing text is worse.

mod blocks;
mod glyphs;
mod grid;
mod layout;
mod letters;
mod style;

use std::sync::{Mutex, PoisonError};

use image::{GrayImage, imageops};
use pdfium_render::prelude::{
    PdfBitmapFormat, PdfDocument, PdfDocumentMetadataTagType, PdfPage, PdfPageObjectsCommon, PdfRenderConfig,
    Pdfium, PdfiumError, PdfiumInternalError,
};

use super::{FailureKind, Limits, ParseFailure, ocr};
use crate::model::{Block, Metadata, Page, Parsed};

/// pdfium is not made for threads. A worker has one; tests have many.
static PDFIUM: Mutex<()> = Mutex::new(());

/// Fewer letters than this beside a picture are a stamp on a scan, not the text of the page.
const FEW_LETTERS: usize = 20;
/// Pixels per inch of a page that is drawn for OCR. A page takes 1.4 s at 200 and 2.2 s at 300, and is
/// read no better.
const OCR_DPI: u16 = 200;
/// Most pixels on a side of a page drawn for OCR.
const MAX_SIDE: f32 = 5_000.0;

/// A page between the two passes.
enum Content {
    Lines(Vec<layout::Line>),
    Recognised(Vec<Block>),
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
    let mut contents = Vec::new();
    let mut unreadable = 0;
    // Should OCR be missing, what other pages say is still worth having.
    let mut ocr_failure = None;
    for index in 0..document.pages().len() {
        let content = if let Ok(page) = document.pages().get(index) {
            read_page(&page, limits, &mut ocr_failure)?
        } else {
            unreadable += 1;
            Content::Lines(Vec::new())
        };
        contents.push(content);
    }
    if unreadable == count {
        return Err(ParseFailure::new(
            FailureKind::Corrupt,
            "damaged PDF: none of its pages can be read; print or export it again",
        ));
    }
    let style = style::Style::of(contents.iter().filter_map(|content| match content {
        Content::Lines(lines) => Some(lines.as_slice()),
        Content::Recognised(_) => None,
    }));
    let pages: Vec<Page> = (1..)
        .zip(contents)
        .map(|(number, content)| match content {
            Content::Lines(lines) => Page { number, blocks: blocks::build(lines, &style) },
            Content::Recognised(blocks) => Page { number, blocks },
        })
        .collect();
    if let Some(failure) = ocr_failure.filter(|_| pages.iter().all(|page| page.blocks.is_empty())) {
        return Err(failure);
    }
    let metadata = metadata(&document, &pages);
    Ok(Parsed { pages, metadata })
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

fn read_page(
    page: &PdfPage<'_>,
    limits: &Limits,
    ocr_failure: &mut Option<ParseFailure>,
) -> Result<Content, ParseFailure> {
    let text = glyphs::collect(page);
    let has_text = text.letters >= FEW_LETTERS && text.unknown * 2 < text.letters;
    if !has_text && needs_ocr(page, text.letters) && ocr_failure.is_none() {
        match recognise(page, limits) {
            Ok(blocks) if !blocks.is_empty() => return Ok(Content::Recognised(blocks)),
            Ok(_) => {}
            Err(failure) if failure.kind == FailureKind::MissingTool => {
                *ocr_failure = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(Content::Lines(layout::lines(text)))
}

/// Whether there is ink that is not text: any at all on a page without letters (text may be drawn as
/// outlines), a picture on a page with few.
fn needs_ocr(page: &PdfPage<'_>, letters: usize) -> bool {
    if letters == 0 {
        !page.objects().is_empty()
    } else {
        page.objects().iter().any(|o| o.as_image_object().is_some())
    }
}

fn recognise(page: &PdfPage<'_>, limits: &Limits) -> Result<Vec<Block>, ParseFailure> {
    let undrawn = |_: PdfiumError| {
        ParseFailure::new(
            FailureKind::Corrupt,
            "damaged PDF: a scanned page cannot be drawn; scan or export it again",
        )
    };
    let inches = page.width().value.max(page.height().value) / 72.0;
    let dpi = f32::from(OCR_DPI).min(MAX_SIDE / inches.max(0.1));
    let config = PdfRenderConfig::new()
        .scale_page_by_factor(dpi / 72.0)
        .set_format(PdfBitmapFormat::BGRx)
        .use_grayscale_rendering(true)
        .limit_render_image_cache_size(true);
    let bitmap = page.render_with_config(&config).map_err(undrawn)?;
    let (width, height) = (bitmap.width().unsigned_abs(), bitmap.height().unsigned_abs());
    let pixels = bitmap.as_raw_bytes();
    drop(bitmap);
    // Four bytes a pixel, all colours equal: one of them is the grey level.
    let grey: Vec<u8> = pixels.as_chunks::<4>().0.iter().map(|pixel| pixel[0]).collect();
    drop(pixels);
    let Some(image) = GrayImage::from_raw(width, height, grey) else { return Ok(Vec::new()) };
    // An empty page costs a second of OCR and has nothing to say.
    let darkest = imageops::thumbnail(&image, width.min(64), height.min(64)).pixels().map(|p| p.0[0]).min();
    if darkest.is_none_or(|level| level > 250) {
        return Ok(Vec::new());
    }
    // The value is a whole number of at most 200.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    ocr::recognise(&image, Some(dpi as u32), limits)
}

fn metadata(document: &PdfDocument<'_>, pages: &[Page]) -> Metadata {
    use PdfDocumentMetadataTagType as Tag;
    let tag =
        |tag| document.metadata().get(tag).map(|t| t.value().trim().to_owned()).filter(|v| !v.is_empty());
    let mut metadata = Metadata::new();
    metadata.insert("pages".to_owned(), pages.len().to_string());
    let title = tag(Tag::Title).map(|t| t.trim_start_matches("Microsoft Word - ").to_owned());
    let first = || match pages.first()?.blocks.first()? {
        Block { kind: crate::model::BlockKind::Heading(_), text } => Some(text.clone()),
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
