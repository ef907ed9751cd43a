//! What the words of a question weigh, and how much of it a passage covers. Pure.

use crate::model::Locale;
use crate::text::{Days, QueryTerm, Sign, days_in, query_terms, query_terms_on, shows};

/// Added to the number of candidates, so that in a corpus of a handful of chunks one word more or less
/// does not decide everything.
const FEW: f32 = 10.0;

/// What a word weighs that is taken over from the conversation, beside one of the question's own.
const BORROWED: f32 = 0.7;
/// Days that a passage tells of at least for the others to be told by it too: a list.
const A_LIST: usize = 2;
/// What it counts that a passage says nearly the same in another word.
pub(super) const NEARLY: f32 = 0.7;
/// How far a passage tells of a day: one that lists other days says by that what is not on this one.
pub(super) fn day_share(text: &str, day: Sign) -> f32 {
    if shows(text, day) {
        1.0
    } else if days_in(text).len() >= A_LIST {
        NEARLY
    } else {
        0.0
    }
}

/// What is searched for when words are taken over from the conversation, and the terms of it.
pub(super) fn in_context(context: &str, own: &str, language: Locale, days: Days) -> (String, Vec<QueryTerm>) {
    let asked = format!("{context} {own}");
    let theirs = query_terms(own, language);
    let mut terms = query_terms_on(&asked, language, days);
    for term in &mut terms {
        if !theirs.iter().any(|known| known.all().any(|word| word == term.term)) {
            term.weight *= BORROWED;
        }
    }
    (asked, terms)
}

/// Weighs the question's terms: one that few candidates have says more. The candidates stand in for the whole
/// corpus; a term none of them has weighs most, for it is what is missing. Those that are not
/// optional add up to 1.
pub(super) fn weigh(terms: &mut [QueryTerm], candidates: &[&[f32]]) {
    #[expect(clippy::cast_precision_loss, reason = "a few dozen candidates")]
    for (index, term) in terms.iter_mut().enumerate() {
        let having = candidates.iter().filter(|has| has[index] > 0.0).count() as f32;
        term.weight *= ((candidates.len() as f32 + FEW) / (having + 1.0)).ln_1p();
    }
    let all: f32 = terms.iter().filter(|term| !term.optional).map(|term| term.weight).sum();
    for term in terms.iter_mut().filter(|_| all > 0.0) {
        term.weight /= all;
    }
}

/// The share of the question that a passage covers; what is optional makes up for what is missing.
pub(super) fn coverage(has: &[f32], terms: &[QueryTerm]) -> f32 {
    covered(has, terms).min(1.0)
}

/// The same as passages are ordered by it: what is optional is part of the whole.
pub(super) fn order(has: &[f32], terms: &[QueryTerm]) -> f32 {
    let optional: f32 = terms.iter().filter(|term| term.optional).map(|term| term.weight).sum();
    covered(has, terms) / (1.0 + optional)
}

fn covered(has: &[f32], terms: &[QueryTerm]) -> f32 {
    has.iter().zip(terms).map(|(share, term)| share * term.weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_weigh_more_and_missing_ones_most() {
        let candidates: [&[f32]; 3] = [&[1.0, 0.8, 0.0], &[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0]];
        let mut terms = query_terms("zebra girafa hipopótamo", Locale::Portuguese);
        weigh(&mut terms, &candidates);
        assert!(terms[0].weight < terms[1].weight && terms[1].weight < terms[2].weight);
        assert!(coverage(&[1.0, 0.0, 0.0], &terms) < 0.3);
        assert!(coverage(&[1.0, 1.0, 1.0], &terms) > 0.99);
        assert!(coverage(&[], &[]).abs() < f32::EPSILON);
    }

    #[test]
    fn of_two_passages_the_one_that_tells_of_today_comes_first() {
        let mut terms = query_terms_on("abre hoje?", Locale::Portuguese, Days::of(chrono::Weekday::Tue));
        weigh(&mut terms, &[&[1.0, 0.0], &[0.9, 1.0]]);
        assert!(order(&[0.9, 1.0], &terms) > order(&[1.0, 0.0], &terms));
        assert!(coverage(&[1.0, 0.0], &terms) > 0.99, "and the other is an answer all the same");
    }
}
