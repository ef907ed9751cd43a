//! The drawn lines of tables: which columns and rows they part.

use super::drawing::Stroke;
use super::glyphs::Place;
use super::line::Line;
use super::strike::turned;

/// Points by which pieces of one line may lie apart.
const SLACK: f32 = 3.0;
/// Points that a line of a table is long, at least.
const MIN_LENGTH: f32 = 4.0;

/// A line across or down: where it lies, and from where to where it goes.
#[derive(Debug, Clone, Copy)]
struct Rule {
    at: f32,
    low: f32,
    high: f32,
}

/// The lines of a page, for text of one direction.
pub(super) struct Rules {
    down: Vec<Rule>,
    across: Vec<Rule>,
}

/// A table that is parted by lines.
pub(super) struct Frame {
    /// Where its columns are parted.
    pub(super) separators: Vec<f32>,
    pub(super) top: f32,
    pub(super) bottom: f32,
    down: Vec<Rule>,
    /// Heights at which rows are parted.
    across: Vec<f32>,
}

impl Rules {
    pub(super) fn of(strokes: &[Stroke], turns: usize) -> Self {
        let (mut down, mut across) = (Vec::new(), Vec::new());
        for stroke in strokes {
            let (a, b) = (turned(stroke.from, turns), turned(stroke.to, turns));
            let (dx, dy) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
            if dx <= 1.0 && dy >= MIN_LENGTH {
                down.push(Rule { at: f32::midpoint(a.0, b.0), low: a.1.min(b.1), high: a.1.max(b.1) });
            } else if dy <= 1.0 && dx >= MIN_LENGTH {
                across.push(Rule { at: f32::midpoint(a.1, b.1), low: a.0.min(b.0), high: a.0.max(b.0) });
            }
        }
        Self { down, across }
    }

    /// The frame around rows, if lines part the columns of at least half of them.
    pub(super) fn frame(&self, rows: &[&Line]) -> Option<Frame> {
        let cells = || rows.iter().flat_map(|row| &row.cells);
        let left = cells().map(|cell| cell.left).fold(f32::INFINITY, f32::min);
        let right = cells().map(|cell| cell.right).fold(f32::NEG_INFINITY, f32::max);
        let (highest, lowest) = (rows.first()?.y(), rows.last()?.y());
        let near = self.down.iter().filter(|rule| {
            rule.at > left - 40.0 && rule.at < right + 40.0 && rule.high > lowest && rule.low < highest + 20.0
        });
        let mut down: Vec<Rule> = near.copied().collect();
        down.sort_by(|a, b| a.at.total_cmp(&b.at));
        let places = down.chunk_by(|a, b| b.at - a.at < SLACK).filter_map(|pieces| {
            let at = pieces.first()?.at;
            let parted = rows.iter().filter(|row| pieces.iter().any(|rule| rule.passes(middle(row))));
            (at > left && at < right && parted.count() * 2 >= rows.len()).then_some(at)
        });
        let separators: Vec<f32> = places.collect();
        if separators.is_empty() {
            return None;
        }
        let top = down.iter().map(|rule| rule.high).fold(f32::NEG_INFINITY, f32::max);
        let bottom = down.iter().map(|rule| rule.low).fold(f32::INFINITY, f32::min);
        let mut across: Vec<Rule> =
            self.across.iter().filter(|rule| rule.at < top && rule.at > bottom).copied().collect();
        across.sort_by(|a, b| b.at.total_cmp(&a.at));
        let across = across
            .chunk_by(|a, b| a.at - b.at < SLACK)
            .filter_map(|pieces| {
                let covered: f32 =
                    pieces.iter().map(|rule| (rule.high.min(right) - rule.low.max(left)).max(0.0)).sum();
                (covered * 2.0 >= right - left).then_some(pieces.first()?.at)
            })
            .collect();
        Some(Frame { separators, top, bottom, down, across })
    }
}

impl Rule {
    fn passes(self, at: f32) -> bool {
        self.low <= at && at <= self.high
    }
}

/// The height of a line's middle.
fn middle(line: &Line) -> f32 {
    line.y() + 0.3 * line.size()
}

impl Frame {
    /// Whether a line stands within the frame.
    pub(super) fn has(&self, line: &Line) -> bool {
        (self.bottom..=self.top).contains(&middle(line))
    }

    /// The number of the row a line stands in; none where no lines part rows.
    pub(super) fn row(&self, line: &Line) -> Option<usize> {
        let middle = middle(line);
        (!self.across.is_empty()).then(|| self.across.iter().filter(|at| **at > middle).count())
    }

    /// The columns of a cell: those between the lines on either side of it. What stands in several that no
    /// line parts is meant for all of them.
    pub(super) fn place(&self, line: &Line, left: f32, right: f32) -> Place {
        let height = middle(line);
        let center = f32::midpoint(left, right);
        let is_drawn =
            |at: f32| self.down.iter().any(|rule| (rule.at - at).abs() < SLACK && rule.passes(height));
        let drawn = || self.separators.iter().enumerate().filter(|(_, at)| is_drawn(**at));
        let first = drawn().filter(|(_, at)| **at <= center).map(|(n, _)| n + 1).max().unwrap_or(0);
        let last = drawn().filter(|(_, at)| **at > center).map(|(n, _)| n).min();
        Place { first, last: last.unwrap_or(self.separators.len()), is_sure: true }
    }
}
