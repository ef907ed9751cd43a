//! What of a model's text is shown: citations numbered anew, without thoughts, or the news that there is no
//! answer.
//!
//! The prompt numbers the excerpts; the model writes `[2]`, or means it (`markers.rs`). Here markers are
//! renumbered from 1 in the order of their first use, and those that name no excerpt are dropped: a citation
//! always points at a chunk that was retrieved. What counts is the whole text ([`read`]); while it is written,
//! [`Pieces`] shows as much of it as can be known.

use super::markers::{Found, look, may_begin};
use super::{Evidence, no_answer, thoughts};

/// What the excerpts and the question have of what is otherwise never an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quotable {
    thoughts: bool,
    no_answer: bool,
}

impl Quotable {
    /// What may be quoted from this evidence.
    pub fn of(evidence: &Evidence) -> Self {
        let texts = || evidence.hits.iter().map(|hit| &hit.content).chain([&evidence.question]);
        Self {
            thoughts: texts().any(|text| thoughts::mentions(text)),
            no_answer: texts().any(|text| no_answer::mentions(text)),
        }
    }
}

/// What a model's text comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// An answer, and the excerpts it cites in the order of their first citation, counted from 0.
    Answer(String, Vec<usize>),
    /// The excerpts have no answer.
    NoAnswer,
    /// Nothing but thoughts.
    Nothing,
}

/// Reads a model's whole text.
pub(super) fn read(raw: &str, excerpts: usize, quotable: Quotable) -> Said {
    let Some(text) = thoughts::without(raw, true, quotable.thoughts) else { return Said::Nothing };
    if no_answer::is_said(&text, quotable.no_answer) {
        return Said::NoAnswer;
    }
    let (text, cited) = renumbered(&text, excerpts, true);
    Said::Answer(text.trim().to_owned(), cited)
}

/// What can be shown of a text while it is written.
///
/// Nothing is shown before the first citation: what comes before may be a thought whose end is told by a
/// closing tag alone, or an apology that leads to the no-answer word. After it, the answer is being written.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    raw: String,
    shown: String,
    excerpts: usize,
    quotable: Quotable,
}

impl Pieces {
    pub fn new(excerpts: usize, quotable: Quotable) -> Self {
        Self { excerpts, quotable, ..Self::default() }
    }

    /// Takes a piece, returns what can be shown now.
    pub fn push(&mut self, piece: &str) -> String {
        self.raw.push_str(piece);
        let text = thoughts::without(&self.raw, false, self.quotable.thoughts).unwrap_or_default();
        if no_answer::is_said(&text, self.quotable.no_answer) || no_answer::may_follow(&text) {
            return String::new();
        }
        let (text, cited) = renumbered(&text, self.excerpts, false);
        if cited.is_empty() {
            return String::new();
        }
        self.show(text.trim_end())
    }

    /// What is left to be shown of the answer; empty if something else was shown.
    pub fn rest(mut self, answer: &str) -> String {
        self.show(answer)
    }

    /// Whether something was shown.
    pub fn begun(&self) -> bool {
        !self.shown.is_empty()
    }

    fn show(&mut self, text: &str) -> String {
        let Some(more) = text.strip_prefix(self.shown.as_str()) else { return String::new() };
        let more = more.to_owned();
        self.shown.push_str(&more);
        more
    }
}

/// The text with its markers numbered anew, and the excerpts cited. Without `ended`, what may still become a
/// marker is left out.
fn renumbered(text: &str, excerpts: usize, ended: bool) -> (String, Vec<usize>) {
    let mut cited: Vec<usize> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(may_begin) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = match look(from, &text[..text.len() - from.len()], excerpts) {
            Found::Open if !ended => return (out, cited),
            Found::Marker(length, numbers) => {
                let known: Vec<usize> = numbers.into_iter().filter(|n| (1..=excerpts).contains(n)).collect();
                if known.is_empty() {
                    // The blank before it belongs to it.
                    out.truncate(out.trim_end_matches(' ').len());
                }
                for number in known {
                    let excerpt = number - 1;
                    let place = cited.iter().position(|c| *c == excerpt).unwrap_or_else(|| {
                        cited.push(excerpt);
                        cited.len() - 1
                    });
                    out.push_str(&format!("[{}]", place + 1));
                }
                length
            }
            Found::Open | Found::Text => {
                let own = from.chars().next().map_or(0, char::len_utf8);
                out.push_str(&from[..own]);
                own
            }
        };
        rest = &from[length..];
    }
    out.push_str(rest);
    (out, cited)
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

    fn answer(text: &str, excerpts: usize) -> (String, Vec<usize>) {
        match read(text, excerpts, Quotable::default()) {
            Said::Answer(text, cited) => (text, cited),
            other => panic!("{other:?}"),
        }
    }

    /// What is shown piece by piece, one character each, and in the end.
    fn shown(raw: &str, excerpts: usize) -> (String, String) {
        let mut pieces = Pieces::new(excerpts, Quotable::default());
        let early: String = raw.chars().map(|c| pieces.push(&c.to_string())).collect();
        let rest = match read(raw, excerpts, Quotable::default()) {
            Said::Answer(text, _) => pieces.rest(&text),
            Said::NoAnswer | Said::Nothing => String::new(),
        };
        (early, rest)
    }

    #[test]
    fn markers_are_renumbered_and_inventions_dropped() {
        let (text, cited) = answer("Custa R$ 50 [3]. Abre às 9h [1, 3] [9]. Veja [aqui].", 3);
        assert_eq!(text, "Custa R$ 50 [1]. Abre às 9h [2][1]. Veja [aqui].");
        assert_eq!(cited, [2, 0]);
        let (text, cited) = answer("Custa R$ 50 【2†tabela.md】. Fecha às 18h (trecho 1), veja ¹.", 2);
        assert_eq!(text, "Custa R$ 50 [1]. Fecha às 18h [2], veja [2].");
        assert_eq!(cited, [1, 0]);
    }

    #[test]
    fn pieces_together_are_the_whole_answer() {
        for raw in [
            "São 30 dias [2], com nota [1]. [sic] fim [",
            "São 30 dias [Trecho 2], com nota (trecho 1)  e mais.\n",
            "São 30 dias, sem nota.",
            "<think>um [1] dois</think>São 30 dias [1]. N",
        ] {
            let (early, rest) = shown(raw, 2);
            assert_eq!(early + &rest, answer(raw, 2).0, "{raw}");
        }
        assert_eq!(shown("São 30 dias [2], com", 2).0, "São 30 dias [1], com");
        assert_eq!(shown("São 30 dias", 2).0, "", "it may be a thought");
    }

    #[test]
    fn neither_thoughts_nor_the_no_answer_word_are_shown_on_the_way() {
        for raw in [
            "o dono pede sigilo\n</think>\nAbre às 8h [1].",
            "<think>o dono pede sigilo [1]</think>Abre às 8h [1].",
            "o dono pede sigilo, [ver acima]</think>Abre às 8h.",
        ] {
            let (early, rest) = shown(raw, 1);
            let text = early + &rest;
            assert!(text.starts_with("Abre às 8h") && !text.contains("sigilo"), "{text}");
        }
        for raw in ["NO_ANSWER", "Desculpe.\n\nNO_ANSWER", "**NO ANSWER** [1]"] {
            assert_eq!(shown(raw, 1), (String::new(), String::new()), "{raw}");
            assert_eq!(read(raw, 1, Quotable::default()), Said::NoAnswer);
        }
        let (early, _) = shown("Os trechos falam de outra coisa [1]. NO_ANSWER", 1);
        assert_eq!(early, "Os trechos falam de outra coisa [1].");
        assert_eq!(read("<think>hm", 1, Quotable::default()), Said::Nothing);
    }
}
