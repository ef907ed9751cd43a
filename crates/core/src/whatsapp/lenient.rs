//! Reading JSON that keeps no promises: each function takes what it finds, or nothing.
//!
//! Members may be missing, `null` or of another type; ids and times come as texts or numbers. What is
//! read from people is cleaned here, so that it can be stored, shown and logged by name. What the members
//! mean is not known here.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Longest text kept, in bytes; WhatsApp's own limit is far below.
const LONGEST_TEXT: usize = 65_536;
/// Longest name kept, in characters.
const LONGEST_NAME: usize = 120;
/// The first second of the year 10000: no message is from then.
const FAR: i64 = 253_402_300_800;

/// A text that is there and not blank, as it came.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str().filter(|text| !text.trim().is_empty())
}

/// An id or number: a text without the spaces around it, or the digits of a whole number.
pub(super) fn id(value: &Value, key: &str) -> Option<String> {
    match &value[key] {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, also as a text.
pub(super) fn integer(value: &Value, key: &str) -> Option<i64> {
    match &value[key] {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    }
}

/// A number as text for people, also if it came as text.
pub(super) fn figure(value: &Value, key: &str) -> Option<String> {
    match &value[key] {
        Value::Number(number) => Some(number.to_string()),
        _ => text(value, key).and_then(name),
    }
}

/// Whether it is true, also as a text.
pub(super) fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or_else(|| value[key] == "true")
}

/// A moment given in seconds since 1970.
pub(super) fn moment(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    let seconds = integer(value, key).filter(|seconds| (1..FAR).contains(seconds))?;
    DateTime::from_timestamp(seconds, 0)
}

/// The elements of a list; none if it is no list.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text somebody wrote, cleaned.
pub(super) fn prose(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().and_then(clean)
}

/// `text` without control characters except `\n` and `\t`, cut to what is kept; `None` if nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let kept = &text[..text.floor_char_boundary(LONGEST_TEXT)];
    let dropped = |c: char| c.is_control() && c != '\n' && c != '\t';
    let clean = if kept.contains(dropped) { kept.replace(dropped, "") } else { kept.to_owned() };
    (!clean.trim().is_empty()).then_some(clean)
}

/// A name as one short line without control characters and marks of direction.
pub(super) fn name(text: &str) -> Option<String> {
    let line: String = text
        .trim()
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_direction(*c))
        .take(LONGEST_NAME)
        .collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The name of a file, without the folders it claims to be in.
pub(super) fn file_name(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    // `..` is no name either.
    name(last).filter(|name| !name.chars().all(|c| c == '.' || c == ' '))
}

/// Marks that are not seen and make text read differently from what it is.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The JSON with each half of a surrogate pair that stands alone replaced; `None` if there is none.
///
/// Such halves come where a text was cut through an emoji. A strict parser refuses the whole delivery for
/// one of them.
pub(super) fn mended(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let (mut rest, mut changed) = (json, false);
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        // `\\` and the other short escapes are two bytes long, so a `u` after them is a letter.
        let (length, keep) = match unit(escape) {
            None => (2, true),
            Some(0xD800..=0xDBFF) if matches!(unit(&escape[6..]), Some(0xDC00..=0xDFFF)) => (12, true),
            Some(0xD800..=0xDFFF) => (6, false),
            Some(_) => (6, true),
        };
        let (escape, after) = escape.split_at(length.min(escape.len()));
        out.extend_from_slice(if keep { escape } else { b"\\ufffd" });
        changed |= !keep;
        rest = after;
    }
    out.extend_from_slice(rest);
    changed.then_some(out)
}

/// The UTF-16 unit that `json` begins with as an escape `\uXXXX`.
fn unit(json: &[u8]) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = json else { return None };
    let digits = digits.first_chunk::<4>().filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_texts_or_whole_numbers() {
        let value = json!({"a": " x ", "b": 13_491_208_655_302_741_918_u64, "c": 1.5, "d": null, "e": " ",
            "f": [1]});
        assert_eq!(id(&value, "a").as_deref(), Some("x"));
        assert_eq!(id(&value, "b").as_deref(), Some("13491208655302741918"));
        for key in ["c", "d", "e", "f", "g"] {
            assert_eq!(id(&value, key), None, "{key}");
        }
        assert_eq!(id(&json!("no object"), "a"), None);
    }

    #[test]
    fn moments_are_seconds_in_any_dress() {
        let expected = DateTime::from_timestamp(1_739_321_024, 0);
        for good in [json!("1739321024"), json!(1_739_321_024), json!(" 1739321024 ")] {
            assert_eq!(moment(&json!({"t": good}), "t"), expected, "{good}");
        }
        let garbage = [
            json!(null),
            json!(""),
            json!("yesterday"),
            json!("2025-02-12T00:43:44Z"),
            json!(0),
            json!(-5),
            json!(1_739_321_024_000_i64),
            json!(u64::MAX),
            json!("99999999999999999999999"),
            json!(1.5),
            json!([1]),
        ];
        for bad in garbage {
            assert_eq!(moment(&json!({"t": bad}), "t"), None, "{bad}");
        }
    }

    #[test]
    fn texts_lose_control_characters_only() {
        assert_eq!(clean("a\0b\u{7}c\r\n\td\u{9b}").as_deref(), Some("abc\n\td"));
        assert_eq!(clean("  👩‍👩‍👧 שלום\u{200f}  ").as_deref(), Some("  👩‍👩‍👧 שלום\u{200f}  "));
        assert_eq!(clean(" \n\0 "), None);
        let long = "ã".repeat(40_000);
        let kept = clean(&format!("x{long}")).unwrap();
        assert_eq!(kept.len(), 65_535, "cut between characters");
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(name(" Ana\n\u{202e}Maria\0\tSilva ").as_deref(), Some("Ana Maria Silva"));
        assert_eq!(name(&"é".repeat(500)).unwrap().chars().count(), 120);
        assert_eq!(name("\u{202e}\0 "), None);
    }

    #[test]
    fn file_names_have_no_path() {
        for (given, kept) in [
            ("contrato.pdf", "contrato.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\nota fiscal.pdf", "nota fiscal.pdf"),
            ("fdp.\u{202e}exe\0", "fdp.exe"),
            ("ação.docx", "ação.docx"),
        ] {
            assert_eq!(file_name(given).as_deref(), Some(kept));
        }
        for nothing in ["", "..", "a/..", "folder/", "\u{200b}.", ". ."] {
            assert_eq!(file_name(nothing), None, "{nothing}");
        }
        assert_eq!(file_name(&format!("{}.pdf", "a".repeat(300))).unwrap().len(), 120);
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        let mend = |json: &str| mended(json.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(mend(r#""cut \ud83d""#).as_deref(), Some(r#""cut \ufffd""#));
        assert_eq!(mend(r#""\ude00 \ud83d\ud83d\ude00""#).as_deref(), Some(r#""\ufffd \ufffd\ud83d\ude00""#));
        assert_eq!(mend(r#""\uD83D\u0041""#).as_deref(), Some(r#""\ufffd\u0041""#));
        for whole in [r#""\ud83d\ude00 \n \\ud83d \u00e7""#, "", "\\", r"\u12", r"\ud83", "{}"] {
            assert_eq!(mend(whole), None, "{whole}");
        }
        assert_eq!(mend(r"\ud83d\").as_deref(), Some(r"\ufffd\"));
    }
}
