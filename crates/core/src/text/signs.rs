//! What a passage shows that answers without naming it: an amount, a time of day, a telephone number, a day.

use unicode_segmentation::UnicodeSegmentation;

use super::concepts::Sign;
use super::days::days_in;
use super::fold::fold;
use super::week::Days;

/// Whether a text shows what a [`Sign`] stands for.
pub fn shows(text: &str, sign: Sign) -> bool {
    match sign {
        Sign::Price => ["R$", "US$", "€", "£", " reais"].iter().any(|money| text.contains(money)),
        Sign::Time => has_time(text) || text.lines().any(has_bare_hours),
        Sign::Day(day) => days_in(text).meets(Days::of(day)),
        Sign::Phone => has_phone(text),
        Sign::Email => text.split_whitespace().any(|word| {
            word.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
        }),
        Sign::Address => text.unicode_words().any(|word| {
            const STREETS: [&str; 12] = [
                "rua", "avenida", "av", "alameda", "praca", "rodovia", "travessa", "cep", "street", "road",
                "avenue", "eircode",
            ];
            STREETS.contains(&fold(word).as_str())
        }),
    }
}

/// "8h", "18h30", "08:00", "7 pm", "7pm".
fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).filter(|&at| digit(at) && (at == 0 || !digit(at - 1))).any(|at| {
        let end = (at..bytes.len()).find(|&i| !digit(i)).unwrap_or(bytes.len());
        let rest = &text[end..];
        let spaced = rest.strip_prefix(' ').unwrap_or(rest);
        let hours = |unit: &str| {
            let Some(tail) = spaced.get(..unit.len()).filter(|head| head.eq_ignore_ascii_case(unit)) else {
                return false;
            };
            let after = spaced[tail.len()..].chars().next();
            after.is_none_or(|c| !c.is_alphabetic())
        };
        end - at <= 2
            && (hours("h")
                || hours("hs")
                || hours("hrs")
                || hours("am")
                || hours("pm")
                || hours("horas")
                || (rest.starts_with(':') && digit(end + 1) && digit(end + 2)))
    })
}

/// "seg a sex 8-18", "sab 8 as 12": two numbers that can be hours, in a line that names a day.
fn has_bare_hours(line: &str) -> bool {
    let mut pieces = line
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '|' | ':' | ',' | '/' | '(' | ')'))
        .filter(|piece| !piece.is_empty())
        .peekable();
    let hour = |piece: &str| piece.len() <= 2 && piece.parse::<u8>().is_ok_and(|hour| hour <= 24);
    let mut two = false;
    while let Some(piece) = pieces.next() {
        if !hour(piece) {
            continue;
        }
        let to = pieces.peek().copied().unwrap_or_default();
        if matches!(fold(to).as_str(), "a" | "as" | "ate" | "to") {
            pieces.next();
        }
        two |= pieces.peek().is_some_and(|next| hour(next));
    }
    two && !days_in(line).is_empty()
}

/// Eight digits or more with nothing but what telephone numbers are written with between them.
fn has_phone(text: &str) -> bool {
    let mut digits = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => digits += 1,
            ' ' | '-' | '(' | ')' | '+' | '\u{a0}' | '‑' | '–' => {}
            _ => digits = 0,
        }
        if digits >= 8 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_passage_shows_is_seen() {
        for (text, sign) in [
            ("Tosa | R$ 45,00", Sign::Price),
            ("das 8h às 18h30", Sign::Time),
            ("08:00 - 18:00", Sign::Time),
            ("seg-sex 8-18", Sign::Time),
            ("sab 8 as 12", Sign::Time),
            ("seg a sex 8-18", Sign::Day(chrono::Weekday::Wed)),
            ("24h", Sign::Time),
            ("from 7 am", Sign::Time),
            ("(19) 99555-0142", Sign::Phone),
            ("fale com oi@loja.com.br", Sign::Email),
            ("Av. Brasil, 10", Sign::Address),
        ] {
            assert!(shows(text, sign), "{text}");
        }
        for (text, sign) in [
            ("Tosa completa", Sign::Price),
            ("10 homens, 2024", Sign::Time),
            ("de 8 a 10 pessoas", Sign::Time),
            ("seg a sex 8-18", Sign::Day(chrono::Weekday::Sat)),
            ("proporção 1:2", Sign::Time),
            ("de 2023, 2024 e 2025", Sign::Phone),
            ("@loja", Sign::Email),
        ] {
            assert!(!shows(text, sign), "{text}");
        }
    }
}
