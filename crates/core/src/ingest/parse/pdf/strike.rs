//! Lines through text: what is struck out is no longer meant.
//!
//! A PDF has no struck-out type. Programs draw a line or a thin box over it, at about the height of a hyphen;
//! readers' own marks are annotations. An underline runs below and is none. What is struck out is left
//! out, as in every format, and counted.

use pdfium_render::prelude::{PdfPage, PdfPageAnnotationCommon};

use super::drawing::{Drawing, Stroke};

/// A line through text runs this high above its baseline, in ems.
const LOWEST: f32 = 0.14;
const HIGHEST: f32 = 0.52;
/// A line as steep as this crosses letters and strikes no text out.
const STEEPEST: f32 = 0.3;

/// The lines of a page that may strike text out, by its direction.
#[derive(Default)]
pub(super) struct Strikes {
    by_direction: [Vec<Stroke>; 4],
}

impl Strikes {
    pub(super) fn of(page: &PdfPage<'_>, drawing: &Drawing) -> Self {
        let mut strikes = Self::default();
        for stroke in &drawing.strokes {
            strikes.add(*stroke);
        }
        for annotation in page.annotations().iter() {
            if annotation.as_strikeout_annotation().is_none() || annotation.is_hidden() {
                continue;
            }
            for quad in annotation.attachment_points().iter() {
                let y = f32::midpoint(quad.bottom().value, quad.top().value);
                strikes.add(Stroke { from: (quad.left().value, y), to: (quad.right().value, y) });
            }
        }
        for strokes in &mut strikes.by_direction {
            strokes.sort_by(|a, b| a.from.1.total_cmp(&b.from.1));
        }
        strikes
    }

    fn add(&mut self, stroke: Stroke) {
        for (turns, strokes) in self.by_direction.iter_mut().enumerate() {
            let (a, b) = (turned(stroke.from, turns), turned(stroke.to, turns));
            let (from, to) = if a.0 <= b.0 { (a, b) } else { (b, a) };
            if (to.1 - from.1).abs() <= STEEPEST * (to.0 - from.0) {
                strokes.push(Stroke { from, to });
            }
        }
    }

    /// Whether a line runs through a glyph of text in that direction: `left`, `right` and its baseline `y`
    /// in coordinates in which the text reads to the right.
    pub(super) fn through(&self, turns: usize, (left, right): (f32, f32), y: f32, size: f32) -> bool {
        let Some(strokes) = self.by_direction.get(turns).filter(|strokes| !strokes.is_empty()) else {
            return false;
        };
        let middle = f32::midpoint(left, right);
        // The longest line that is not level yet reaches this glyph begins no further off than this.
        let reach = STEEPEST * 200.0;
        let first = strokes.partition_point(|stroke| stroke.from.1 < y - reach);
        strokes[first..].iter().take_while(|stroke| stroke.from.1 <= y + reach).any(|stroke| {
            let (from, to) = (stroke.from, stroke.to);
            if middle < from.0 || middle > to.0 {
                return false;
            }
            let at = from.1 + (to.1 - from.1) * (middle - from.0) / (to.0 - from.0).max(0.01);
            (LOWEST * size..=HIGHEST * size).contains(&(at - y))
        })
    }
}

/// A point of the page in coordinates in which text of that direction reads to the right.
pub(super) fn turned((x, y): (f32, f32), turns: usize) -> (f32, f32) {
    match turns {
        1 => (y, -x),
        2 => (-x, -y),
        3 => (-y, x),
        _ => (x, y),
    }
}
