//! What a PDF looks like as a whole: its body size, its line pitch, the sizes of its headings.
//!
//! Size alone says nothing: 14 points are a heading in a contract and body text in a flyer. So every
//! page is looked at before any line is judged.

use std::collections::BTreeMap;

use super::line::Line;

/// A heading is at least so much larger than the body.
const LARGER: f32 = 1.12;
/// Levels told apart by size; what is smaller shares the last.
const MAX_LEVELS: usize = 4;
/// A longer bold line of body size is emphasis.
const MAX_BOLD_HEADING: usize = 80;
/// What the document as a whole looks like.
#[derive(Debug)]
pub(super) struct Style {
    /// Size of the body text, in points.
    pub(super) body: f32,
    /// Usual distance of lines, in ems.
    pub(super) pitch: f32,
    /// Heading sizes in half points, largest first.
    sizes: Vec<u32>,
    /// Bold type stands out, because most type is not bold.
    bold_stands_out: bool,
}

impl Style {
    /// The style of a document by the lines of its pages.
    pub(super) fn of<'a>(pages: impl Iterator<Item = &'a [Line]>) -> Self {
        let mut letters_by_size: BTreeMap<u32, usize> = BTreeMap::new();
        let (mut letters, mut bold) = (0, 0);
        let mut pitches = Vec::new();
        let mut large: BTreeMap<u32, usize> = BTreeMap::new();
        for lines in pages {
            for line in lines {
                let count = line.letters();
                *letters_by_size.entry(half_points(line.size())).or_default() += count;
                letters += count;
                bold += if line.is_bold() { count } else { 0 };
                if count >= 2 && line.cells.len() == 1 {
                    *large.entry(half_points(line.size())).or_default() += 1;
                }
            }
            for pair in lines.windows(2).filter(|pair| pair[0].region == pair[1].region) {
                let pitch = (pair[0].y() - pair[1].y()) / pair[0].size().max(1.0);
                let same_size = half_points(pair[0].size()) == half_points(pair[1].size());
                if same_size
                    && pair[0].cells.len() == 1
                    && pair[1].cells.len() == 1
                    && (0.8..2.6).contains(&pitch)
                {
                    pitches.push(pitch);
                }
            }
        }
        let body = letters_by_size.iter().max_by_key(|(_, count)| **count).map_or(20, |(size, _)| *size);
        let body = points(body);
        pitches.sort_by(f32::total_cmp);
        let pitch = pitches.get(pitches.len() / 4).copied().unwrap_or(1.2);
        let sizes = large.into_keys().rev().filter(|size| points(*size) >= body * LARGER).collect();
        Self { body, pitch, sizes, bold_stands_out: bold * 2 < letters }
    }

    /// Whether a line is larger than the body text, clearly.
    pub(super) fn is_large(&self, line: &Line) -> bool {
        line.size() >= self.body * LARGER
    }

    /// Level of heading of a line by its looks alone.
    pub(super) fn level(&self, line: &Line) -> Option<u8> {
        if self.is_large(line) {
            let rank = self.sizes.iter().position(|size| *size == half_points(line.size()));
            return Some(capped(rank.unwrap_or(MAX_LEVELS)));
        }
        let is_bold = self.bold_stands_out && line.is_bold() && line.size() >= self.body * 0.95;
        (is_bold && line.letters() <= MAX_BOLD_HEADING).then(|| capped(self.sizes.len()))
    }
}

fn capped(rank: usize) -> u8 {
    u8::try_from(rank.min(MAX_LEVELS - 1)).unwrap_or(0) + 1
}

/// Sizes come out of matrices: 11.98 and 12.01 are the same type.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and sizes are small")]
fn half_points(size: f32) -> u32 {
    (size * 2.0).round() as u32
}

#[allow(clippy::cast_precision_loss, reason = "sizes are small")]
fn points(half_points: u32) -> f32 {
    half_points as f32 / 2.0
}
