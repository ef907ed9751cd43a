//! Who is who: Brazil's ninth digit, and user ids that stand where a number is expected.
//!
//! Identities are opaque, with one exception. Anatel, Brazil's regulator, put a 9 before the eight digits of
//! mobile numbers between 2012 and 2016; WhatsApp's ids of many accounts still lack it. So the number a
//! person gives, the one we send to and the `wa_id` Meta answers with may differ by that digit. Keys are
//! for finding a contact again: what is sent stays exactly as Meta gave it.

/// The key under which a phone number is found, in whichever way it is written.
///
/// Digits only. A Brazilian mobile number (55, area code, eight digits from 6 to 9 on) gains the ninth
/// digit; landlines (2 to 5) and all other countries' numbers stay. What is no phone number, such as a
/// user id, stays as it is.
pub fn phone_key(phone: &str) -> String {
    let phone = phone.trim();
    let punctuation = |c: char| matches!(c, '+' | '-' | '.' | '(' | ')' | ' ' | '\u{a0}');
    if !phone.chars().all(|c| c.is_ascii_digit() || punctuation(c)) {
        return phone.to_owned();
    }
    let mut key: String = phone.chars().filter(char::is_ascii_digit).collect();
    if lacks_ninth_digit(key.as_bytes()) {
        key.insert(4, '9');
    }
    key
}

/// Every way in which WhatsApp may write a number: as it is, with Brazil's ninth digit, and without.
pub fn phone_forms(phone: &str) -> Vec<String> {
    let key = phone_key(phone);
    let mut without = key.clone();
    if key.len() == 13 && key.as_bytes()[4] == b'9' {
        without.remove(4);
    }
    let mut forms = vec![phone.to_owned()];
    // Only if it is the same number again with the digit.
    for form in [key.clone(), without] {
        if phone_key(&form) == key && !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

fn lacks_ninth_digit(digits: &[u8]) -> bool {
    // Area codes have no zero: 55 0… is no number of Brazil's.
    let [b'5', b'5', b'1'..=b'9', b'1'..=b'9', first, rest @ ..] = digits else { return false };
    rest.len() == 7 && matches!(first, b'6'..=b'9')
}

/// Whether this is a business-scoped user id rather than a number: a country, a dot, letters and digits,
/// such as `US.13491208655302741918` or, for all businesses of one owner, `US.ENT.11815799212886844830`.
pub fn is_user_id(text: &str) -> bool {
    let [first, second, b'.', rest @ ..] = text.as_bytes() else { return false };
    let country = first.is_ascii_uppercase() && second.is_ascii_uppercase();
    country && !rest.is_empty() && rest.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brazilian_mobile_number_has_one_key() {
        for phone in ["5511987654321", "551187654321", "+55 (11) 98765-4321", "+55 11 8765-4321"] {
            assert_eq!(phone_key(phone), "5511987654321", "{phone}");
        }
        for first in 6..=9 {
            assert_eq!(phone_key(&format!("5585{first}1234567")), format!("55859{first}1234567"));
        }
    }

    #[test]
    fn a_number_is_looked_for_in_all_its_forms() {
        assert_eq!(phone_forms("5511987654321"), ["5511987654321", "551187654321"]);
        assert_eq!(phone_forms("551187654321"), ["551187654321", "5511987654321"]);
        assert_eq!(phone_forms("15551234567"), ["15551234567"]);
        assert_eq!(phone_forms("4915112345678"), ["4915112345678"], "no number of Brazil's");
        assert_eq!(phone_forms("US.1349"), ["US.1349"]);
    }

    #[test]
    fn landlines_stay() {
        for phone in ["551123456789", "558532345678", "553141234567", "554851234567", "551112345678"] {
            assert_eq!(phone_key(phone), phone);
        }
    }

    #[test]
    fn a_key_is_its_own_key() {
        for phone in ["551187654321", "5511987654321", "551123456789", "15551234567", "US.134"] {
            let key = phone_key(phone);
            assert_eq!(phone_key(&key), key);
        }
    }

    #[test]
    fn all_else_is_opaque() {
        // Too short, too long, an area code with a zero, other countries of the same length.
        for phone in [
            "55118765432",
            "55119876543210",
            "551087654321",
            "550187654321",
            "549118765432",
            "447787654321",
            "",
        ] {
            assert_eq!(phone_key(phone), phone);
        }
        assert_eq!(phone_key("+1 (555) 123-4567"), "15551234567");
        assert_eq!(phone_key("US.13491208655302741918"), "US.13491208655302741918");
        assert_eq!(phone_key("５５11"), "５５11", "digits of other scripts");
    }

    #[test]
    fn user_ids_are_told_from_numbers() {
        for id in ["US.13491208655302741918", "BR.ENT.11815799212886844830", "BR.a1B2"] {
            assert!(is_user_id(id), "{id}");
        }
        for other in ["", "US.", "us.134", "USA.134", "5511987654321", "+55.1", "US134", "US.1 2", "É.1"] {
            assert!(!is_user_id(other), "{other}");
        }
    }
}
