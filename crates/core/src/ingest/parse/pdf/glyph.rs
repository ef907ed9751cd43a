//! A glyph as pdfium finds it: where it lies, how large, which way its text runs, whether it is bold.

use pdfium_render::prelude::{PdfFontWeight, PdfPageTextChar};

use super::area::Area;

/// Quarter turns to the left, or an oblique angle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Quarter(usize),
    Oblique,
}

/// A glyph in coordinates in which its text reads to the right.
pub(super) struct Glyph {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) direction: Direction,
    /// Its box on the page.
    pub(super) area: Area,
}

impl Glyph {
    pub(super) fn of(character: &PdfPageTextChar<'_>) -> Option<Self> {
        let bounds = character.loose_bounds().ok()?;
        let (origin_x, origin_y) = character.origin().ok()?;
        let matrix = character.matrix().ok()?;
        let (along, across) = (matrix.a(), matrix.b());
        let length = along.hypot(across);
        let (cos, sin) = if length > 0.0 { (along / length, across / length) } else { (1.0, 0.0) };
        let direction = match (cos, sin) {
            (c, _) if c > 0.99 => Direction::Quarter(0),
            (_, s) if s > 0.99 => Direction::Quarter(1),
            (c, _) if c < -0.99 => Direction::Quarter(2),
            (_, s) if s < -0.99 => Direction::Quarter(3),
            _ => Direction::Oblique,
        };
        let (west, east) = (bounds.left().value, bounds.right().value);
        let (south, north) = (bounds.bottom().value, bounds.top().value);
        let (x, y) = (origin_x.value, origin_y.value);
        let (left, right, y, height) = match direction {
            Direction::Quarter(1) => (south, north, -x, east - west),
            Direction::Quarter(2) => (-east, -west, -y, north - south),
            Direction::Quarter(3) => (-north, -south, x, east - west),
            Direction::Quarter(_) => (west, east, y, north - south),
            // The box of a slanted glyph says little: half an em stands in for its width.
            Direction::Oblique => {
                let size = character.unscaled_font_size().value.abs() * length;
                let start = x * cos + y * sin;
                (start, start + 0.6 * size, y * cos - x * sin, size)
            }
        };
        let stated = character.unscaled_font_size().value.abs() * matrix.c().hypot(matrix.d());
        let size = if (1.0..500.0).contains(&stated) { stated } else { height.max(1.0) };
        let all = [left, right, y, size];
        all.iter().all(|value| value.is_finite()).then_some(Self {
            left,
            right,
            y,
            size,
            direction,
            area: Area::of(&bounds),
        })
    }
}

pub(super) fn is_bold(character: &PdfPageTextChar<'_>) -> bool {
    let name = character.font_name();
    if ["Bold", "bold", "Black", "Heavy"].iter().any(|word| name.contains(word)) {
        return true;
    }
    matches!(
        character.font_weight(),
        Some(PdfFontWeight::Weight700Bold | PdfFontWeight::Weight800 | PdfFontWeight::Weight900)
    )
}
