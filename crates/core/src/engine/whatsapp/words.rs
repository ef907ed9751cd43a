//! Words with a meaning of their own: those that ask for a person, for silence, or for its end. Pure.
//!
//! People write them in a hurry: case, accents and punctuation do not count.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of a message in which a single word may be a request; in a longer one it is about something.
const SHORT: usize = 5;

/// Words without case, accents and punctuation.
fn plain(text: &str) -> Vec<String> {
    let folded: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Whether the message is one of the words, and nothing else.
pub(super) fn is_one_of(text: &str, words: &[String]) -> bool {
    let said = plain(text);
    !said.is_empty() && words.iter().any(|word| plain(word) == said)
}

/// Whether the message asks for one of these: a phrase anywhere, a single word in a short message.
pub(super) fn asks_for(text: &str, words: &[String]) -> bool {
    let said = plain(text);
    words.iter().map(|word| plain(word)).any(|word| match word.len() {
        0 => false,
        1 => said.len() <= SHORT && said.contains(&word[0]),
        n => said.windows(n).any(|part| part == word),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<String> {
        ["humano", "atendente", "falar com uma pessoa"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_request_is_recognised_however_it_is_typed() {
        for text in [
            "HUMANO",
            "humano!!",
            "quero um atendente",
            "Atêndente por favor",
            "Queria falar com uma pessoa agora, é urgente",
        ] {
            assert!(asks_for(text, &words()), "{text}");
        }
    }

    #[test]
    fn a_question_about_the_word_is_a_question() {
        for text in [
            "",
            "?!",
            "a ração para humano e cachorro é a mesma?",
            "vocês contratam atendente para a loja nova?",
        ] {
            assert!(!asks_for(text, &words()), "{text}");
        }
    }

    #[test]
    fn silence_is_asked_for_by_the_word_alone() {
        let words = ["parar".to_owned(), "sair".to_owned()];
        assert!(is_one_of(" Parar. ", &words));
        assert!(!is_one_of("como faço para parar de pagar?", &words));
        assert!(!is_one_of("", &words));
    }
}
