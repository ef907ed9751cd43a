//! Words that tell messages apart: an answer that repeats a message's word is an answer to that message.
//!
//! Letters only, so that nothing takes them for a number, a price or a date.

/// Messages of one customer that have words of their own at most.
pub(crate) const MOST_MESSAGES: usize = 1000;

const OPEN: &str = "zq";
const CLOSE: &str = "qz";
const LETTERS: usize = 6;

/// The word of a customer's message.
pub(crate) fn mark(customer: usize, message: usize) -> String {
    let mut left = customer * MOST_MESSAGES + message;
    let mut letters = [b'a'; LETTERS];
    for letter in letters.iter_mut().rev() {
        // Below 26, so it is a letter.
        *letter += u8::try_from(left % 26).unwrap_or_default();
        left /= 26;
    }
    format!("{OPEN}{}{CLOSE}", String::from_utf8_lossy(&letters))
}

/// Customer and message of a word.
pub(crate) fn place(mark: &str) -> Option<(usize, usize)> {
    let letters = mark.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let number = letters.bytes().fold(0, |number, letter| number * 26 + usize::from(letter - b'a'));
    Some((number / MOST_MESSAGES, number % MOST_MESSAGES))
}

/// The words in a text that tell messages apart, in their order: for agents that are to repeat them.
pub fn marks(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    let is_mark = |word: &&str| {
        let inner = word.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE));
        inner.is_some_and(|inner| inner.len() == LETTERS && inner.bytes().all(|b| b.is_ascii_lowercase()))
    };
    words.filter(is_mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_tells_its_message() {
        for (customer, message) in [(0, 0), (0, 999), (1, 0), (499, 19), (9999, 999)] {
            let word = mark(customer, message);
            assert_eq!(place(&word), Some((customer, message)), "{word}");
            assert_eq!(marks(&format!("Sim: *{word}*, claro. ({word})")), [&word, &word]);
        }
        assert_eq!(marks("zqABCDEFqz zqabcqz zqabcdefgqz nada"), Vec::<&str>::new());
    }
}
