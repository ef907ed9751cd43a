//! The glyphs of a page, gathered into runs: pieces of text on one baseline without wide gaps.
//!
//! A page may hold text in several directions (a table turned sideways, a stamp in the margin), so
//! runs are kept by direction, in coordinates turned so that text reads to the right. pdfium marks
//! where spaces belong; between runs, gaps decide (see `layout`).

use pdfium_render::prelude::{PdfFontWeight, PdfPage, PdfPageAnnotationCommon, PdfPageTextChar};

use super::letters::{close_up, is_private, push_letter, settle_hyphens};

/// A gap wider than this, in ems, ends a run.
const WIDE_GAP: f32 = 1.2;
/// The same where a space was drawn in the gap.
const STRETCHED_GAP: f32 = 1.8;
/// A jump back by more than this, in ems, ends a run.
const JUMP_BACK: f32 = 0.5;
/// A gap wider than this, in ems, is a space even where pdfium saw none.
const SPACE: f32 = 0.3;

/// A piece of text on one baseline.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) left: f32,
    pub(super) right: f32,
    /// Baseline, growing upwards.
    pub(super) y: f32,
    /// Size of type in points.
    pub(super) size: f32,
    /// Characters in bold.
    pub(super) bold: usize,
}

/// The text of a page.
#[derive(Debug, Default)]
pub(super) struct PageText {
    /// Runs by direction: to the right, up, to the left, down.
    pub(super) directions: [Vec<Run>; 4],
    /// Text at other angles, mostly watermarks.
    pub(super) oblique: Vec<String>,
    /// Characters that are not spaces.
    pub(super) letters: usize,
    /// Of these, characters whose letter the font does not tell.
    pub(super) unknown: usize,
}

impl PageText {
    /// Whether the fonts do not tell most of the letters.
    pub(super) fn is_unknown(&self) -> bool {
        self.letters > 0 && self.unknown * 2 >= self.letters
    }
}

/// Everything a page says, form fields included.
pub(super) fn collect(page: &PdfPage<'_>) -> PageText {
    let mut builder = Builder::default();
    if let Ok(text) = page.text() {
        for character in text.chars().iter() {
            builder.add(&character);
        }
    }
    builder.end_run();
    let mut text = builder.text;
    add_fields(page, &mut text);
    text
}

/// What was typed into the fields of a form; it is not part of the page's own text.
fn add_fields(page: &PdfPage<'_>, text: &mut PageText) {
    for annotation in page.annotations().iter() {
        let Some(field) = annotation.as_form_field() else { continue };
        let value = match (field.as_text_field(), field.as_combo_box_field()) {
            (Some(field), _) if !field.is_password() => field.value(),
            (_, Some(field)) => field.value(),
            _ => None,
        };
        let (Some(value), Ok(bounds)) = (value.filter(|v| !v.trim().is_empty()), annotation.bounds()) else {
            continue;
        };
        let size = (bounds.height().value * 0.6).clamp(6.0, 12.0);
        text.letters += value.chars().filter(|c| !c.is_whitespace()).count();
        let (mut y, left) = (bounds.top().value - size, bounds.left().value);
        for line in value.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let run = Run { text: line.to_owned(), left, right: bounds.right().value, y, size, bold: 0 };
            text.directions[0].push(run);
            y -= size * 1.2;
        }
    }
}

#[derive(Default)]
struct Builder {
    text: PageText,
    run: Run,
    direction: Option<Direction>,
    bold: bool,
    space: Space,
    /// Glyphs of the run's size beyond those of others.
    votes: usize,
    /// The last glyph was small and above the line.
    raised: bool,
    /// Place of the last glyph.
    last: (f32, f32),
    /// Spaces in the run: where, and how wide.
    gaps: Vec<(usize, f32)>,
}

/// What pdfium reported between the last glyph and the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Space {
    #[default]
    None,
    /// It is where a space belongs, by the distance of the glyphs.
    Inferred,
    /// It is a glyph of its own.
    Drawn,
}

/// Quarter turns to the left, or an oblique angle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Quarter(usize),
    Oblique,
}

impl Builder {
    fn add(&mut self, character: &PdfPageTextChar<'_>) {
        let value = character.unicode_value();
        let Some(letter) = char::from_u32(value) else { return };
        if letter.is_whitespace() {
            let drawn = letter == ' ' && !character.is_generated().unwrap_or(true);
            self.space = if drawn || self.space == Space::Drawn { Space::Drawn } else { Space::Inferred };
            return;
        }
        self.text.letters += 1;
        if matches!(letter, '\u{fffd}' | '\0') || (letter.is_control() && letter != '\u{2}') {
            self.text.unknown += 1;
            return;
        }
        // A font of its own numbering: the letter is kept, should OCR find nothing.
        self.text.unknown += usize::from(is_private(letter));
        let Some(glyph) = Glyph::of(character) else { return };
        if !self.continues(&glyph) {
            self.end_run();
            self.direction = Some(glyph.direction);
            self.votes = 0;
            self.run =
                Run { left: glyph.left, right: glyph.left, y: glyph.y, size: glyph.size, ..Run::default() };
        }
        let is_first = self.run.text.is_empty();
        let gap = glyph.left - self.run.right;
        if !is_first && (self.space != Space::None || gap > SPACE * self.run.size) {
            self.gaps.push((self.run.text.len(), gap));
            self.run.text.push(' ');
        }
        if is_first || self.space != Space::None {
            self.bold = is_bold(character);
        }
        // "R$ 10" with small raised "90" is not a thousand and ninety.
        let raised =
            !is_first && glyph.size < 0.9 * self.run.size && glyph.y - self.run.y > 0.2 * self.run.size;
        if raised
            && !self.raised
            && letter.is_ascii_digit()
            && self.run.text.ends_with(|c: char| c.is_ascii_digit())
        {
            self.run.text.push(' ');
        }
        self.raised = raised;
        self.space = Space::None;
        self.last = (glyph.left, glyph.y);
        let before = self.run.text.len();
        push_letter(&mut self.run.text, letter);
        self.run.bold += usize::from(self.bold && self.run.text.len() > before);
        self.run.right = self.run.right.max(glyph.right);
        self.run.left = self.run.left.min(glyph.left);
        self.vote(&glyph);
    }

    /// A run has the size and baseline of most of its glyphs, whatever bullet, initial or raised
    /// number it begins with: the majority vote of Boyer and Moore.
    fn vote(&mut self, glyph: &Glyph) {
        if (glyph.size - self.run.size).abs() < 0.3 {
            self.votes += 1;
        } else if self.votes == 0 {
            self.run.size = glyph.size;
            self.run.y = glyph.y;
            self.votes = 1;
        } else {
            self.votes -= 1;
        }
    }

    fn continues(&self, glyph: &Glyph) -> bool {
        let run = &self.run;
        if run.text.is_empty() || self.direction != Some(glyph.direction) {
            return false;
        }
        // The letters of a ligature share its place.
        if self.last == (glyph.left, glyph.y) {
            return true;
        }
        let size = run.size.max(glyph.size);
        let gap = glyph.left - run.right;
        // A raised number stands higher, but close to what it belongs to.
        let rise = if gap < SPACE * size && glyph.size.min(run.size) < 0.9 * size { 0.6 } else { 0.25 };
        // A space that was drawn and not skipped belongs to a sentence, stretched to fill its line.
        let wide = if self.space == Space::Drawn { STRETCHED_GAP } else { WIDE_GAP };
        (glyph.y - run.y).abs() <= rise * size && gap <= wide * size && gap >= -JUMP_BACK * size
    }

    fn end_run(&mut self) {
        let mut run = std::mem::take(&mut self.run);
        let gaps = std::mem::take(&mut self.gaps);
        self.space = Space::None;
        self.last = (f32::NAN, f32::NAN);
        if run.text.is_empty() {
            return;
        }
        if let Some(text) = close_up(&run.text, &gaps) {
            run.text = text;
        }
        settle_hyphens(&mut run.text);
        match self.direction {
            Some(Direction::Quarter(turns)) => self.text.directions[turns].push(run),
            _ => self.text.oblique.push(run.text),
        }
    }
}

/// A glyph in coordinates in which its text reads to the right.
struct Glyph {
    left: f32,
    right: f32,
    y: f32,
    size: f32,
    direction: Direction,
}

impl Glyph {
    fn of(character: &PdfPageTextChar<'_>) -> Option<Self> {
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
        all.iter().all(|value| value.is_finite()).then_some(Self { left, right, y, size, direction })
    }
}

fn is_bold(character: &PdfPageTextChar<'_>) -> bool {
    let name = character.font_name();
    if ["Bold", "bold", "Black", "Heavy"].iter().any(|word| name.contains(word)) {
        return true;
    }
    matches!(
        character.font_weight(),
        Some(PdfFontWeight::Weight700Bold | PdfFontWeight::Weight800 | PdfFontWeight::Weight900)
    )
}
