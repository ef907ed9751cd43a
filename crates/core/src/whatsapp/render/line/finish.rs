//! A line in WhatsApp's syntax: which markers are placed, and which characters must not look like one.

use std::ops::Range;

use super::{Fixed, Line, Span, addresses};

/// What WhatsApp pairs within a line, outermost first where several begin together.
const MARKS: [char; 3] = ['*', '_', '~'];

/// What each of [`MARKS`] becomes where it would format but is meant as itself.
const LOOKALIKES: [char; 3] = ['∗', '＿', '∼'];

/// The same for a backtick.
const QUOTE: char = '‘';

/// Whether WhatsApp begins emphasis at a marker between these characters.
pub fn can_open(before: Option<char>, after: Option<char>) -> bool {
    !before.is_some_and(char::is_alphanumeric) && after.is_some_and(|c| !c.is_whitespace())
}

/// Whether WhatsApp ends emphasis at a marker between these characters.
pub fn can_close(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(|c| !c.is_whitespace()) && !after.is_some_and(char::is_alphanumeric)
}

/// A marker and where it goes. In order of the fields, as they are written: at one place the closing ones
/// before the opening ones, and what nests inside what in `depth`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Marker {
    at: usize,
    opens: bool,
    depth: (usize, usize),
    mark: char,
}

/// A character that is meant as itself, and what WhatsApp could take it for.
struct Literal {
    at: usize,
    kind: usize,
    opens: bool,
    closes: bool,
    /// A marker is beside it.
    touches: bool,
}

/// Where emphasis of each kind can first begin and last end. Places are doubled, because a marker stands
/// between two characters.
struct Reach {
    opens: [usize; MARKS.len()],
    closes: [usize; MARKS.len()],
}

impl Reach {
    fn note(&mut self, kind: usize, place: usize, opens: bool, closes: bool) {
        if opens {
            self.opens[kind] = self.opens[kind].min(place);
        }
        if closes {
            self.closes[kind] = self.closes[kind].max(place);
        }
    }

    /// Whether this character would begin or end emphasis of something.
    fn pairs(&self, literal: &Literal) -> bool {
        let place = 2 * literal.at + 1;
        // Two markers with nothing between them are text, unless there are more.
        let begins = literal.opens && self.closes[literal.kind] > place + 2;
        let ends = literal.closes && self.opens[literal.kind].saturating_add(2) < place;
        begins || ends || literal.touches
    }
}

impl Line {
    /// The line in WhatsApp's syntax, without white space around it.
    pub fn finish(&self) -> String {
        let fixed = self.fixed_ranges();
        let mut markers = Vec::with_capacity(2 * self.spans.len());
        for span in &self.spans {
            self.mark_span(span, &fixed, &mut markers);
        }
        let replaced = self.replaced(&fixed, &markers);
        // A name that would lose its underscores is shown as code: what is copied is what was meant.
        for (range, why) in &fixed {
            let first = replaced.partition_point(|at| *at < range.start);
            let formats = replaced.get(first).is_some_and(|at| *at < range.end);
            if formats && matches!(why, Fixed::Mailbox | Fixed::Name) {
                markers.push(Marker { at: range.start, opens: true, depth: (usize::MAX, 0), mark: '`' });
                markers.push(Marker { at: range.end, opens: false, depth: (0, 0), mark: '`' });
            }
        }
        markers.sort_unstable();

        let mut out = String::with_capacity(self.text.len() + markers.len() + replaced.len());
        let (mut markers, mut replaced) = (markers.iter().peekable(), replaced.iter().peekable());
        for (at, c) in self.text.char_indices() {
            while let Some(marker) = markers.next_if(|marker| marker.at == at) {
                out.push(marker.mark);
            }
            let replace = replaced.next_if_eq(&&at).is_some() && fixed_at(&fixed, at).is_none();
            out.push(if replace { lookalike(c) } else { c });
        }
        out.extend(markers.map(|marker| marker.mark));
        out.trim().to_owned()
    }

    /// Everything that is written as it is, in order and without overlaps.
    fn fixed_ranges(&self) -> Vec<(Range<usize>, Fixed)> {
        let mut all = self.fixed.clone();
        for range in addresses(&self.text, false) {
            let why = match self.text[range.clone()].trim_start_matches('(') {
                name if name.starts_with(['@', '#']) => Fixed::Name,
                url if url.contains("://") || !url.contains('@') => Fixed::Url,
                _ => Fixed::Mailbox,
            };
            all.push((range, why));
        }
        all.sort_by_key(|(range, _)| range.start);
        let mut end = 0;
        all.retain(|(range, _)| {
            let apart = range.start >= end;
            end = if apart { range.end } else { end };
            apart
        });
        all
    }

    /// Places the markers of a span around what may be emphasised of it.
    fn mark_span(&self, span: &Span, fixed: &[(Range<usize>, Fixed)], markers: &mut Vec<Marker>) {
        let kind = kind_of(span.mark).unwrap_or_default();
        let mut place = |piece: &Range<usize>, mark: char| {
            let depth = (usize::MAX - piece.end, kind);
            markers.push(Marker { at: piece.start, opens: true, depth, mark });
            let depth = (usize::MAX - piece.start, MARKS.len() - kind);
            markers.push(Marker { at: piece.end, opens: false, depth, mark });
        };
        let first = fixed.partition_point(|(range, _)| range.end <= span.range.start);
        let inside = fixed[first..].iter().take_while(|(range, _)| range.start < span.range.end);
        let left_out = inside.filter(|(_, why)| matches!(why, Fixed::Url | Fixed::Mailbox));
        let end = span.range.end;
        let mut from = span.range.start;
        for (until, next) in left_out.map(|(range, _)| (range.start, range.end)).chain([(end, end)]) {
            let piece = self.trimmed(from..until.max(from));
            if self.can_mark(&piece) {
                place(&piece, span.mark);
            } else if piece == span.range && self.is_arithmetic(&piece) {
                // `2*3*4` is a product; without its stars it would be another number.
                span.delimiter.into_iter().for_each(|mark| place(&piece, mark));
            }
            from = next;
        }
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.text[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        start..start + text.trim().len()
    }

    /// The characters before and after a place.
    fn around(&self, at: usize) -> (Option<char>, Option<char>) {
        (self.text[..at].chars().next_back(), self.text[at..].chars().next())
    }

    fn can_mark(&self, piece: &Range<usize>) -> bool {
        let (before, first) = self.around(piece.start);
        let (last, after) = self.around(piece.end);
        // A parenthesis that is left between two addresses is nothing to emphasise.
        let empty = self.text[piece.clone()].chars().all(|c| c.is_ascii_punctuation());
        !empty && can_open(before, first) && can_close(last, after)
    }

    fn is_arithmetic(&self, piece: &Range<usize>) -> bool {
        let ((before, first), (last, after)) = (self.around(piece.start), self.around(piece.end));
        before.is_some_and(char::is_alphanumeric)
            && [before, first, last, after].into_iter().flatten().any(|c| c.is_ascii_digit())
    }

    /// Where a character that is meant as itself would format with another one, or with a marker.
    fn replaced(&self, fixed: &[(Range<usize>, Fixed)], markers: &[Marker]) -> Vec<usize> {
        let mut reach = Reach { opens: [usize::MAX; MARKS.len()], closes: [0; MARKS.len()] };
        for marker in markers {
            if let Some(kind) = kind_of(marker.mark) {
                reach.note(kind, 2 * marker.at, marker.opens, !marker.opens);
            }
        }
        let mut places: Vec<usize> = markers.iter().map(|marker| marker.at).collect();
        places.sort_unstable();
        let is_marked = |at: usize| places.binary_search(&at).is_ok();

        let (mut literals, mut ticks) = (Vec::new(), Vec::new());
        for (at, c) in self.text.match_indices(['*', '_', '~', '`']) {
            if matches!(fixed_at(fixed, at), Some(Fixed::Code | Fixed::Url)) {
                continue;
            }
            let Some(kind) = c.chars().next().and_then(kind_of) else {
                ticks.push(at);
                continue;
            };
            // A marker beside it is what WhatsApp sees there.
            let (marked, followed) = (is_marked(at), is_marked(at + 1));
            let before = if marked { Some('*') } else { self.around(at).0 };
            let after = if followed { Some('*') } else { self.around(at + 1).1 };
            let (opens, closes) = (can_open(before, after), can_close(before, after));
            reach.note(kind, 2 * at + 1, opens, closes);
            literals.push(Literal { at, kind, opens, closes, touches: marked || followed });
        }
        // What stands together looks alike.
        let runs = literals.chunk_by(|one, next| one.at + 1 == next.at && one.kind == next.kind);
        let paired = runs.filter(|run| run.iter().any(|literal| reach.pairs(literal))).flatten();
        let mut replaced: Vec<usize> = paired.map(|literal| literal.at).collect();
        if ticks.len() > 1 || fixed.iter().any(|(_, why)| *why == Fixed::Code) {
            replaced.append(&mut ticks);
            replaced.sort_unstable();
        }
        replaced
    }
}

fn kind_of(mark: char) -> Option<usize> {
    MARKS.iter().position(|known| *known == mark)
}

fn fixed_at(fixed: &[(Range<usize>, Fixed)], at: usize) -> Option<Fixed> {
    let index = fixed.partition_point(|(range, _)| range.end <= at);
    fixed.get(index).filter(|(range, _)| range.start <= at).map(|(_, why)| *why)
}

fn lookalike(c: char) -> char {
    kind_of(c).map_or(QUOTE, |kind| LOOKALIKES[kind])
}
