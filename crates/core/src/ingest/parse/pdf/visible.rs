//! Which text of a page a reader shows, where there is reason to doubt it.
//!
//! A layer that is off, a white box over last year's prices, white letters on white paper: the file has the
//! text and nobody sees it. There are many ways to hide text and one way to tell: the page is drawn with its
//! text and without, and text that makes no difference is hidden. Text that overlaps other text is drawn
//! without on its own. What a scanner lays under its picture is meant to be read and stays.

use std::ops::Range;

use pdfium_render::prelude::{PdfBitmapFormat, PdfPage, PdfPageObject, PdfPoints, PdfRenderConfig};

use super::area::Area;
use super::drawing::{Drawing, each_object};

/// Pixels per point.
const SCALE: f32 = 1.5;
/// Most pixels on a side.
const MAX_SIDE: f32 = 2_400.0;
/// Levels, of 255, by which a pixel differs that an eye can tell.
const SEEN: u8 = 14;
/// Pieces of overlapping text that are looked at one by one.
const MAX_SINGLE: usize = 48;
/// The share of a page from which a picture is most of it: text under it is its own text.
const MOST_OF_PAGE: f32 = 0.6;

/// What of a page's text can be seen.
#[derive(Default)]
pub(super) struct Sight {
    map: Option<Map>,
    /// Pieces of text left out because nobody sees them.
    pub(super) hidden: usize,
    /// Text without ink is on the page and is to be read.
    keeps_inkless: bool,
}

/// Where the text makes a difference.
struct Map {
    width: usize,
    differs: Vec<bool>,
    config: PdfRenderConfig,
}

impl Sight {
    /// Looks at the page and takes the text that nobody sees off it.
    pub(super) fn look(page: &PdfPage<'_>, drawing: &Drawing, has_layers: bool) -> Self {
        let mut sight = Self::default();
        if !drawing.is_doubtful && !has_layers && !drawing.has_inkless_text {
            return sight;
        }
        let is_scan = drawing.picture_share() >= MOST_OF_PAGE;
        let mut texts: Vec<(PdfPageObject<'_>, Area)> = Vec::new();
        let mut inkless = Vec::new();
        collect(page, &mut |object, area, is_inkless| {
            if !is_inkless {
                texts.push((object, area));
            } else if drawing.has_picture_at(area.middle()) {
                sight.keeps_inkless = true;
            } else {
                inkless.push(object);
            }
        });
        for mut object in inkless {
            sight.hidden += usize::from(object.set_inactive().is_ok());
        }
        if texts.is_empty() || (!drawing.is_doubtful && !has_layers) {
            return sight;
        }
        sight.compare(page, drawing, texts, is_scan);
        sight
    }

    fn compare(
        &mut self,
        page: &PdfPage<'_>,
        drawing: &Drawing,
        mut texts: Vec<(PdfPageObject<'_>, Area)>,
        is_scan: bool,
    ) {
        let config = config(page);
        let Some((columns, with)) = draw(page, &config) else { return };
        for (text, _) in &mut texts {
            let _ = text.set_inactive();
        }
        let without = draw(page, &config);
        for (text, _) in &mut texts {
            let _ = text.set_active();
        }
        let Some((_, without)) = without else { return };
        let differs = differences(&with, &without);
        let map = Map { width: columns, differs, config };
        let areas: Vec<Area> = texts.iter().map(|(_, area)| *area).collect();
        let mut singles = 0;
        for (at, (text, area)) in texts.iter_mut().enumerate() {
            // Outside the page nothing is drawn; the glyphs there are left out one by one.
            if drawing.bounds.overlap(*area) <= 0.0 {
                continue;
            }
            let mut is_hidden = !map.any_in(page, *area);
            let overlaps =
                || areas.iter().enumerate().any(|(n, other)| n != at && area.overlap(*other) > 0.4);
            if !is_hidden && singles < MAX_SINGLE && overlaps() {
                singles += 1;
                let _ = text.set_inactive();
                // Those found hidden stay away, so of two that are the same one is seen.
                is_hidden =
                    draw(page, &map.config).is_some_and(|(_, now)| map.is_same(page, *area, &with, &now));
                let _ = text.set_active();
            }
            if is_hidden && !(is_scan && drawing.has_picture_at(area.middle())) {
                self.hidden += usize::from(text.set_inactive().is_ok());
            }
        }
        if !is_scan {
            self.map = Some(map);
        }
    }

    /// Whether a glyph in `area` shows; `is_inkless` tells whether it is drawn without ink.
    pub(super) fn shows(&self, page: &PdfPage<'_>, area: Area, is_inkless: impl FnOnce() -> bool) -> bool {
        let Some(map) = &self.map else { return true };
        let inset = area.width() * 0.15;
        let area = Area { left: area.left + inset, right: area.right - inset, ..area };
        map.any_in(page, area) || (self.keeps_inkless && is_inkless())
    }
}

/// Calls `see` for every piece of text with its place and whether it is drawn without ink.
fn collect<'a>(page: &'a PdfPage<'_>, see: &mut dyn FnMut(PdfPageObject<'a>, Area, bool)) {
    each_object(page, &mut |object, area, _| {
        if let Some(is_inkless) = object.as_text_object().map(|text| !text.is_visible()) {
            see(object, area, is_inkless);
        }
    });
}

fn config(page: &PdfPage<'_>) -> PdfRenderConfig {
    let longest = page.width().value.max(page.height().value).max(1.0);
    PdfRenderConfig::new()
        .scale_page_by_factor(SCALE.min(MAX_SIDE / longest))
        .set_format(PdfBitmapFormat::BGRx)
        .limit_render_image_cache_size(true)
}

/// The width of the picture of a page, and its pixels.
fn draw(page: &PdfPage<'_>, config: &PdfRenderConfig) -> Option<(usize, Vec<u8>)> {
    let bitmap = page.render_with_config(config).ok()?;
    Some((usize::try_from(bitmap.width()).ok()?, bitmap.as_raw_bytes()))
}

fn differences(a: &[u8], b: &[u8]) -> Vec<bool> {
    let pixels = a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0);
    pixels.map(|(a, b)| a[..3].iter().zip(&b[..3]).any(|(a, b)| a.abs_diff(*b) > SEEN)).collect()
}

impl Map {
    /// Whether the text makes a difference somewhere in `area`.
    fn any_in(&self, page: &PdfPage<'_>, area: Area) -> bool {
        self.rows(page, area).is_none_or(|mut rows| {
            rows.any(|row| self.differs.get(row).is_some_and(|row| row.contains(&true)))
        })
    }

    /// Whether two pictures of the page are the same in `area`.
    fn is_same(&self, page: &PdfPage<'_>, area: Area, a: &[u8], b: &[u8]) -> bool {
        self.rows(page, area).is_some_and(|mut rows| {
            rows.all(|row| {
                let bytes = row.start * 4..row.end * 4;
                match (a.get(bytes.clone()), b.get(bytes)) {
                    (Some(a), Some(b)) => !differences(a, b).contains(&true),
                    _ => true,
                }
            })
        })
    }

    /// The pixels of `area`, row by row; none if it cannot be placed.
    fn rows(&self, page: &PdfPage<'_>, area: Area) -> Option<impl Iterator<Item = Range<usize>>> {
        let pixel =
            |x: f32, y: f32| page.points_to_pixels(PdfPoints::new(x), PdfPoints::new(y), &self.config).ok();
        let (a, b) = (pixel(area.left, area.bottom)?, pixel(area.right, area.top)?);
        let place = |n: i32| usize::try_from(n.max(0)).unwrap_or(0);
        let (left, right) = (place(a.0.min(b.0)), (place(a.0.max(b.0)) + 1).min(self.width));
        let (top, bottom) = (place(a.1.min(b.1)), place(a.1.max(b.1)));
        let width = self.width;
        Some((top..=bottom).map(move |y| y * width + left.min(right)..y * width + right))
    }
}
