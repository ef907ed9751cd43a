//! The word by which a model says that the excerpts have no answer, as models really write it. Pure.
//!
//! The prompt asks for the bare word. Models put it in quotation marks, in bold, after an apology, or write a
//! blank for the underscore. Whatever stands around it is no answer either. Where the documents or the
//! question have the word themselves, only a line of nothing else counts.

/// What the prompt asks for.
const WORD: &str = "NO_ANSWER";
/// The word as its letters alone, with what models make of it in the language they answer in.
const BARE: [&str; 3] = ["NOANSWER", "SEMRESPOSTA", "SINRESPUESTA"];

/// Whether a text has the word.
pub(super) fn mentions(text: &str) -> bool {
    has_word(text)
}

/// Whether a model's text says that there is no answer; `quotable` if it may be quoting the word.
pub(super) fn is_said(text: &str, quotable: bool) -> bool {
    text.lines().any(is_bare) || (!quotable && has_word(text))
}

/// Whether a text that is still being written may be about to say it.
pub(super) fn may_follow(text: &str) -> bool {
    let tail: String =
        text.chars().rev().take(WORD.len() + 1).collect::<Vec<_>>().into_iter().rev().collect();
    tail.char_indices().any(|(at, c)| {
        let begins = !tail[..at].ends_with(|before: char| before.is_alphanumeric());
        let written = tail[at..].to_uppercase().replace([' ', '-', '\\'], "_").replace("__", "_");
        matches!(c, 'N' | 'n') && begins && (WORD.starts_with(&written) || "NOANSWER".starts_with(&written))
    })
}

/// A line of nothing but the word, whatever marks stand around it.
fn is_bare(line: &str) -> bool {
    let letters: String = line.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect();
    BARE.contains(&letters.as_str())
}

/// The word within a text: with its underscore in any case, else in capitals, so that "there is no answer" is
/// a sentence like others.
fn has_word(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    upper.match_indices("ANSWER").any(|(at, answer)| {
        let before = &upper[..at];
        let head = before.trim_end_matches(['_', '-', ' ', '\\', '\u{2011}']);
        let (joint, end) = (&before[head.len()..], at + answer.len());
        let Some(start) = head.strip_suffix("NO").map(str::len) else { return false };
        let apart = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let capitals = text[start..start + 2] == *"NO" && text[at..end] == *answer;
        (joint.contains('_') || capitals)
            && joint.len() <= 3
            && apart(text[..start].chars().next_back())
            && apart(text[end..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_understood_however_it_is_written() {
        for text in [
            "NO_ANSWER",
            "\"NO_ANSWER\"",
            "**NO_ANSWER**.",
            "NO ANSWER",
            "no answer",
            "`no_answer` [1]",
            "NO\\_ANSWER",
            "Sem resposta.",
            "Desculpe, não encontrei.\n\nNO_ANSWER",
            "Não sei: NO-ANSWER [2].",
            "O trecho não diz. No_Answer",
        ] {
            assert!(is_said(text, false), "{text}");
        }
        for text in [
            "There is no answer to that [1].",
            "O código é NO_ANSWERS [1].",
            "PIANO ANSWER",
            "Não.",
            "answer no",
        ] {
            assert!(!is_said(text, false), "{text}");
        }
    }

    #[test]
    fn a_document_that_has_the_word_may_be_quoted() {
        assert!(mentions("NO_ANSWER significa que não há resposta."));
        assert!(!is_said("NO_ANSWER significa sem resposta [1].", true));
        assert!(is_said("Não diz.\n**NO_ANSWER**", true));
    }

    #[test]
    fn its_beginning_is_noticed() {
        for text in ["Não sei. N", "Não sei. NO_ANS", "(NO ", "no\\_an"] {
            assert!(may_follow(text), "{text}");
        }
        for text in ["Não sei.", "piano", "NO_ANTES"] {
            assert!(!may_follow(text), "{text}");
        }
    }
}
