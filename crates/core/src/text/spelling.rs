//! Misspelled words: what of the terms that are there a customer may have meant.

use std::collections::BTreeSet;

/// Letters from which on a word is long enough.
const MISSPELLED: usize = 4;
/// Letters from which on two slips are forgiven.
const LONG: usize = 8;

/// Whether a term is a word that is long enough to tell a slip from another word.
pub fn may_be_misspelled(term: &str) -> bool {
    term.chars().count() >= MISSPELLED && term.chars().all(char::is_alphabetic)
}

/// How many letters of a term may be wrong.
pub fn slips(term: &str) -> usize {
    if term.chars().count() >= LONG { 2 } else { 1 }
}

/// A word with each two neighbours of it swapped.
pub fn swapped(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let swap = |at: usize| {
        let mut other = letters.clone();
        other.swap(at, at + 1);
        other.into_iter().collect()
    };
    (0..letters.len().saturating_sub(1)).map(swap).collect()
}

/// The term that `typed` is nearest to, if it is near enough; of several the first.
pub fn nearest<'t>(typed: &str, there: &'t BTreeSet<String>) -> Option<&'t str> {
    let near = there.iter().filter(|term| may_be_misspelled(term));
    let near = near.map(|term| (strsim::osa_distance(typed, term), term.as_str()));
    near.filter(|(distance, _)| (1..=slips(typed)).contains(distance)).min().map(|(_, term)| term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_corrected_and_another_word_is_not() {
        let there: BTreeSet<String> =
            ["praz", "consultori", "dentadur", "frances", "gat", "vacin"].map(str::to_owned).into();
        for (typed, term) in
            [("pras", "praz"), ("consutori", "consultori"), ("dentadru", "dentadur"), ("francez", "frances")]
        {
            assert_eq!(nearest(typed, &there), Some(term));
        }
        for typed in ["prancha", "sala", "vacant"] {
            assert_eq!(nearest(typed, &there), None);
        }
        assert!(swapped("suana").contains(&"sauna".to_owned()));
    }
}
