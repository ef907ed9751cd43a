//! Boxes, matrices and a coarse grid: where things lie on a page.

use pdfium_render::prelude::{PdfQuadPoints, PdfRect};

/// Squares on a side of the grid on which pictures, text and fills are laid.
pub(super) const GRID: usize = 100;

/// A matrix as PDF writes it: `a b c d e f`.
pub(super) type Matrix = [f32; 6];
pub(super) const UNTURNED: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// A box on the page, in points, upright.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f32,
    pub(super) bottom: f32,
    pub(super) right: f32,
    pub(super) top: f32,
}

impl Area {
    pub(super) fn of(rect: &PdfRect) -> Self {
        Self {
            left: rect.left().value,
            bottom: rect.bottom().value,
            right: rect.right().value,
            top: rect.top().value,
        }
    }

    pub(super) fn around(points: impl IntoIterator<Item = (f32, f32)>) -> Self {
        let (infinite, none) = (f32::INFINITY, f32::NEG_INFINITY);
        let mut area = Self { left: infinite, bottom: infinite, right: none, top: none };
        for (x, y) in points {
            area.left = area.left.min(x);
            area.right = area.right.max(x);
            area.bottom = area.bottom.min(y);
            area.top = area.top.max(y);
        }
        area
    }

    /// The part of it that lies in `other`.
    pub(super) fn within(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.min(other.right),
            top: self.top.min(other.top),
        }
    }

    pub(super) fn width(self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f32 {
        self.top - self.bottom
    }

    pub(super) fn has(self, (x, y): (f32, f32)) -> bool {
        (self.left..=self.right).contains(&x) && (self.bottom..=self.top).contains(&y)
    }

    pub(super) fn middle(self) -> (f32, f32) {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.bottom, self.top))
    }

    /// The share of the smaller of both that lies in the other.
    pub(super) fn overlap(self, other: Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.top.min(other.top) - self.bottom.max(other.bottom);
        let smaller = (self.width() * self.height()).min(other.width() * other.height());
        if width <= 0.0 || height <= 0.0 { 0.0 } else { width * height / smaller.max(0.01) }
    }
}

/// The page in squares.
pub(super) struct Grid {
    bounds: Area,
    pub(super) squares: Box<[[bool; GRID]; GRID]>,
}

impl Grid {
    pub(super) fn new(bounds: Area) -> Self {
        Self { bounds, squares: Box::new([[false; GRID]; GRID]) }
    }

    pub(super) fn mark(&mut self, area: Area) {
        self.set(area, true);
    }

    pub(super) fn clear(&mut self, area: Area) {
        self.set(area, false);
    }

    pub(super) fn set(&mut self, area: Area, value: bool) {
        let (columns, rows) = self.touched(area);
        for row in self.squares.iter_mut().take(rows.1).skip(rows.0) {
            for square in row.iter_mut().take(columns.1).skip(columns.0) {
                *square = value;
            }
        }
    }

    pub(super) fn any_in(&self, area: Area) -> bool {
        let (columns, rows) = self.touched(area);
        let mut rows = self.squares.iter().take(rows.1).skip(rows.0);
        rows.any(|row| row.iter().take(columns.1).skip(columns.0).any(|square| *square))
    }

    pub(super) fn is_marked(&self, (x, y): (f32, f32)) -> bool {
        self.any_in(Area { left: x, right: x, bottom: y, top: y })
    }

    pub(super) fn touched(&self, area: Area) -> ((usize, usize), (usize, usize)) {
        (
            squares((area.left, area.right), self.bounds.left, self.bounds.right),
            squares((area.bottom, area.top), self.bounds.bottom, self.bounds.top),
        )
    }
}

/// The squares that `span` touches, between the edges of the page.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the grid before"
)]
pub(super) fn squares(span: (f32, f32), low: f32, high: f32) -> (usize, usize) {
    let scale = GRID as f32 / (high - low).max(1.0);
    let place = |at: f32| ((at - low) * scale).clamp(0.0, GRID as f32);
    // A picture outside the page touches none; a not-a-number becomes 0.
    (place(span.0).floor() as usize, place(span.1).ceil() as usize)
}

pub(super) fn placed(quad: &PdfQuadPoints, matrix: Matrix) -> Area {
    let corners =
        [(quad.x1(), quad.y1()), (quad.x2(), quad.y2()), (quad.x3(), quad.y3()), (quad.x4(), quad.y4())];
    Area::around(corners.map(|(x, y)| apply(matrix, x.value, y.value)))
}

pub(super) fn apply(matrix: Matrix, x: f32, y: f32) -> (f32, f32) {
    (matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5])
}

/// First `inner`, then `outer`.
pub(super) fn within(inner: Matrix, outer: Matrix) -> Matrix {
    let turn = [outer[0], outer[1], outer[2], outer[3], 0.0, 0.0];
    let along = apply(turn, inner[0], inner[1]);
    let across = apply(turn, inner[2], inner[3]);
    let place = apply(outer, inner[4], inner[5]);
    [along.0, along.1, across.0, across.1, place.0, place.1]
}
