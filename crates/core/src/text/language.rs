//! Which language a text is in.
//!
//! Function words decide: they are frequent even in a short question, and customers write without
//! accents, which statistical detectors lean on. A text without any is undecided.

use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold;
use super::stopwords::is_function_word;
use crate::model::Locale;

/// Words looked at: enough to decide, bounded for long texts.
const SAMPLE: usize = 400;

/// The language of `text`; `default` if nothing speaks for another one more than for it. Related
/// languages share their shortest words, so a tie says nothing against the expected language.
pub fn detect(text: &str, default: Locale) -> Locale {
    decided(text, default).unwrap_or(default)
}

/// The same, but `None` if nothing speaks for any language: a name, a number, a single noun.
pub fn decided(text: &str, default: Locale) -> Option<Locale> {
    let mut votes = [0_u32; Locale::ALL.len()];
    for word in text.unicode_words().take(SAMPLE) {
        let word = fold(word);
        let speaks = Locale::ALL.map(|language| is_function_word(&word, language));
        // A word of several languages says little; one of a single language says much.
        let weight = match speaks.iter().filter(|s| **s).count() {
            1 => 3,
            2 => 1,
            _ => 0,
        };
        for (vote, speaks) in votes.iter_mut().zip(speaks) {
            *vote += if speaks { weight } else { 0 };
        }
    }
    let own = Locale::ALL.into_iter().zip(votes).find(|(l, _)| *l == default).map_or(0, |(_, v)| v);
    let (best, most) = Locale::ALL.into_iter().zip(votes).max_by_key(|(_, v)| *v)?;
    (most > 0).then_some(if most > own { best } else { default })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_questions_are_told_apart() {
        let cases = [
            ("Qual o prazo para devolução?", Locale::Portuguese),
            ("voces abrem no domingo", Locale::Portuguese),
            ("quanto custa o banho", Locale::Portuguese),
            ("What is the refund policy?", Locale::English),
            ("do you open on sundays", Locale::English),
            ("how much does it cost", Locale::English),
            ("¿Cuánto cuesta el envío?", Locale::Spanish),
            ("donde esta la tienda", Locale::Spanish),
        ];
        for (text, language) in cases {
            for default in Locale::ALL {
                assert_eq!(detect(text, default), language, "{text}");
            }
        }
    }

    #[test]
    fn a_text_that_speaks_for_no_language_is_in_the_expected_one() {
        for default in Locale::ALL {
            assert_eq!(detect("Pix 2026", default), default);
            assert_eq!(detect("", default), default);
        }
        assert_eq!(detect("A loja abre de domingo?", Locale::Portuguese), Locale::Portuguese);
        assert_eq!(decided("opening hours", Locale::Portuguese), None);
        assert_eq!(decided("what are the opening hours", Locale::Portuguese), Some(Locale::English));
    }
}
