//! A text as words, digits and signs: what numbers are read from.

use crate::text::fold;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// ASCII digits only; separators are signs.
    Digits,
    /// Letters, folded.
    Word,
    /// One other character.
    Sign,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub text: String,
    /// White space stands before it.
    pub spaced: bool,
    /// It is the first one of its line.
    pub first: bool,
}

/// The tokens of a text, without white space.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let folded = fold(text);
    let mut out: Vec<Token> = Vec::new();
    let (mut spaced, mut first) = (true, true);
    for c in folded.chars() {
        if c.is_whitespace() {
            spaced = true;
            first |= c == '\n';
            continue;
        }
        let kind = if c.is_ascii_digit() {
            Kind::Digits
        } else if c.is_alphabetic() {
            Kind::Word
        } else {
            Kind::Sign
        };
        match out.last_mut() {
            Some(last) if !spaced && kind != Kind::Sign && last.kind == kind => last.text.push(c),
            _ => out.push(Token { kind, text: c.to_string(), spaced, first }),
        }
        (spaced, first) = (false, false);
    }
    out
}

/// Tokens with a look ahead that never leaves them.
pub(super) struct Tokens(pub Vec<Token>);

impl Tokens {
    pub fn get(&self, at: usize) -> Option<&Token> {
        self.0.get(at)
    }

    /// The digits at `at`.
    pub fn digits(&self, at: usize) -> Option<&str> {
        self.get(at).filter(|t| t.kind == Kind::Digits).map(|t| t.text.as_str())
    }

    /// The digits at `at`, if nothing stands between them and what is before.
    pub fn close_digits(&self, at: usize) -> Option<&str> {
        self.get(at).filter(|t| t.kind == Kind::Digits && !t.spaced).map(|t| t.text.as_str())
    }

    /// The word at `at`.
    pub fn word(&self, at: usize) -> Option<&str> {
        self.get(at).filter(|t| t.kind == Kind::Word).map(|t| t.text.as_str())
    }

    /// Whether one of `words` stands at `at`.
    pub fn is_word(&self, at: usize, words: &[&str]) -> bool {
        self.word(at).is_some_and(|word| words.contains(&word))
    }

    /// Whether one of `signs` stands at `at`, however far from what is before.
    pub fn is_sign(&self, at: usize, signs: &[&str]) -> bool {
        self.get(at).is_some_and(|t| t.kind == Kind::Sign && signs.contains(&t.text.as_str()))
    }

    /// The same, with nothing between it and what is before.
    pub fn is_close_sign(&self, at: usize, signs: &[&str]) -> bool {
        self.is_sign(at, signs) && self.get(at).is_some_and(|t| !t.spaced)
    }
}
