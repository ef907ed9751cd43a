//! One line of text with its emphasis, written the way WhatsApp reads it.
//!
//! WhatsApp takes a marker for one only at the edge of a word and pairs markers within a line; it has no
//! escape. So a line is put together first and its markers are placed when it is complete:
//!
//! - emphasis within a word is left out, and the word stays whole;
//! - addresses are left out of emphasis, because a link takes the marker behind it for its own;
//! - a character that is meant as itself but would format is replaced by one that looks like it. A
//!   zero-width character would be copied along unseen, and nothing promises that it breaks a pair.

mod address;
mod finish;

use std::ops::Range;

pub(super) use address::addresses;
pub use finish::{can_close, can_open};

/// A line that is being put together.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    text: String,
    spans: Vec<Span>,
    fixed: Vec<(Range<usize>, Fixed)>,
}

/// Text between two markers.
#[derive(Debug, Clone)]
struct Span {
    mark: char,
    /// What the source has for the marker, if that is one character.
    delimiter: Option<char>,
    range: Range<usize>,
}

/// Why a range of a line is written as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fixed {
    Code,
    /// What follows is reached by tapping; WhatsApp does not format inside.
    Url,
    /// The address of a mailbox, which WhatsApp would format inside.
    Mailbox,
    /// A user's name or a hashtag: the same, but emphasis may be around it.
    Name,
}

impl Line {
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Bytes so far: where a mark that begins now begins.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Code within the line; with backticks in it, between three of them.
    pub fn code(&mut self, code: &str) {
        let from = self.len();
        if code.contains('`') {
            let blank = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
            self.text.push_str(&format!("```{blank}{}{blank}```", without_fences(code)));
        } else {
            self.text.push_str(&format!("`{code}`"));
        }
        self.fixed.push((from..self.len(), Fixed::Code));
    }

    /// An address, with what belongs to it: emphasis leaves it out.
    pub fn address(&mut self, text: &str) {
        let from = self.len();
        self.text.push_str(text);
        self.fixed.push((from..self.len(), Fixed::Url));
    }

    /// Emphasises what came after `from`.
    pub fn mark(&mut self, mark: char, delimiter: Option<char>, from: usize) {
        self.spans.push(Span { mark, delimiter, range: from..self.len() });
    }

    /// Emphasises everything as a heading; bold inside it would only double the stars.
    pub fn embolden(&mut self) {
        self.spans.retain(|span| span.mark != '*');
        self.mark('*', None, 0);
    }

    /// Takes back what came after `from`.
    pub fn truncate(&mut self, from: usize) {
        self.text.truncate(from);
        self.spans.retain(|span| span.range.end <= from);
        self.fixed.retain(|(range, _)| range.end <= from);
    }

    pub fn append(&mut self, other: &Line) {
        let shift = self.len();
        self.text.push_str(&other.text);
        let moved = |range: &Range<usize>| range.start + shift..range.end + shift;
        self.spans.extend(other.spans.iter().map(|s| Span { range: moved(&s.range), ..s.clone() }));
        self.fixed.extend(other.fixed.iter().map(|(range, why)| (moved(range), *why)));
    }
}

/// Code in which three backticks in a row do not end it.
pub(super) fn without_fences(code: &str) -> String {
    code.replace("```", "`\u{200B}`\u{200B}`")
}
