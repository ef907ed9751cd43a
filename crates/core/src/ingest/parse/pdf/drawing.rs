//! What is drawn on a page besides its text: pictures, lines, and fills that may hide text.
//!
//! One walk over the objects of a page in the order in which they are drawn, into form objects too. It tells
//! how much of the page is pictures (a scan is a page that is one, or several side by side), which thin lines
//! may strike text out or rule a table, and whether anything gives reason to doubt that a reader sees all
//! the text (`visible` then looks). Clipping is not considered: a picture that is partly hidden counts whole.

use pdfium_render::prelude::{
    PdfColor, PdfPage, PdfPageObject, PdfPageObjectCommon, PdfPageObjectsCommon, PdfPagePathObject,
    PdfPathFillMode, PdfPathSegmentType, PdfPathSegments,
};

use super::area::{Area, GRID, Grid, Matrix, UNTURNED, apply, placed, within};

/// Form objects within form objects, at most.
const MAX_DEPTH: u8 = 8;
/// Objects looked at, at most: forms can hold the same form again and again.
const MAX_OBJECTS: u32 = 20_000;
/// Lines kept of one page, at most: a drawing has more, and no table.
const MAX_STROKES: usize = 20_000;
/// Points up to which a box is a line.
const THIN: f32 = 2.2;
/// All colours at least this are too light to read on white.
const PALE: u8 = 0xd8;

/// A thin straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub(super) from: (f32, f32),
    pub(super) to: (f32, f32),
}

/// What is drawn on a page besides its text.
pub(super) struct Drawing {
    /// What a reader shows of the page.
    pub(super) bounds: Area,
    pub(super) strokes: Vec<Stroke>,
    pub(super) pictures: Vec<Area>,
    /// Something may keep a reader from seeing all the text: it is pale or transparent, or painted over.
    pub(super) is_doubtful: bool,
    /// Text that is drawn with no ink: what a scanner lays under its picture.
    pub(super) has_inkless_text: bool,
}

impl Drawing {
    pub(super) fn of(page: &PdfPage<'_>) -> Self {
        let bounds = page
            .boundaries()
            .bounding()
            .map_or(Area { left: -1e5, bottom: -1e5, right: 1e5, top: 1e5 }, |found| Area::of(&found.bounds));
        let drawing = Self {
            bounds,
            strokes: Vec::new(),
            pictures: Vec::new(),
            is_doubtful: false,
            has_inkless_text: false,
        };
        let mut walk = Walk { drawing, written: Grid::new(bounds), painted: Grid::new(bounds) };
        each_object(page, &mut |object, area, outer| walk.add(&object, area, outer));
        walk.drawing
    }

    /// The share of the page that pictures cover; above 0 if there is any on it.
    #[allow(clippy::cast_precision_loss, reason = "squares are few")]
    pub(super) fn picture_share(&self) -> f32 {
        let mut grid = Grid::new(self.bounds);
        for picture in &self.pictures {
            grid.mark(*picture);
        }
        grid.squares.iter().flatten().filter(|marked| **marked).count() as f32 / (GRID * GRID) as f32
    }

    /// Whether a picture lies under or over `point`.
    pub(super) fn has_picture_at(&self, point: (f32, f32)) -> bool {
        self.pictures.iter().any(|picture| picture.has(point))
    }
}

/// Calls `see` for every object of the page that is no form, in drawing order, with its place on the page and
/// the matrix of the form it is in.
pub(super) fn each_object<'a>(page: &'a PdfPage<'_>, see: &mut dyn FnMut(PdfPageObject<'a>, Area, Matrix)) {
    let mut left = MAX_OBJECTS;
    for object in page.objects().iter() {
        visit(object, UNTURNED, 0, &mut left, see);
    }
}

fn visit<'a>(
    object: PdfPageObject<'a>,
    outer: Matrix,
    depth: u8,
    left: &mut u32,
    see: &mut dyn FnMut(PdfPageObject<'a>, Area, Matrix),
) {
    let Some(rest) = left.checked_sub(1) else { return };
    *left = rest;
    let form = match object {
        PdfPageObject::XObjectForm(form) => form,
        object => {
            if let Ok(quad) = object.bounds() {
                see(object, placed(&quad, outer), outer);
            }
            return;
        }
    };
    let Ok(own) = form.matrix() else { return };
    let own = [own.a(), own.b(), own.c(), own.d(), own.e(), own.f()];
    if depth < MAX_DEPTH {
        for index in 0..form.len() {
            if let Ok(child) = form.get(index) {
                visit(child, within(own, outer), depth + 1, left, see);
            }
        }
    }
}

struct Walk {
    drawing: Drawing,
    /// Where there is text so far.
    written: Grid,
    /// Where there is something darker than paper so far.
    painted: Grid,
}

impl Walk {
    fn add(&mut self, object: &PdfPageObject<'_>, area: Area, outer: Matrix) {
        if object.as_image_object().is_some() {
            self.drawing.pictures.push(area);
            self.cover(area, true);
        } else if object.as_shading_object().is_some() {
            self.cover(area, true);
        } else if let Some(path) = object.as_path_object() {
            self.add_path(path, area, outer);
        } else if let Some(text) = object.as_text_object() {
            if !text.is_visible() {
                self.drawing.has_inkless_text = true;
            } else if let Ok(color) = text.fill_color()
                && (color.alpha() < 0x30 || (is_pale(color) && !self.painted.is_marked(area.middle())))
            {
                self.drawing.is_doubtful = true;
            }
            self.written.mark(Area { bottom: area.bottom + 0.3 * area.height(), ..area });
        }
    }

    fn add_path(&mut self, path: &PdfPagePathObject<'_>, area: Area, outer: Matrix) {
        let (width, height) = (area.width(), area.height());
        let is_filled = path.fill_mode().is_ok_and(|mode| mode != PdfPathFillMode::None);
        if width.min(height) <= THIN {
            if width.max(height) > THIN && is_dark(path, is_filled) {
                let (x, y) = area.middle();
                self.stroke(if width > height {
                    Stroke { from: (area.left, y), to: (area.right, y) }
                } else {
                    Stroke { from: (x, area.bottom), to: (x, area.top) }
                });
            }
            return;
        }
        if is_filled {
            let color = path.fill_color().ok();
            if color.is_none_or(|color| color.alpha() > 0x20) {
                self.cover(area, color.is_none_or(|color| !is_pale(color)));
            }
        }
        if path.is_stroked().unwrap_or(false) && is_dark(path, false) {
            self.add_outline(path, outer);
        }
    }

    /// The straight lines of a path.
    fn add_outline(&mut self, path: &PdfPagePathObject<'_>, outer: Matrix) {
        let Ok(own) = path.matrix() else { return };
        let matrix = within([own.a(), own.b(), own.c(), own.d(), own.e(), own.f()], outer);
        let (mut start, mut at) = ((0.0, 0.0), None);
        for segment in path.segments().raw().iter() {
            let (x, y) = segment.point();
            let point = apply(matrix, x.value, y.value);
            match (segment.segment_type(), at) {
                (PdfPathSegmentType::LineTo, Some(before)) => {
                    self.stroke(Stroke { from: before, to: point });
                }
                (PdfPathSegmentType::MoveTo, _) => start = point,
                _ => {}
            }
            if segment.is_close() {
                self.stroke(Stroke { from: point, to: start });
            }
            at = Some(point);
            if self.drawing.strokes.len() >= MAX_STROKES {
                return;
            }
        }
    }

    fn stroke(&mut self, stroke: Stroke) {
        let length = (stroke.from.0 - stroke.to.0).hypot(stroke.from.1 - stroke.to.1);
        if length > THIN && self.drawing.strokes.len() < MAX_STROKES {
            self.drawing.strokes.push(stroke);
        }
    }

    /// Something that hides what was there before.
    fn cover(&mut self, area: Area, is_dark: bool) {
        self.drawing.is_doubtful |= self.written.any_in(area);
        if is_dark {
            self.painted.mark(area);
        } else {
            self.painted.clear(area);
        }
    }
}

fn is_pale(color: PdfColor) -> bool {
    color.red().min(color.green()).min(color.blue()) >= PALE
}

/// Whether a line shows on paper.
fn is_dark(path: &PdfPagePathObject<'_>, is_filled: bool) -> bool {
    let color = if is_filled { path.fill_color() } else { path.stroke_color() };
    color.map_or(true, |color| color.alpha() > 0x30 && !is_pale(color))
}
