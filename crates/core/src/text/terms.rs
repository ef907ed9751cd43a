//! Words as full-text search knows them: folded, without stop words, stemmed.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold;
use super::language::detect;
use super::stem::stem;
use super::stopwords::is_stop_word;
use crate::model::Locale;

/// Longest word kept, in bytes: longer ones are data, not language.
const LONGEST: usize = 40;

/// The terms of a text in `language`, in order, with repetitions.
pub fn terms(text: &str, language: Locale) -> Vec<String> {
    let mut out = Vec::new();
    for word in text.unicode_words() {
        let folded = fold(word);
        for part in letters_and_digits(&folded) {
            let single = part.len() == 1 && !part.as_bytes()[0].is_ascii_digit();
            if !single && part.len() <= LONGEST && !is_stop_word(part, language) {
                out.push(stem(part, language));
            }
        }
    }
    out
}

/// What a chunk is found by: the terms of its text and of the heading above it, in the language of the text;
/// `default` is the one it is expected in.
pub fn chunk_terms(content: &str, heading: Option<&str>, default: Locale) -> Vec<String> {
    let spoken = detect(content, default);
    let mut all = terms(content, spoken);
    all.extend(heading.into_iter().flat_map(|heading| terms(heading, spoken)));
    all
}

/// The distinct terms of a question, in order; `default` is the language it is expected in.
pub fn query_terms(question: &str, default: Locale) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = terms(question, detect(question, default));
    let mut distinct: Vec<String> = all.into_iter().filter(|t| seen.insert(t.clone())).collect();
    if distinct.is_empty() {
        // Nothing but stop words ("quem são vocês?"): better those than nothing.
        distinct = question.unicode_words().map(fold).filter(|t| seen.insert(t.clone())).collect();
    }
    distinct
}

/// `18h30` → `18`, `h`, `30`, so that a time is found however it is written; numbers keep their
/// decimal comma or point.
fn letters_and_digits(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let digits = first.is_ascii_digit();
        let same = |c: char| (c.is_ascii_digit() || (digits && matches!(c, ',' | '.'))) == digits;
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        rest = tail;
        Some(part.trim_matches(['.', ',', '\'', '’', '_']))
    })
    .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_do_not_matter() {
        let with = terms("Qual é o horário de funcionamento aos Sábados?", Locale::Portuguese);
        let without = terms("qual e o horario de funcionamento aos sabados", Locale::Portuguese);
        assert_eq!(with, without);
        assert_eq!(with.len(), 3, "{with:?}");
    }

    #[test]
    fn times_and_prices_are_found_however_they_are_written() {
        assert_eq!(terms("das 18h30 por R$ 89,90", Locale::Portuguese), ["18", "30", "89,90"]);
        assert_eq!(terms("18:30", Locale::Portuguese), ["18", "30"]);
    }

    #[test]
    fn a_question_of_stop_words_only_still_asks_something() {
        assert!(!query_terms("quem são vocês?", Locale::Portuguese).is_empty());
    }

    #[test]
    fn hostile_text_is_only_text() {
        assert!(terms("😀\u{202e}<script>\u{0}", Locale::Portuguese).len() <= 2);
        assert!(terms(&"x".repeat(100_000), Locale::Portuguese).is_empty());
    }
}
