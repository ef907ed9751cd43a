//! Words as full-text search knows them: folded, without stop words, stemmed.

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
    for_each_word(text, language, |word| {
        if !is_stop_word(word, language) {
            out.push(stem(word, language));
        }
    });
    out
}

/// The folded words of a text in order, stop words among them.
pub(super) fn words_of(text: &str, language: Locale) -> Vec<String> {
    let mut out = Vec::new();
    for_each_word(text, language, |word| out.push(word.to_owned()));
    out
}

fn for_each_word(text: &str, language: Locale, mut each: impl FnMut(&str)) {
    for word in text.unicode_words() {
        let folded = fold(word);
        let folded = if language == Locale::English { without_clitic(&folded) } else { &folded };
        for part in letters_and_digits(folded) {
            let single = part.len() == 1 && !part.as_bytes()[0].is_ascii_digit();
            if !single && part.len() <= LONGEST {
                each(part);
            }
        }
    }
}

/// What a chunk is found by: the terms of its text and of the heading above it, in the language of the text;
/// `default` is the one it is expected in.
pub fn chunk_terms(content: &str, heading: Option<&str>, default: Locale) -> Vec<String> {
    let spoken = detect(content, default);
    let mut all = terms(content, spoken);
    all.extend(heading.into_iter().flat_map(|heading| terms(heading, spoken)));
    all
}

/// `what's` → `what`, `don't` → `don`: the rest of an English word before its apostrophe.
fn without_clitic(word: &str) -> &str {
    word.split_once(['\'', '’']).map_or(word, |(head, tail)| if tail.len() <= 2 { head } else { word })
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
    fn english_short_forms_are_the_words_they_stand_for() {
        assert_eq!(terms("What's the dog's name? I don't know", Locale::English), ["dog", "name"]);
    }

    #[test]
    fn hostile_text_is_only_text() {
        assert!(terms("😀\u{202e}<script>\u{0}", Locale::Portuguese).len() <= 2);
        assert!(terms(&"x".repeat(100_000), Locale::Portuguese).is_empty());
    }
}
