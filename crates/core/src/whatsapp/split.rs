//! Long texts in several messages.
//!
//! A customer gets only about one message in six seconds, so the parts are few: as many as the length asks
//! for, if there is a paragraph, a line or a sentence to end each with, and one or two more where that would
//! tear a sentence or an item of a list apart. What no part can hold is cut between words, then between
//! graphemes. Markers that a cut goes through are closed and opened again; a block of code is only cut if it
//! is longer than a message. Every step looks at one message's worth of text, so the time is linear.
//!
//! Works on what `render.rs` writes, but takes any text. Lengths are UTF-16 units, as Meta counts them.

mod cut;
mod marks;

use unicode_segmentation::UnicodeSegmentation;

use cut::best_cut;
use marks::{Marks, Span};

/// UTF-16 units that fit into one text message.
pub const LONGEST_TEXT: usize = 4096;

/// Below this a part has no room for markers, and they are text like any other.
const SMALLEST_MARKED: usize = 32;

/// Most units that it takes to close what a cut goes through: `_~*` and a backtick, or a fence on its line.
const MOST_CLOSING: usize = 4;

/// Length of a text as WhatsApp counts it, in UTF-16 units.
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// `text` in parts of at most `limit` UTF-16 units, without white space around them; none if it has nothing
/// else. A limit below 2 counts as 2: a character may need that much.
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let (text, limit) = (text.trim(), limit.max(2));
    let marks = if limit < SMALLEST_MARKED { Marks::default() } else { Marks::of(text) };
    let splitter = Splitter { text, limit, marks };
    let mut parts = Vec::new();
    let mut at = 0;
    let mut left = utf16_len(text);
    while at < text.len() {
        let (part, next) = splitter.part(at, left);
        parts.extend(part);
        left -= utf16_len(&text[at..next]);
        at = next;
    }
    parts
}

struct Splitter<'a> {
    text: &'a str,
    limit: usize,
    marks: Marks,
}

impl Splitter<'_> {
    /// The part that begins at `at`, if there is anything to show in it, and where the next one begins;
    /// `left` units are left.
    fn part(&self, at: usize, left: usize) -> (Option<String>, usize) {
        let mut open: Vec<&Span> = self.marks.around(at).filter(|span| span.open < at).collect();
        open.reverse();
        let before: String = open.iter().map(|span| span.opening).collect();
        let room = self.limit - utf16_len(&before);
        let (end, next) =
            if left <= room { (self.text.len(), self.text.len()) } else { self.cut(at, room, left) };
        let content = self.text[at..end].trim_end();
        let part = (!content.trim_start().is_empty()).then(|| before + content + &self.closing(end));
        (part, next)
    }

    /// Where the part that begins at `at` ends, and where the next one begins.
    fn cut(&self, at: usize, room: usize, left: usize) -> (usize, usize) {
        // What has to be closed depends on the cut: it is tried without room for that first.
        for reserved in [0, MOST_CLOSING] {
            let place = best_cut(self.text, at, room.saturating_sub(reserved), left, self.limit, &self.marks);
            let Some(place) = place else { continue };
            let (end, next) = self.settle(at, place);
            let length = utf16_len(self.text[at..end].trim_end()) + utf16_len(&self.closing(end));
            if end > at && length <= room {
                return (end, next);
            }
        }
        // A cluster of characters that is longer than a part.
        let room = if self.limit < SMALLEST_MARKED { room } else { room - MOST_CLOSING };
        let end = at + within(&self.text[at..], room).len();
        let (settled, next) = self.settle(at, end);
        if settled > at { (settled, next) } else { (end, end) }
    }

    /// Moves a cut off the edges of the spans around it, so that none is closed or opened around nothing,
    /// and the next beginning to the text after the white space.
    fn settle(&self, at: usize, cut: usize) -> (usize, usize) {
        let mut end = match self.marks.block_at(cut) {
            Some(block) if cut < block.inside => block.open,
            Some(block) => cut.min(block.close),
            None => cut,
        };
        for span in self.marks.around(end) {
            if span.open < at || !self.text[span.inside..end].trim().is_empty() {
                break;
            }
            end = span.open;
        }
        let mut next = end;
        for span in self.marks.around(end) {
            if !self.text[next..span.close].trim().is_empty() {
                break;
            }
            next = span.end;
        }
        // The lines of code keep their indentation.
        let in_block = self.marks.around(next).any(|span| span.is_block);
        let rest = &self.text[next..];
        let kept = if in_block { rest.trim_start_matches('\n') } else { rest.trim_start() };
        (end, self.text.len() - kept.len())
    }

    fn closing(&self, at: usize) -> String {
        self.marks.around(at).map(|span| span.closing).collect()
    }
}

/// The longest beginning of `text` that has at most `limit` units.
fn within(text: &str, limit: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > limit
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// `text` in at most `limit` UTF-16 units: cut after a word if that leaves half of it or more, with "…".
pub fn shorten(text: &str, limit: usize) -> String {
    let text = text.trim();
    if within(text, limit).len() == text.len() {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(1) else { return String::new() };
    let (mut end, mut word, mut units) = (0, None, 0);
    for (at, cluster) in text.grapheme_indices(true) {
        if cluster.chars().all(char::is_whitespace) {
            word = Some((at, units));
        }
        units += utf16_len(cluster);
        if units > room {
            break;
        }
        end = at + cluster.len();
    }
    let whole = word.filter(|(_, length)| 2 * length >= room).map_or(end, |(at, _)| at);
    let kept = text[..whole].trim_end_matches(|c: char| c.is_whitespace() || ",;:-–—([{/".contains(c));
    format!("{kept}…")
}

#[cfg(test)]
mod tests;
