//! Citation markers in the forms that models write. Pure.
//!
//! The prompt asks for `[2]`. Models also write `[1, 2]`, `[1-2]`, `[Trecho 2]`, `(trecho 2)`, `【2】`,
//! `【2†precos.md】`, `[^2]` and `²`. All of them mean numbers of excerpts; what does not is the text's own.

use std::ops::RangeInclusive;

/// Longest marker looked at, in bytes.
const LONGEST: usize = 48;
/// Longest marker in brackets that nothing else stands in: it may hold the name of a file.
const LONGEST_FOREIGN: usize = 160;
/// Excerpts that a range names at most.
const LONGEST_RANGE: usize = 20;
/// What models call an excerpt.
const NAMES: [&str; 13] = [
    "trecho",
    "excerpt",
    "fragmento",
    "extrato",
    "extracto",
    "passagem",
    "pasaje",
    "passage",
    "fonte",
    "fuente",
    "source",
    "chunk",
    "ref",
];
/// What they put before that.
const LEADS: [&str; 13] =
    ["ver", "veja", "vide", "véase", "see", "cf.", "conforme", "segundo", "según", "o", "os", "the", "el"];

/// What stands at the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A marker of so many bytes, and the numbers it names, as they are written.
    Marker(usize, Vec<usize>),
    /// The text's own.
    Text,
    /// It is a marker or not, depending on what follows.
    Open,
}

/// Whether a marker may begin with this character.
pub(super) fn may_begin(c: char) -> bool {
    matches!(c, '[' | '(' | '（' | '【' | '〔' | '［') || superscript(c).is_some()
}

/// Looks at the beginning of `text`, where [`may_begin`] holds; `before` is what stands before it, and
/// `excerpts` how many there are.
pub(super) fn look(text: &str, before: &str, excerpts: usize) -> Found {
    let Some(first) = text.chars().next() else { return Found::Text };
    let (open, close) = match first {
        '[' if text.starts_with("[[") => ("[[", "]]"),
        '[' => ("[", "]"),
        '(' => ("(", ")"),
        '（' => ("（", "）"),
        '【' => ("【", "】"),
        '〔' => ("〔", "〕"),
        '［' => ("［", "］"),
        _ => return raised(text, before, excerpts),
    };
    let foreign = matches!(first, '【' | '〔' | '［');
    let longest = if foreign { LONGEST_FOREIGN } else { LONGEST };
    let Some(end) = text.find(close) else {
        return if text.len() <= longest { Found::Open } else { Found::Text };
    };
    if end > longest {
        return Found::Text;
    }
    let round = matches!(first, '(' | '（');
    match read(&text[open.len()..end], round, foreign, excerpts) {
        Some(numbers) => Found::Marker(end + close.len(), numbers),
        None => Found::Text,
    }
}

/// The numbers between two brackets; `None` if that is no marker.
fn read(inner: &str, round: bool, foreign: bool, excerpts: usize) -> Option<Vec<usize>> {
    let all = 1..=excerpts;
    // `1†precos.md`: what stands after the dagger is the name of the source.
    let (inner, daggered) = match inner.split_once('†') {
        Some((number, _)) => (number, true),
        None => (inner, false),
    };
    let low = inner.trim().trim_start_matches('^').to_lowercase();
    let mut named = false;
    let listed: Option<Vec<Vec<usize>>> = low
        .replace(" e ", ",")
        .replace(" y ", ",")
        .replace(" and ", ",")
        .split([',', ';', '&', '/'])
        .map(|item| {
            let (item, has_name) = without_name(item);
            named |= has_name;
            numbers(item, &all, has_name || foreign)
        })
        .collect();
    let numbers: Vec<usize> = match listed {
        Some(lists) => lists.concat(),
        // In brackets that nothing else stands in: a number of something that is not an excerpt.
        None if daggered || (foreign && low.starts_with(|c: char| c.is_ascii_digit())) => {
            return Some(Vec::new());
        }
        None => return None,
    };
    if round && !(named && numbers.iter().all(|n| all.contains(n))) {
        return None;
    }
    Some(numbers)
}

/// An item of a list without what models call an excerpt; whether they called it so.
fn without_name(item: &str) -> (&str, bool) {
    let mut item = item.trim();
    while let Some((_, rest)) = item.split_once(' ').filter(|(lead, _)| LEADS.contains(lead)) {
        item = rest.trim_start();
    }
    let Some(rest) = NAMES.iter().find_map(|name| item.strip_prefix(name)) else { return (item, false) };
    let rest = rest.strip_prefix("ns").or_else(|| rest.strip_prefix('s')).unwrap_or(rest);
    if rest.starts_with(char::is_alphabetic) {
        return (item, false);
    }
    (rest.trim_start_matches([' ', ':', '#', '.', '_', '-']).trim_start_matches("nº").trim(), true)
}

/// The numbers of an item: one, or a range. A range that is not one of excerpts may be hours or years, unless
/// it is `named` to be of excerpts.
fn numbers(item: &str, all: &RangeInclusive<usize>, named: bool) -> Option<Vec<usize>> {
    if let Ok(number) = item.trim().trim_start_matches('^').parse() {
        return Some(vec![number]);
    }
    let item = item.replace(" a ", "-").replace(" to ", "-").replace(" até ", "-");
    let (from, to) = item.split_once(['-', '–', '—', '‑'])?;
    let (from, to): (usize, usize) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    let within = all.contains(&from) && all.contains(&to) && from <= to;
    if within {
        return Some((from..=to).take(LONGEST_RANGE).collect());
    }
    named.then(|| vec![from, to])
}

/// Raised digits, as footnotes have them: `¹`, `¹²`. A unit or a power keeps its own.
fn raised(text: &str, before: &str, excerpts: usize) -> Found {
    let digits: Vec<usize> = text.chars().map_while(superscript).collect();
    let length = text.chars().take(digits.len()).map(char::len_utf8).sum();
    let together = digits.iter().fold(0_usize, |sum, digit| sum.saturating_mul(10).saturating_add(*digit));
    let numbers = if (1..=excerpts).contains(&together) { vec![together] } else { digits };
    let power = before.ends_with(|c: char| c.is_ascii_digit() || superscript(c).is_some())
        || before.ends_with(char::is_alphabetic) && numbers.iter().any(|n| matches!(n, 2 | 3));
    if power || numbers.iter().any(|n| !(1..=excerpts).contains(n)) {
        return Found::Text;
    }
    Found::Marker(length, numbers)
}

fn superscript(c: char) -> Option<usize> {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_read_in_the_forms_that_models_write() {
        for (text, numbers) in [
            ("[2]", vec![2]),
            ("[1, 3]", vec![1, 3]),
            ("[1;2]", vec![1, 2]),
            ("[1 e 2]", vec![1, 2]),
            ("[^3]", vec![3]),
            ("[[2]]", vec![2]),
            ("[1-3]", vec![1, 2, 3]),
            ("[1–2]", vec![1, 2]),
            ("[9]", vec![9]),
            ("[Trecho 2]", vec![2]),
            ("[Trechos 1 e 3]", vec![1, 3]),
            ("[trecho 1, trecho 2]", vec![1, 2]),
            ("[Fonte: 1]", vec![1]),
            ("[Source #2]", vec![2]),
            ("[passagens 1-2]", vec![1, 2]),
            ("(trecho 1)", vec![1]),
            ("(ver o trecho 3)", vec![3]),
            ("(Excerpts 1 and 2)", vec![1, 2]),
            ("（fragmento 2）", vec![2]),
            ("【1】", vec![1]),
            ("【2†tabela de preços 2026.md】", vec![2]),
            ("【4:0†source】", vec![]),
            ("［3］", vec![3]),
            ("²", vec![2]),
        ] {
            assert_eq!(look(text, "Custa R$ 5. ", 3), Found::Marker(text.len(), numbers), "{text}");
        }
    }

    #[test]
    fn what_means_something_else_is_left_alone() {
        for text in [
            "[sic]",
            "[aqui]",
            "[8-18]",
            "[2025-2026]",
            "(2 unidades)",
            "(1)",
            "(fonte 2019)",
            "(trecho 9)",
            "(trecho inicial da rua)",
            "[G]",
            "【aviso】",
            "[]",
            "[refrigerante 2]",
            "(refeição 1)",
            "⁹",
        ] {
            assert_eq!(look(text, "x ", 3), Found::Text, "{text}");
        }
        for before in ["12 m", "10", "área em km"] {
            assert_eq!(look("²", before, 3), Found::Text, "{before}");
        }
        assert_eq!(look("¹", "a unidade", 3), Found::Marker(2, vec![1]));
    }

    #[test]
    fn a_marker_that_is_not_complete_may_become_one() {
        for text in ["[", "[Trecho", "(tre", "【1†tab"] {
            assert_eq!(look(text, "", 3), Found::Open, "{text}");
        }
        assert_eq!(look(&format!("[{}", "x".repeat(60)), "", 3), Found::Text);
    }
}
