//! Pictures beside text: the words in them, read by OCR, picture by picture.
//!
//! A leaflet often has its price list as a picture under a paragraph of text. What a picture says is put among
//! the text of the page where the picture stands, so that it is read in order. Most pictures say nothing: one
//! without sharp edges is not looked at, what OCR is not sure of is not taken for words, and one picture that
//! is on every page is read once.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use image::{GrayImage, imageops};
use pdfium_render::prelude::{PdfPage, PdfPageObject, PdfPoints};

use super::area::Area;
use super::drawing::{Drawing, each_object};
use super::glyphs::{PageText, Run};
use super::scan;
use crate::ingest::parse::ocr::words::{self, Word};
use crate::ingest::parse::{Limits, ParseFailure, ocr};
use crate::model::UNSURE;

/// Smaller pictures are ornaments, in points.
const MIN_WIDTH: f32 = 50.0;
const MIN_HEIGHT: f32 = 14.0;
/// Pictures of a page that are read, at most.
const MAX_PICTURES: usize = 12;
/// Letters have edges: of this many pixels one is followed by a very different one, at least.
const EDGES: usize = 250;
/// How different.
const SHARP: u8 = 70;
/// Words OCR is less sure of are not taken for words, in a picture that may have none.
const WORD: f32 = 60.0;
/// Letters of sure words from which a picture says something.
const MIN_LETTERS: usize = 6;
/// One picture may take so long.
const TIME: Duration = Duration::from_secs(15);

/// What OCR read in pictures, by their pixels.
#[derive(Default)]
pub(super) struct Regions {
    known: HashMap<u64, Vec<Piece>>,
}

/// A line of words as they lie in a picture, in pixels.
#[derive(Clone)]
struct Piece {
    text: String,
    left: i64,
    right: i64,
    top: i64,
    bottom: i64,
}

/// What became of the pictures of a page.
#[derive(Default)]
pub(super) struct Read {
    /// Pictures that say something.
    pub(super) found: usize,
    /// Figures in them that may be others.
    pub(super) unsure: usize,
    /// Pictures that were not read.
    pub(super) skipped: usize,
    /// Why the first of them was not.
    pub(super) failure: Option<ParseFailure>,
}

impl Regions {
    /// Reads the pictures of a page that has text of its own, and puts what they say among it.
    pub(super) fn read(
        &mut self,
        page: &PdfPage<'_>,
        drawing: &Drawing,
        text: &mut PageText,
        limits: &Limits,
        time: Duration,
    ) -> Read {
        let mut read = Read::default();
        let mut areas: Vec<Area> = Vec::new();
        for picture in &drawing.pictures {
            let area = picture.within(drawing.bounds);
            let is_known = areas.iter().any(|other| other.overlap(area) > 0.9);
            if area.width() >= MIN_WIDTH && area.height() >= MIN_HEIGHT && !is_known {
                areas.push(area);
            }
        }
        if areas.is_empty() {
            return read;
        }
        read.skipped = areas.len().saturating_sub(MAX_PICTURES);
        areas.truncate(MAX_PICTURES);
        let Some((image, dpi, config)) = without_text(page, || scan::draw_at(page)) else { return read };
        for area in areas {
            let pixel =
                |x: f32, y: f32| page.points_to_pixels(PdfPoints::new(x), PdfPoints::new(y), &config).ok();
            let (Some(a), Some(b)) = (pixel(area.left, area.top), pixel(area.right, area.bottom)) else {
                continue;
            };
            let place = |n: i32, most: u32| u32::try_from(n.max(0)).unwrap_or(0).min(most);
            let (left, right) = (place(a.0.min(b.0), image.width()), place(a.0.max(b.0), image.width()));
            let (top, bottom) = (place(a.1.min(b.1), image.height()), place(a.1.max(b.1), image.height()));
            let cut = imageops::crop_imm(&image, left, top, right - left, bottom - top).to_image();
            if !may_have_words(&cut) {
                continue;
            }
            let key = key(&cut);
            #[expect(clippy::map_entry, reason = "an entry would be held while OCR runs")]
            if !self.known.contains_key(&key) {
                match ocr::table(&cut, Some(dpi), limits, TIME.min(time)) {
                    Ok(table) => {
                        self.known.insert(key, pieces(words::read(&table)));
                    }
                    Err(failure) => {
                        read.skipped += 1;
                        read.failure.get_or_insert(failure);
                        continue;
                    }
                }
            }
            let pieces = self.known.get(&key).map(Vec::as_slice).unwrap_or_default();
            read.found += usize::from(!pieces.is_empty());
            read.unsure += pieces.iter().map(|piece| piece.text.matches(UNSURE).count()).sum::<usize>();
            let upright = Upright { left, top, image: &image, bounds: drawing.bounds };
            text.directions[0].extend(pieces.iter().map(|piece| upright.run(piece)));
        }
        read
    }
}

/// A picture on a page that is not turned.
struct Upright<'a> {
    left: u32,
    top: u32,
    image: &'a GrayImage,
    bounds: Area,
}

impl Upright<'_> {
    /// A piece as text of the page.
    #[allow(clippy::cast_precision_loss, reason = "pixels of a page are few")]
    fn run(&self, piece: &Piece) -> Run {
        let across = self.bounds.width() / self.image.width().max(1) as f32;
        let down = self.bounds.height() / self.image.height().max(1) as f32;
        let x = |n: i64| self.bounds.left + (n + i64::from(self.left)) as f32 * across;
        let y = |n: i64| self.bounds.top - (n + i64::from(self.top)) as f32 * down;
        let height = y(piece.top) - y(piece.bottom);
        let size = (height / 1.1).max(1.0);
        Run {
            text: piece.text.clone(),
            left: x(piece.left),
            right: x(piece.right),
            y: y(piece.bottom) + 0.2 * size,
            size,
            ..Run::default()
        }
    }
}

/// Does `work` while the page has no text of its own.
fn without_text<T>(page: &PdfPage<'_>, work: impl FnOnce() -> Option<T>) -> Option<T> {
    let mut texts: Vec<PdfPageObject<'_>> = Vec::new();
    each_object(page, &mut |object, _, _| {
        if object.as_text_object().is_some() && object.is_active().unwrap_or(false) {
            texts.push(object);
        }
    });
    for text in &mut texts {
        let _ = text.set_inactive();
    }
    let done = work();
    for text in &mut texts {
        let _ = text.set_active();
    }
    done
}

/// Whether a picture has as many sharp edges as letters have.
fn may_have_words(image: &GrayImage) -> bool {
    let width = usize::try_from(image.width()).unwrap_or(0).max(1);
    let pixels = image.as_raw();
    let edges = pixels.chunks(width).flat_map(|row| row.iter().zip(row.iter().skip(2)));
    let sharp = edges.filter(|(a, b)| a.abs_diff(**b) > SHARP).count();
    sharp > 0 && sharp * EDGES >= pixels.len()
}

fn key(image: &GrayImage) -> u64 {
    let mut hasher = DefaultHasher::new();
    (image.width(), image.as_raw()).hash(&mut hasher);
    hasher.finish()
}

/// The words of a picture, those that stand close to each other together; none if it says nothing.
fn pieces(words: Vec<Word<'_>>) -> Vec<Piece> {
    let letters = |word: &Word<'_>| word.text.chars().filter(|c| c.is_alphanumeric()).count();
    let all: usize = words.iter().map(letters).sum();
    let sure: Vec<Word<'_>> = words.into_iter().filter(|word| word.confidence >= WORD).collect();
    let said: usize = sure.iter().map(letters).sum();
    if said < MIN_LETTERS || said * 2 < all {
        return Vec::new();
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for line in sure.chunk_by(|a, b| a.line == b.line) {
        let top = line.iter().map(|word| word.top).min().unwrap_or(0);
        let bottom = line.iter().map(|word| word.top + word.height).max().unwrap_or(0);
        for (at, word) in line.iter().enumerate() {
            let text = words::written(word);
            let (left, right) = (word.left, word.left + word.width);
            match pieces.last_mut() {
                Some(last) if at > 0 && left - last.right < bottom - top => {
                    last.text.push(' ');
                    last.text.push_str(&text);
                    last.right = right;
                }
                _ => pieces.push(Piece { text, left, right, top, bottom }),
            }
        }
    }
    pieces
}
