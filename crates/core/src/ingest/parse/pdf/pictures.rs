//! How much of a page is pictures.
//!
//! A scan is a page that is one picture, or several side by side; programs that stamp a scan put it
//! into a form object, so those are looked into. Clipping is not considered: a picture that is partly
//! hidden counts whole.

use pdfium_render::prelude::{
    PdfPage, PdfPageObject, PdfPageObjectCommon, PdfPageObjectsCommon, PdfQuadPoints, PdfRect,
};

/// Squares on a side of the grid on which pictures are laid.
const GRID: u8 = 50;
/// Form objects within form objects, at most.
const MAX_DEPTH: u8 = 8;
/// Objects looked at, at most: forms can hold the same form again and again.
const MAX_OBJECTS: u32 = 20_000;

/// A matrix as PDF writes it: `a b c d e f`.
type Matrix = [f32; 6];

/// The share of the page that pictures cover; above 0 if there is any on it.
pub(super) fn share(page: &PdfPage<'_>) -> f32 {
    let Ok(bounds) = page.boundaries().bounding().map(|found| found.bounds) else { return 0.0 };
    let mut cover = Cover { bounds, covered: [[false; GRID as usize]; GRID as usize], left: MAX_OBJECTS };
    for object in page.objects().iter() {
        cover.add(&object, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0], 0);
    }
    let count = cover.covered.iter().flatten().filter(|covered| **covered).count();
    f32::from(u16::try_from(count).unwrap_or(u16::MAX)) / f32::from(u16::from(GRID) * u16::from(GRID))
}

struct Cover {
    bounds: PdfRect,
    covered: [[bool; GRID as usize]; GRID as usize],
    left: u32,
}

impl Cover {
    fn add(&mut self, object: &PdfPageObject<'_>, outer: Matrix, depth: u8) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        if object.as_image_object().is_some() {
            if let Ok(bounds) = object.bounds() {
                self.mark(&bounds, outer);
            }
        } else if let Some(form) = object.as_x_object_form_object().filter(|_| depth < MAX_DEPTH) {
            let Ok(own) = form.matrix() else { return };
            let own = [own.a(), own.b(), own.c(), own.d(), own.e(), own.f()];
            for index in 0..form.len() {
                if let Ok(child) = form.get(index) {
                    self.add(&child, within(own, outer), depth + 1);
                }
            }
        }
    }

    fn mark(&mut self, quad: &PdfQuadPoints, matrix: Matrix) {
        let corners =
            [(quad.x1(), quad.y1()), (quad.x2(), quad.y2()), (quad.x3(), quad.y3()), (quad.x4(), quad.y4())];
        let (mut columns, mut rows) =
            ((f32::INFINITY, f32::NEG_INFINITY), (f32::INFINITY, f32::NEG_INFINITY));
        for (x, y) in corners {
            let (x, y) = apply(matrix, x.value, y.value);
            columns = (columns.0.min(x), columns.1.max(x));
            rows = (rows.0.min(y), rows.1.max(y));
        }
        let columns = squares(columns, self.bounds.left().value, self.bounds.right().value);
        let rows = squares(rows, self.bounds.bottom().value, self.bounds.top().value);
        for row in self.covered.iter_mut().take(rows.1).skip(rows.0) {
            for covered in row.iter_mut().take(columns.1).skip(columns.0) {
                *covered = true;
            }
        }
    }
}

/// The squares that `span` touches, between the edges of the page.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the grid before")]
fn squares(span: (f32, f32), low: f32, high: f32) -> (usize, usize) {
    let scale = f32::from(GRID) / (high - low).max(1.0);
    let place = |at: f32| ((at - low) * scale).clamp(0.0, f32::from(GRID));
    // A picture outside the page touches none; a not-a-number becomes 0.
    (place(span.0).floor() as usize, place(span.1).ceil() as usize)
}

fn apply(matrix: Matrix, x: f32, y: f32) -> (f32, f32) {
    (matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5])
}

/// First `inner`, then `outer`.
fn within(inner: Matrix, outer: Matrix) -> Matrix {
    let turn = [outer[0], outer[1], outer[2], outer[3], 0.0, 0.0];
    let along = apply(turn, inner[0], inner[1]);
    let across = apply(turn, inner[2], inner[3]);
    let place = apply(outer, inner[4], inner[5]);
    [along.0, along.1, across.0, across.1, place.0, place.1]
}
