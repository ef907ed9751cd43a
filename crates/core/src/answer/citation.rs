//! Citation markers in a model's text.
//!
//! The prompt numbers the excerpts; the model writes `[2]`. Here markers are renumbered from 1 in the
//! order of their first use, and those that name no excerpt are dropped: a citation always points at
//! a chunk that was retrieved. Works piece by piece, so that streamed and whole answers are the same.

/// Said by the model when the excerpts have no answer.
pub(super) const NO_ANSWER: &str = "NO_ANSWER";

/// Longest marker looked at, in bytes.
const LONGEST_MARKER: usize = 24;

/// Rewrites markers while text flows through.
#[derive(Debug, Default)]
pub(super) struct CitationWriter {
    excerpts: usize,
    /// Excerpts in the order of their first citation, counted from 0.
    cited: Vec<usize>,
    /// Text that may still become a marker or the no-answer word.
    held: String,
    started: bool,
    refused: bool,
}

impl CitationWriter {
    pub fn new(excerpts: usize) -> Self {
        Self { excerpts, ..Self::default() }
    }

    /// Takes a piece, returns what can be shown.
    pub fn push(&mut self, piece: &str) -> String {
        if self.refused {
            return String::new();
        }
        self.held.push_str(piece);
        if !self.started {
            let begun = self.held.trim_start();
            if begun.starts_with(NO_ANSWER) {
                self.refused = true;
                self.held.clear();
                return String::new();
            }
            if NO_ANSWER.starts_with(begun) {
                return String::new();
            }
            self.started = true;
        }
        let text = std::mem::take(&mut self.held);
        self.rewrite(&text, false)
    }

    /// Returns what was held back, and the excerpts cited; `None` if the model had no answer.
    pub fn finish(mut self) -> Option<(String, Vec<usize>)> {
        let text = std::mem::take(&mut self.held);
        if self.refused || (!self.started && text.trim() == NO_ANSWER) {
            return None;
        }
        let rest = self.rewrite(&text, true);
        Some((rest, self.cited))
    }

    fn rewrite(&mut self, text: &str, last: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('[') {
            let (before, marker) = rest.split_at(open);
            out.push_str(before);
            match marker.find(']') {
                Some(close) if close <= LONGEST_MARKER => {
                    self.marker(&marker[..=close], &mut out);
                    rest = &marker[close + 1..];
                }
                None if !last && marker.len() <= LONGEST_MARKER => {
                    marker.clone_into(&mut self.held);
                    return out;
                }
                _ => {
                    out.push('[');
                    rest = &marker[1..];
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn marker(&mut self, marker: &str, out: &mut String) {
        let inner = &marker[1..marker.len() - 1];
        let numbers: Option<Vec<usize>> =
            inner.split([',', ';']).map(|n| n.trim().trim_start_matches('^').parse().ok()).collect();
        let Some(numbers) = numbers else {
            // Not a citation: a link's text, a placeholder.
            out.push_str(marker);
            return;
        };
        for number in numbers.into_iter().filter(|n| (1..=self.excerpts).contains(n)) {
            let excerpt = number - 1;
            let place = self.cited.iter().position(|c| *c == excerpt).unwrap_or_else(|| {
                self.cited.push(excerpt);
                self.cited.len() - 1
            });
            out.push_str(&format!("[{}]", place + 1));
        }
    }
}

/// An answer without its citation markers, and without the blanks before them.
pub(super) fn without_markers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, marker) = rest.split_at(open);
        out.push_str(before);
        let inner = marker[1..].find(']').map(|close| &marker[1..=close]);
        match inner {
            Some(inner) if !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit()) => {
                out.truncate(out.trim_end_matches(' ').len());
                rest = &marker[inner.len() + 2..];
            }
            _ => {
                out.push('[');
                rest = &marker[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, excerpts: usize) -> Option<(String, Vec<usize>)> {
        let mut writer = CitationWriter::new(excerpts);
        let head = writer.push(text);
        writer.finish().map(|(tail, cited)| (head + &tail, cited))
    }

    #[test]
    fn markers_are_renumbered_and_inventions_dropped() {
        let (text, cited) = whole("Custa R$ 50 [3]. Abre às 9h [1, 3][9]. Veja [aqui].", 3).unwrap();
        assert_eq!(text, "Custa R$ 50 [1]. Abre às 9h [2][1]. Veja [aqui].");
        assert_eq!(cited, [2, 0]);
    }

    #[test]
    fn pieces_give_the_same_as_the_whole() {
        let text = "São 30 dias [2], com nota [1]. [sic] fim [";
        let (expected, cited) = whole(text, 2).unwrap();
        let mut writer = CitationWriter::new(2);
        let mut streamed = String::new();
        for c in text.chars() {
            streamed += &writer.push(&c.to_string());
        }
        let (tail, streamed_cited) = writer.finish().unwrap();
        assert_eq!(streamed + &tail, expected);
        assert_eq!(streamed_cited, cited);
    }

    #[test]
    fn the_no_answer_word_is_never_shown() {
        assert!(whole("NO_ANSWER", 2).is_none());
        let mut writer = CitationWriter::new(2);
        let shown: String = "NO_ANSWER.".chars().map(|c| writer.push(&c.to_string())).collect();
        assert!(shown.is_empty() && writer.finish().is_none());
        assert_eq!(whole("NO", 1).unwrap().0, "NO");
    }
}
