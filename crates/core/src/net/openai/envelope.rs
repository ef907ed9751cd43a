//! What a service says about an error, and what of it may be repeated.
//!
//! Services put codes and a sentence into an error, and some echo the request in it, and with it the key or
//! what a customer wrote. A sentence is repeated to the operator only in so far as it is the service's own:
//! none of it stands in the request, and what looks like a secret or a person's data is left out.

use std::collections::HashSet;

use reqwest::header::HeaderValue;
use serde_json::Value;

/// Characters of a service's sentence that are repeated at most.
const LONGEST: usize = 160;
/// So many words in a row that stand in the request, too, are taken to be repeated from it.
const ECHO: usize = 3;

/// What is read of an error body: OpenAI's `{"error": {…}}`, or the same fields without envelope.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) kind: String,
    pub(super) code: String,
    pub(super) param: String,
    pub(super) text: String,
    /// Whether it was JSON, as an OpenAI-compatible service writes; a proxy's page is none.
    pub(super) json: bool,
}

impl Envelope {
    pub(super) fn read(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of(&value),
            Err(_) => Self { text: String::from_utf8_lossy(body).into_owned(), ..Self::default() },
        }
    }

    /// Reads a body, or an error object that stands where an answer should.
    pub(super) fn of(value: &Value) -> Self {
        let error = value.get("error").filter(|e| e.is_object()).unwrap_or(value);
        let field = |name: &str| match error.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let bare = value.get("error").and_then(Value::as_str).or(error.as_str()).map(str::to_owned);
        let told = ["message", "detail"].into_iter().map(field).find(|text| !text.is_empty());
        Self {
            kind: field("type"),
            code: field("code"),
            param: field("param"),
            text: told.or(bare).unwrap_or_else(|| value.to_string()),
            json: value.is_object(),
        }
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.code == code || self.kind == code
    }

    /// The status that an error inside a success stands for, if it tells one.
    pub(super) fn status(&self) -> Option<u16> {
        self.code.parse().ok().filter(|status| (400..=599).contains(status))
    }

    /// Codes fit to be shown: short words of a fixed alphabet, and no part of the key.
    pub(super) fn codes(&self, authorization: Option<&HeaderValue>) -> String {
        let key = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
        [&self.kind, &self.code, &self.param]
            .into_iter()
            .filter(|word| !word.is_empty() && word.len() <= 64 && word.chars().all(plain))
            .filter(|word| !key.contains(word.as_str()))
            .fold(String::new(), |shown, word| format!("{shown}, {word}"))
    }

    /// The service's sentence, for an error message: `: "Provider returned error"`; empty if it has none of
    /// its own. `sent` is the request that it answers.
    pub(super) fn words(&self, authorization: Option<&HeaderValue>, sent: &str) -> String {
        let key = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let key = key.trim_start_matches("Bearer ");
        // A page or a dump is not a sentence.
        if !self.json || self.text.starts_with(['{', '[', '<']) {
            return String::new();
        }
        let told: Vec<&str> = self.text.split_whitespace().collect();
        if !key.is_empty() && self.text.contains(key) || repeats(&told, sent) {
            return String::new();
        }
        let mut shown = String::new();
        for word in told {
            let word = if is_private(word) { "…" } else { word };
            if shown.chars().count() + word.chars().count() >= LONGEST {
                shown.push('…');
                break;
            }
            if !shown.is_empty() {
                shown.push(' ');
            }
            shown.extend(word.chars().filter(|c| !c.is_control() && *c != '"'));
        }
        let shown = shown.trim_end_matches('.');
        if shown.is_empty() { String::new() } else { format!(": \"{shown}\"") }
    }
}

/// Whether some words in a row stand in the request, too; of a short sentence, all of them.
fn repeats(told: &[&str], sent: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let plain = |c: char| !c.is_alphanumeric();
        text.split(plain).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    // The request is JSON: its line ends are written `\\n`, which would glue words together.
    let sent = words(&sent.replace("\\n", " "));
    let told = words(&told.join(" "));
    let length = told.len().clamp(1, ECHO);
    let runs: HashSet<&[String]> = sent.windows(length).collect();
    told.windows(length).any(|run| runs.contains(run))
}

/// Whether a word may be a key, a number of a person, or an address.
fn is_private(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let mixed = word.len() >= 16 && digits >= 2;
    word.contains('@') || word.starts_with("sk-") || digits >= 7 || mixed || word.len() > 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_codes_are_shown_and_never_the_key() {
        let body = br#"{"error": {"type": "invalid_request_error", "code": "sk-secret",
            "param": "messages[0].content", "message": "you wrote: my password is hunter2"}}"#;
        let key = HeaderValue::from_static("Bearer sk-secret");
        let shown = Envelope::read(body).codes(Some(&key));
        assert_eq!(shown, ", invalid_request_error, messages[0].content");
        let odd = Envelope { code: "a b".into(), kind: "x".repeat(65), ..Envelope::default() };
        assert_eq!(odd.codes(None), "");
    }

    #[test]
    fn an_envelope_is_read_in_the_forms_that_services_use() {
        assert!(Envelope::read(br#"{"error":{"type":"insufficient_quota"}}"#).is("insufficient_quota"));
        let bare = Envelope::read(br#"{"object":"error","message":"m","code":400}"#);
        assert_eq!((bare.text.as_str(), bare.status()), ("m", Some(400)));
        assert_eq!(Envelope::read(br#"{"error":"no such model"}"#).text, "no such model");
        assert_eq!(Envelope::read(br#"{"detail":"too long"}"#).text, "too long");
        let page = Envelope::read(b"<html>");
        assert_eq!((page.text.as_str(), page.json), ("<html>", false));
    }

    #[test]
    fn a_sentence_is_repeated_if_it_is_the_services_own() {
        let key = HeaderValue::from_static("Bearer sk-0123456789");
        let sent =
            r#"{"messages":[{"content":"Regras.\nmeu telefone é 11 98888-7777 e a senha é hunter2"}]}"#;
        let shown =
            |text: &str| Envelope::of(&serde_json::json!({ "message": text })).words(Some(&key), sent);
        assert_eq!(shown("Provider returned error."), ": \"Provider returned error\"");
        assert_eq!(shown("model is loading,\n try later"), ": \"model is loading, try later\"");
        assert_eq!(shown("bad content: \"e a senha é hunter2\""), "");
        assert_eq!(shown("Incorrect API key provided: sk-0123456789"), "");
        assert_eq!(shown("org ana@example.com (5511988887777) is over"), ": \"org … … is over\"");
        assert_eq!(shown("{\"a\": 1}"), "");
        let long = shown(&"palavra ".repeat(100));
        assert!(long.chars().count() < LONGEST + 10 && long.ends_with("…\""), "{long}");
    }
}
