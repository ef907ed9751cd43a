//! Phone numbers as people type them.

/// The digits of a phone number, however it is punctuated; anything else, such as a user id, as it is.
pub fn typed(text: &str) -> String {
    let text = text.trim();
    let punctuation = |c: char| matches!(c, '+' | '-' | '.' | '(' | ')' | ' ');
    if text.chars().all(|c| c.is_ascii_digit() || punctuation(c)) {
        text.chars().filter(char::is_ascii_digit).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_does_not_count_and_user_ids_stay() {
        assert_eq!(typed(" +55 (11) 98765-4321"), "5511987654321");
        assert_eq!(typed("US.13491208655302741918"), "US.13491208655302741918");
    }
}
