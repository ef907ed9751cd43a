//! Where a text is best cut.

use unicode_segmentation::UnicodeSegmentation;

use super::marks::Marks;
use super::{utf16_len, within};
use crate::text::sentence_spans;

/// Units looked at behind the limit, to see whether a sentence or a cluster ends at it.
const AHEAD: usize = 64;

/// Places to cut at, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Paragraph,
    Line,
    /// Also a line of an item after its first.
    Sentence,
    /// The end of a sentence within an item, or of a line that announces the next one.
    Poor,
    Word,
    Grapheme,
}

/// What ends parts as few as the length asks for.
const GOOD: [Rank; 3] = [Rank::Paragraph, Rank::Line, Rank::Sentence];

/// The last place of each rank, and the units up to it.
#[derive(Debug, Default)]
struct Places([Option<(usize, usize)>; 6]);

impl Places {
    fn note(&mut self, rank: Rank, at: usize, units: usize) {
        let place = &mut self.0[rank as usize];
        *place = (*place).max(Some((at, units)));
    }

    /// The best place of `ranks` with at least `least` units before it.
    fn from(&self, ranks: &[Rank], least: usize) -> Option<usize> {
        let fits = |rank: &Rank| self.0[*rank as usize].filter(|(_, units)| *units >= least);
        ranks.iter().find_map(fits).map(|(at, _)| at)
    }

    fn last(&self) -> Option<usize> {
        let words = self.0[..Rank::Grapheme as usize].iter().flatten().map(|(at, _)| *at).max();
        words.or_else(|| self.0[Rank::Grapheme as usize].map(|(at, _)| at))
    }
}

/// Where to end a part of at most `room` units that begins at `at`, when `left` units are left for this part
/// and others of `limit`. `None` if there is no place that leaves clusters and blocks of code whole.
pub(super) fn best_cut(
    text: &str,
    at: usize,
    room: usize,
    left: usize,
    limit: usize,
    marks: &Marks,
) -> Option<usize> {
    let view = View { at, window: within(&text[at..], room + AHEAD), room, limit, marks };
    // With fewer units in this part, one part more would be needed.
    let fewest = left.saturating_sub((left.div_ceil(limit) - 1) * limit).max(1);
    let half = room.div_ceil(2).max(1);
    let mut places = view.breaks();
    if let Some(place) = places.from(&GOOD[..2], fewest) {
        return Some(place);
    }
    view.sentences(&mut places);
    places
        .from(&GOOD, fewest)
        .or_else(|| places.from(&GOOD, half))
        .or_else(|| places.from(&[Rank::Poor], half))
        .or_else(|| places.last())
}

struct View<'a> {
    at: usize,
    /// The text from `at` on that has to be looked at.
    window: &'a str,
    room: usize,
    limit: usize,
    marks: &'a Marks,
}

impl View<'_> {
    /// The white space and the edges of clusters.
    fn breaks(&self) -> Places {
        let mut places = Places::default();
        let (mut units, mut run_until) = (0, 0);
        for (shift, cluster) in self.window.grapheme_indices(true) {
            if units > self.room {
                break;
            }
            if shift > 0 && shift >= run_until {
                let blank = cluster.chars().all(|c| c.is_whitespace() && !is_unbreakable(c));
                let rank = if blank { self.white_space(shift, &mut run_until) } else { Some(Rank::Grapheme) };
                if let Some(rank) = rank.filter(|_| self.is_allowed(self.at + shift)) {
                    places.note(rank, self.at + shift, units);
                }
            }
            units += utf16_len(cluster);
        }
        places
    }

    /// What it means to cut at the white space at `shift`, which is followed to its end.
    fn white_space(&self, shift: usize, run_until: &mut usize) -> Option<Rank> {
        let (head, tail) = self.window.split_at(shift);
        let rest = tail.trim_start_matches(|c: char| c.is_whitespace() && !is_unbreakable(c));
        let run = &tail[..tail.len() - rest.len()];
        *run_until = shift + run.len();
        let lines = run.matches('\n').count();
        if lines == 0 {
            // An amount stays with its currency.
            return (!head.ends_with('$')).then_some(Rank::Word);
        }
        if self.marks.block_at(self.at + shift).is_some() {
            return Some(Rank::Line);
        }
        let above = &head[head.rfind('\n').map_or(0, |newline| newline + 1)..];
        let is_heading = above.len() > 2 && above.starts_with('*') && above.ends_with('*');
        Some(if above.ends_with(':') || is_heading {
            Rank::Poor
        } else if run.ends_with(' ') {
            Rank::Sentence
        } else if lines > 1 {
            Rank::Paragraph
        } else {
            Rank::Line
        })
    }

    /// The ends of sentences.
    fn sentences(&self, places: &mut Places) {
        let (mut until, mut units) = (0, 0);
        let mut in_item = starts_item(self.window);
        for sentence in sentence_spans(self.window) {
            if let Some(newline) = self.window[until.min(sentence.start)..sentence.start].rfind('\n') {
                in_item = starts_item(&self.window[until + newline + 1..]);
            }
            let end = sentence.end + behind(&self.window[sentence.end..]);
            units += utf16_len(&self.window[until.min(end)..end]);
            until = until.max(end);
            if units > self.room {
                break;
            }
            let place = self.at + end;
            let ends_word = self.window[end..].starts_with(char::is_whitespace);
            if ends_word && self.marks.block_at(place).is_none() {
                places.note(if in_item { Rank::Poor } else { Rank::Sentence }, place, units);
            }
        }
    }

    /// Whether a cut leaves the blocks whole that fit into a part, and the markers of the others.
    fn is_allowed(&self, place: usize) -> bool {
        let block = self.marks.block_at(place);
        block.is_none_or(|block| block.units > self.limit && block.inside < place && place <= block.close)
    }
}

/// Bytes of what belongs to a sentence although it stands behind it: markers, and citations such as `[1]`.
fn behind(text: &str) -> usize {
    let mut rest = text.trim_start_matches(['*', '_', '~']);
    while let Some(citation) = rest.trim_start_matches(' ').strip_prefix('[') {
        let after = citation.trim_start_matches(|c: char| c.is_ascii_digit());
        let Some(after) = after.strip_prefix(']').filter(|_| citation.len() > after.len()) else { break };
        rest = after.trim_start_matches(['*', '_', '~', '.']);
    }
    text.len() - rest.len()
}

fn starts_item(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>']);
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        after_number.len() < line.len() && (after_number.starts_with(". ") || after_number.starts_with(") "));
    numbered || ["- ", "* ", "+ ", "• ", "☑ ", "☐ "].iter().any(|mark| line.starts_with(mark))
}

fn is_unbreakable(c: char) -> bool {
    matches!(c, '\u{A0}' | '\u{202F}' | '\u{2007}')
}
