//! Pages that are pictures of text: which they are, what OCR reads on them, what it could not read.
//!
//! Few scans have no text at all. The program that made them, a signature service or whoever numbered
//! the pages left a line of it on each, so a page of few letters that is mostly picture is read as
//! well. What the page says itself is exact and stays; what OCR adds is put with it. One page that
//! cannot be read, or a scan too long for the time there is, costs that page and is noted.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use image::{GrayImage, imageops};
use pdfium_render::prelude::{
    PdfBitmapFormat, PdfPage, PdfPageObjectsCommon, PdfPageRenderRotation, PdfRenderConfig, PdfiumError,
};

use super::drawing::Drawing;
use super::glyphs::PageText;
use super::regions::Regions;
use crate::ingest::parse::{FailureKind, Limits, ParseFailure, ocr};
use crate::model::{Block, BlockKind, Metadata, ParseNote, ParseNoteKind};

/// Fewer letters than this beside any picture are a stamp on a scan, not the text of the page.
const FEW_LETTERS: usize = 20;
/// Fewer than this are if the picture is most of the page.
const STAMP_LETTERS: usize = 300;
/// The share of a page from which a picture is most of it.
const MOST_OF_PAGE: f32 = 0.6;
/// Pixels per inch of a page that is drawn for OCR. A page takes 1.4 s at 200 and 2.2 s at 300, and is
/// read no better.
const OCR_DPI: u16 = 200;
/// Most pixels on a side of a page drawn for OCR.
const MAX_SIDE: f32 = 5_000.0;
/// The name under which a document's metadata tells what could not be read of it.
const UNREAD: &str = "unread_pages";

/// Reads the scanned pages of one document.
pub(super) struct Scans<'a> {
    limits: &'a Limits,
    /// When reading ends: four fifths of the time, the rest is for what follows.
    until: Instant,
    /// Why the first page that could not be read was not.
    failure: Option<ParseFailure>,
    /// OCR is not installed: no use asking for it again.
    is_missing: bool,
    unread: Vec<u32>,
    regions: Regions,
    notes: Vec<ParseNote>,
}

impl<'a> Scans<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        let until = Instant::now() + limits.timeout.min(Duration::from_hours(24)) * 4 / 5;
        Self {
            limits,
            until,
            failure: None,
            is_missing: false,
            unread: Vec::new(),
            regions: Regions::default(),
            notes: Vec::new(),
        }
    }

    /// What OCR reads on page `number`, if it is a scan.
    pub(super) fn read(
        &mut self,
        number: u32,
        page: &PdfPage<'_>,
        drawing: &Drawing,
        text: &mut PageText,
    ) -> Vec<Block> {
        let left = self.until.saturating_duration_since(Instant::now());
        if !is_scan(page, drawing, text) {
            self.read_pictures(number, page, drawing, text, left);
            return Vec::new();
        }
        let read = if self.is_missing {
            self.unread.push(number);
            return Vec::new();
        } else if left.is_zero() {
            Err(ocr::too_slow(self.limits))
        } else {
            draw(page).and_then(|image| match image {
                Some((image, dpi)) => ocr::recognise(&image, Some(dpi), self.limits, left),
                None => Ok(Vec::new()),
            })
        };
        let read = read.inspect(|blocks| {
            if !blocks.is_empty() {
                self.notes.extend(ocr::notes(Some(number), blocks));
            }
        });
        read.unwrap_or_else(|failure| {
            self.is_missing = failure.kind == FailureKind::MissingTool;
            self.unread.push(number);
            self.failure.get_or_insert(failure);
            Vec::new()
        })
    }

    /// Reads the pictures of a page that is no scan, unless a scanner has laid their text under them.
    fn read_pictures(
        &mut self,
        number: u32,
        page: &PdfPage<'_>,
        drawing: &Drawing,
        text: &mut PageText,
        left: Duration,
    ) {
        let has_layer =
            drawing.has_inkless_text || (drawing.is_doubtful && drawing.picture_share() >= MOST_OF_PAGE);
        let is_turned = page.rotation().is_ok_and(|turn| turn != PdfPageRenderRotation::None);
        if drawing.pictures.is_empty() || has_layer || is_turned {
            return;
        }
        if self.is_missing || left.is_zero() {
            self.notes.push(ParseNote::new(number, ParseNoteKind::PictureNotRead, ""));
            return;
        }
        let read = self.regions.read(page, drawing, text, self.limits, left);
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        if read.found > 0 {
            let detail = plural(read.found, "picture");
            self.notes.push(ParseNote::new(number, ParseNoteKind::ReadByOcr, detail));
        }
        if read.unsure > 0 {
            let detail = plural(read.unsure, "figure");
            self.notes.push(ParseNote::new(number, ParseNoteKind::UnsureWords, detail));
        }
        if read.skipped > 0 {
            self.is_missing =
                read.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::MissingTool);
            let why = read.failure.map(|failure| format!(" ({failure})")).unwrap_or_default();
            let detail = format!("{}{why}", plural(read.skipped, "picture"));
            self.notes.push(ParseNote::new(number, ParseNoteKind::PictureNotRead, detail));
        }
    }

    /// Notes the pages that were not read and why.
    pub(super) fn note(&mut self, metadata: &mut Metadata, notes: &mut Vec<ParseNote>) {
        notes.append(&mut self.notes);
        if let Some(failure) = &self.failure {
            metadata.insert(UNREAD.to_owned(), format!("{} ({failure})", ranges(&self.unread)));
            let unread = self.unread.iter();
            notes.extend(unread.map(|n| ParseNote::new(*n, ParseNoteKind::PageNotRead, failure.to_string())));
        }
    }

    /// Why the first page that was not read was not.
    pub(super) fn into_failure(self) -> Option<ParseFailure> {
        self.failure
    }
}

/// `2, 5-7`.
fn ranges(numbers: &[u32]) -> String {
    let mut out = String::new();
    for run in numbers.chunk_by(|a, b| a + 1 == *b) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let comma = if out.is_empty() { "" } else { ", " };
        out.push_str(comma);
        out.push_str(&first.to_string());
        if first != last {
            out.push('-');
            out.push_str(&last.to_string());
        }
    }
    out
}

/// Whether there is ink that is not text: any at all on a page without letters (text may be drawn as
/// outlines, or by a font that does not tell its letters), a picture on a page with few.
fn is_scan(page: &PdfPage<'_>, drawing: &Drawing, text: &PageText) -> bool {
    if text.letters == 0 || text.is_unknown() {
        return !page.objects().is_empty();
    }
    let known = text.letters - text.unknown;
    if known >= STAMP_LETTERS {
        return false;
    }
    let share = drawing.picture_share();
    if known < FEW_LETTERS { share > 0.0 } else { share >= MOST_OF_PAGE }
}

/// A page as a grey picture, its pixels per inch, and how it was drawn; none if it is blank.
pub(super) fn draw_at(page: &PdfPage<'_>) -> Option<(GrayImage, u32, PdfRenderConfig)> {
    let (image, dpi) = draw(page).ok()??;
    Some((image, dpi, config(page).0))
}

/// How a page is drawn for OCR, and at how many pixels per inch.
fn config(page: &PdfPage<'_>) -> (PdfRenderConfig, f32) {
    let inches = page.width().value.max(page.height().value) / 72.0;
    let dpi = f32::from(OCR_DPI).min(MAX_SIDE / inches.max(0.1));
    let config = PdfRenderConfig::new()
        .scale_page_by_factor(dpi / 72.0)
        .set_format(PdfBitmapFormat::BGRx)
        .use_grayscale_rendering(true)
        .limit_render_image_cache_size(true);
    (config, dpi)
}

/// A page as a grey picture and its pixels per inch; none if it is blank.
pub(super) fn draw(page: &PdfPage<'_>) -> Result<Option<(GrayImage, u32)>, ParseFailure> {
    let undrawn = |_: PdfiumError| {
        ParseFailure::new(
            FailureKind::Corrupt,
            "damaged PDF: a scanned page cannot be drawn; scan or export it again",
        )
    };
    let (config, dpi) = config(page);
    let bitmap = page.render_with_config(&config).map_err(undrawn)?;
    let (width, height) = (bitmap.width().unsigned_abs(), bitmap.height().unsigned_abs());
    let pixels = bitmap.as_raw_bytes();
    drop(bitmap);
    // Four bytes a pixel, all colours equal: one of them is the grey level.
    let grey: Vec<u8> = pixels.as_chunks::<4>().0.iter().map(|pixel| pixel[0]).collect();
    drop(pixels);
    let Some(image) = GrayImage::from_raw(width, height, grey) else { return Ok(None) };
    // An empty page costs a second of OCR and has nothing to say.
    let darkest = imageops::thumbnail(&image, width.min(64), height.min(64)).pixels().map(|p| p.0[0]).min();
    if darkest.is_none_or(|level| level > 250) {
        return Ok(None);
    }
    // The value is a whole number of at most 200.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(Some((image, dpi as u32)))
}

/// The blocks of a page by what it says itself and what OCR read on it.
pub(super) fn merge(own: Vec<Block>, read: Vec<Block>) -> Vec<Block> {
    // OCR of a page that says it all already finds the same again, with errors.
    if letters(&read) * 5 <= letters(&own) * 6 {
        return own;
    }
    let said = words(&own);
    let mut fresh: Vec<Block> = read.into_iter().filter(|block| !mostly_in(block, &said, 8)).collect();
    let seen = words(&fresh);
    let mut own: Vec<Block> = own.into_iter().filter(|block| !mostly_in(block, &seen, 10)).collect();
    if letters(&own) > letters(&fresh) {
        own.append(&mut fresh);
        return own;
    }
    // A stamp heads nothing, however large its type.
    for block in &mut own {
        if matches!(block.kind, BlockKind::Heading(_)) {
            block.kind = BlockKind::Paragraph;
        }
    }
    fresh.append(&mut own);
    fresh
}

fn letters(blocks: &[Block]) -> usize {
    blocks.iter().map(|block| block.text.chars().filter(|c| c.is_alphanumeric()).count()).sum()
}

fn words(blocks: &[Block]) -> HashSet<String> {
    blocks.iter().flat_map(|block| words_of(&block.text)).collect()
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Whether so many tenths of the words of `block` are among `known`.
fn mostly_in(block: &Block, known: &HashSet<String>, tenths: usize) -> bool {
    let (mut all, mut found) = (0, 0);
    for word in words_of(&block.text) {
        all += 1;
        found += usize::from(known.contains(&word));
    }
    found * 10 >= all * tenths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(texts: &[&str]) -> Vec<Block> {
        texts.iter().map(|text| Block { kind: BlockKind::Paragraph, text: (*text).to_owned() }).collect()
    }

    fn merged(own: &[&str], read: &[&str]) -> Vec<String> {
        merge(blocks(own), blocks(read)).into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn a_stamp_and_what_ocr_reads_are_both_kept_once() {
        let contract = "Cláusula primeira: o hotel hospeda o animal por sete dias.";
        let stamp = "Digitalizado com CamScanner";
        assert_eq!(merged(&[stamp], &[contract, stamp]), [contract, stamp]);
        assert_eq!(merged(&["3"], &[contract, "Página 3"]), [contract, "Página 3"]);
    }

    #[test]
    fn a_page_keeps_its_own_text_where_ocr_reads_no_more() {
        let own = ["Promoção de verão: banho e tosa por R$ 79,90"];
        assert_eq!(merged(&own, &["Promocao de verao: banho e tosa por RS 79,9O ."]), own);
        assert_eq!(merged(&own, &[]), own);
    }

    #[test]
    fn pages_are_named_in_ranges() {
        assert_eq!(ranges(&[2, 5, 6, 7, 9]), "2, 5-7, 9");
    }
}
