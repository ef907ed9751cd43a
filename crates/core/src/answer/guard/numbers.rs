//! Numbers by themselves: how they are written in Portuguese, Spanish and English, and in words.

use super::lexer::{Kind, Tokens};

/// A value in millionths: exact for everything that a business writes.
pub(super) type Value = u128;

/// One whole.
pub(super) const ONE: Value = 1_000_000;

/// What a number with its separators may mean: `1.500` is one and a half thousand in Portuguese and
/// one and a half in English, so it is both.
pub(super) fn values(text: &str) -> Vec<Value> {
    let points = text.matches('.').count();
    let commas = text.matches(',').count();
    let whole = || text.replace(['.', ','], "");
    match (points, commas) {
        (0, 0) => decimal(text, ""),
        (1, 0) | (0, 1) => {
            let (before, after) = text.split_once(['.', ',']).unwrap_or((text, ""));
            let mut both = decimal(before, after);
            if after.len() == 3 && before.len() <= 3 && before != "0" {
                both.extend(decimal(&whole(), ""));
            }
            both
        }
        // Both separators: the last one is the decimal one.
        (_, 1) | (1, _) if points > 0 && commas > 0 => {
            let at = text.rfind(['.', ',']).unwrap_or(text.len());
            let (before, after) = (&text[..at], &text[at + 1..]);
            decimal(&before.replace(['.', ','], ""), after)
        }
        _ => decimal(&whole(), ""),
    }
}

fn decimal(whole: &str, fraction: &str) -> Vec<Value> {
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let value = || {
        let whole: Value = whole.parse().ok()?;
        whole.checked_mul(ONE)?.checked_add(fraction.parse().ok()?)
    };
    // What has more digits than that is no number to compare.
    value().into_iter().collect()
}

/// A number as it stands in a text: digits with separators between them. Returns it and where it ends.
pub(super) fn written(tokens: &Tokens, at: usize) -> Option<(String, usize)> {
    let mut text = tokens.digits(at)?.to_owned();
    let mut end = at + 1;
    while tokens.is_close_sign(end, &[".", ","]) {
        let Some(more) = tokens.close_digits(end + 1) else { break };
        text.push_str(&tokens.0[end].text);
        text.push_str(more);
        end += 2;
    }
    Some((text, end))
}

/// What the word after a number multiplies it by.
pub(super) fn multiplier(word: &str) -> Option<Value> {
    match word {
        "mil" | "thousand" | "k" => Some(1_000),
        "milhao" | "milhoes" | "million" | "millon" | "millones" => Some(1_000_000),
        _ => None,
    }
}

/// Numbers in words, folded. Those of several languages stand together.
fn in_words(word: &str) -> Option<Value> {
    let value = match word {
        "um" | "uma" | "one" | "uno" | "una" => 1,
        "dois" | "duas" | "two" | "dos" => 2,
        "tres" | "three" => 3,
        "quatro" | "four" | "cuatro" => 4,
        "cinco" | "five" => 5,
        "seis" | "six" => 6,
        "sete" | "seven" | "siete" => 7,
        "oito" | "eight" | "ocho" => 8,
        "nove" | "nine" | "nueve" => 9,
        "dez" | "ten" | "diez" => 10,
        "onze" | "eleven" | "once" => 11,
        "doze" | "twelve" | "doce" => 12,
        "treze" | "thirteen" | "trece" => 13,
        "quatorze" | "catorze" | "fourteen" | "catorce" => 14,
        "quinze" | "fifteen" | "quince" => 15,
        "dezesseis" | "sixteen" | "dieciseis" => 16,
        "dezessete" | "seventeen" | "diecisiete" => 17,
        "dezoito" | "eighteen" | "dieciocho" => 18,
        "dezenove" | "nineteen" | "diecinueve" => 19,
        "vinte" | "twenty" | "veinte" => 20,
        "trinta" | "thirty" | "treinta" => 30,
        "quarenta" | "forty" | "cuarenta" => 40,
        "cinquenta" | "fifty" | "cincuenta" => 50,
        "sessenta" | "sixty" | "sesenta" => 60,
        "setenta" | "seventy" => 70,
        "oitenta" | "eighty" | "ochenta" => 80,
        "noventa" | "ninety" => 90,
        "cem" | "cento" | "hundred" | "cien" | "ciento" => 100,
        _ => in_words(word.strip_prefix("veinti")?).filter(|unit| *unit < 10)? + 20,
    };
    Some(value)
}

/// A number in words from `at` on ("cento e vinte e quatro"), as a value.
pub(super) fn spelled(tokens: &Tokens, at: usize) -> Option<Value> {
    let mut sum = in_words(tokens.word(at)?)?;
    let (mut last, mut end) = (sum, at + 1);
    // A part follows a larger, round one; anything else is a number of its own.
    while last >= 20 && last % 10 == 0 {
        let link = tokens.get(end).is_some_and(|t| match t.kind {
            Kind::Word => ["e", "y", "and"].contains(&t.text.as_str()),
            Kind::Sign => t.text == "-",
            Kind::Digits => false,
        });
        let next = end + usize::from(link);
        match tokens.word(next).and_then(in_words) {
            Some(part) if part < last.min(100) && (part < 10 || last >= 100) => {
                (sum, last, end) = (sum + part, part, next + 1);
            }
            _ => break,
        }
    }
    Some(sum * ONE)
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    #[test]
    fn separators_are_read_in_both_ways() {
        assert_eq!(values("49,90"), values("49.9"));
        assert_eq!(values("1.500,00"), values("1,500.00"));
        assert_eq!(values("1.500,00"), values("1500"));
        assert_eq!(values("1.500"), [1_500_000, 1_500 * ONE]);
        assert_eq!(values("1.234.567,89"), [1_234_567_890_000]);
        assert_eq!(values("1.234.567"), [1_234_567 * ONE]);
        assert_eq!(values("0,500"), values("0.5"));
        assert!(values(&"9".repeat(60)).is_empty());
    }

    #[test]
    fn numbers_in_words_are_read() {
        let read = |text| spelled(&Tokens(tokens(text)), 0).map(|v| v / ONE);
        for (text, value) in [
            ("trinta dias", 30),
            ("vinte e quatro horas", 24),
            ("cento e vinte e cinco", 125),
            ("twenty-four", 24),
            ("treinta y uno", 31),
            ("veinticinco", 25),
            ("vinte e trinta", 20),
            ("dois e vinte", 2),
        ] {
            assert_eq!(read(text), Some(value), "{text}");
        }
        assert_eq!(read("dinheiro"), None);
    }
}
