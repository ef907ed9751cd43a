//! The glyphs of a page, gathered into runs: pieces of text on one baseline without wide gaps.
//!
//! A page may hold text in several directions (a table turned sideways, a stamp in the margin), so
//! runs are kept by direction, in coordinates turned so that text reads to the right. pdfium marks
//! where spaces belong; between runs, gaps decide (see `layout`).

use pdfium_render::prelude::{PdfPage, PdfPageTextChar, PdfPageTextRenderMode};

use super::area::Area;
use super::drawing::Drawing;
use super::fields;
use super::glyph::{Direction, Glyph, is_bold};
use super::letters::{close_up, is_private, push_letter, settle_hyphens};
use super::strike::Strikes;
use super::visible::Sight;
use crate::ingest::STRUCK_OUT;

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
    /// The spaces in the text.
    pub(super) gaps: Vec<Gap>,
    /// Where it stands as a cell of a table.
    pub(super) place: Option<Place>,
}

/// The columns of a table in which a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) first: usize,
    pub(super) last: usize,
    /// Whether it is meant for all of them; it might be for one otherwise, and there is no telling which.
    pub(super) is_sure: bool,
}

/// A space within a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    /// Where it is in the text, in bytes.
    pub(super) at: usize,
    /// Where the glyph before it ends, and the one after it begins.
    pub(super) left: f32,
    pub(super) right: f32,
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
    /// Glyphs, and pieces of text, that no reader shows and that were left out.
    pub(super) hidden: usize,
    /// Pieces of text that are struck out and were left out.
    pub(super) struck: usize,
}

impl PageText {
    /// Whether the fonts do not tell most of the letters.
    pub(super) fn is_unknown(&self) -> bool {
        self.letters > 0 && self.unknown * 2 >= self.letters
    }
}

/// Everything a reader shows of what a page says, form fields included.
pub(super) fn collect(page: &PdfPage<'_>, drawing: &Drawing, sight: &Sight) -> PageText {
    let mut builder = Builder {
        page,
        bounds: drawing.bounds,
        sight,
        strikes: Strikes::of(page, drawing),
        text: PageText { hidden: sight.hidden, ..PageText::default() },
        run: Run::default(),
        direction: None,
        bold: false,
        struck: false,
        space: Space::None,
        votes: 0,
        raised: false,
        last: (f32::NAN, f32::NAN),
    };
    if let Ok(text) = page.text() {
        for character in text.chars().iter() {
            builder.add(&character);
        }
    }
    builder.end_run();
    let mut text = builder.text;
    fields::add(page, &mut text);
    text
}

struct Builder<'a> {
    page: &'a PdfPage<'a>,
    bounds: Area,
    sight: &'a Sight,
    strikes: Strikes,
    text: PageText,
    run: Run,
    direction: Option<Direction>,
    bold: bool,
    /// The run is in the middle of something struck out.
    struck: bool,
    space: Space,
    /// Glyphs of the run's size beyond those of others.
    votes: usize,
    /// The last glyph was small and above the line.
    raised: bool,
    /// Place of the last glyph.
    last: (f32, f32),
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

impl Builder<'_> {
    fn add(&mut self, character: &PdfPageTextChar<'_>) {
        let value = character.unicode_value();
        let Some(letter) = char::from_u32(value) else { return };
        if letter.is_whitespace() {
            let drawn = letter == ' ' && !character.is_generated().unwrap_or(true);
            self.space = if drawn || self.space == Space::Drawn { Space::Drawn } else { Space::Inferred };
            return;
        }
        let glyph = Glyph::of(character);
        if let Some(glyph) = &glyph
            && !self.is_seen(glyph, character)
        {
            self.text.hidden += 1;
            return;
        }
        self.text.letters += 1;
        if matches!(letter, '\u{fffd}' | '\0') || (letter.is_control() && letter != '\u{2}') {
            self.text.unknown += 1;
            return;
        }
        // A font of its own numbering: the letter is kept, should OCR find nothing.
        self.text.unknown += usize::from(is_private(letter));
        let Some(glyph) = glyph else { return };
        if !self.continues(&glyph) {
            self.end_run();
            self.direction = Some(glyph.direction);
            self.votes = 0;
            self.struck = false;
            self.run =
                Run { left: glyph.left, right: glyph.left, y: glyph.y, size: glyph.size, ..Run::default() };
        }
        let is_first = self.run.text.is_empty();
        let gap = glyph.left - self.run.right;
        let is_struck = self.is_struck(&glyph);
        if !is_first && (self.space != Space::None || gap > SPACE * self.run.size) {
            let at = self.run.text.len();
            self.run.gaps.push(Gap { at, left: self.run.right, right: glyph.left });
            self.run.text.push(' ');
        }
        if is_struck && !self.struck {
            self.run.text.push(STRUCK_OUT);
            self.text.struck += 1;
        }
        self.struck = is_struck;
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
        if !is_struck {
            push_letter(&mut self.run.text, letter);
        }
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

    /// Whether a reader shows the glyph: on the page, and not hidden.
    fn is_seen(&self, glyph: &Glyph, character: &PdfPageTextChar<'_>) -> bool {
        let is_inkless = || {
            matches!(
                character.render_mode(),
                Ok(PdfPageTextRenderMode::Invisible | PdfPageTextRenderMode::InvisibleClipping)
            )
        };
        self.bounds.has(glyph.area.middle()) && self.sight.shows(self.page, glyph.area, is_inkless)
    }

    fn is_struck(&self, glyph: &Glyph) -> bool {
        let Direction::Quarter(turns) = glyph.direction else { return false };
        self.strikes.through(turns, (glyph.left, glyph.right), glyph.y, glyph.size)
    }

    fn end_run(&mut self) {
        let mut run = std::mem::take(&mut self.run);
        self.struck = false;
        self.space = Space::None;
        self.last = (f32::NAN, f32::NAN);
        if run.text.is_empty() {
            return;
        }
        let gaps: Vec<_> = run.gaps.iter().map(|gap| (gap.at, gap.right - gap.left)).collect();
        if let Some(text) = close_up(&run.text, &gaps) {
            run.text = text;
            run.gaps.clear();
        }
        let length = run.text.len();
        settle_hyphens(&mut run.text);
        if run.text.len() != length {
            run.gaps.clear();
        }
        match self.direction {
            Some(Direction::Quarter(turns)) => self.text.directions[turns].push(run),
            _ => self.text.oblique.push(run.text),
        }
    }
}
