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

/// Whether what was typed is a phone number or a user id (`US.1349…`), and not an id of ours or a name.
pub fn looks_like_one(text: &str) -> bool {
    let text = text.trim();
    let is_number = typed(text).chars().all(|c| c.is_ascii_digit()) && text.len() < 30;
    let is_user_id = text.split_once('.').is_some_and(|(country, digits)| {
        country.len() == 2 && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    });
    is_number || is_user_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_no_phone_numbers() {
        for phone in ["+55 (11) 98765-4321", "5511987654321", "US.13491208655302741918"] {
            assert!(looks_like_one(phone), "{phone}");
        }
        for other in ["01a204d2-25", "Ana", "dona.ana", "01902505-0000-7000-8000-000000000000"] {
            assert!(!looks_like_one(other), "{other}");
        }
    }

    #[test]
    fn punctuation_does_not_count_and_user_ids_stay() {
        assert_eq!(typed(" +55 (11) 98765-4321"), "5511987654321");
        assert_eq!(typed("US.13491208655302741918"), "US.13491208655302741918");
    }
}
