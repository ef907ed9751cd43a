//! What a template looks like: its places, and how it reads with them filled.

use std::collections::BTreeMap;

use serde_json::Value;

/// The parts of a template that matter here.
pub(super) struct Shape<'a> {
    pub(super) header: Option<Header<'a>>,
    pub(super) body: &'a str,
    footer: Option<&'a str>,
    /// What stands on each button, and what it takes, if it takes a value.
    pub(super) buttons: Vec<(&'a str, Option<ButtonKind>)>,
    /// Whether the code of the body is that of the button too.
    pub(super) one_code: bool,
}

pub(super) enum Header<'a> {
    Text(&'a str),
    /// Meta's word for it, in small letters.
    File(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ButtonKind {
    Url,
    Code,
}

impl<'a> Shape<'a> {
    pub(super) fn read(components: &'a Value) -> Self {
        let parts = components.as_array().map(Vec::as_slice).unwrap_or_default();
        let is = |part: &Value, key: &str, word: &str| {
            part[key].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case(word))
        };
        let part = |kind: &str| parts.iter().find(|part| is(part, "type", kind));
        let text = |kind: &str| part(kind).and_then(|part| part["text"].as_str());
        let header = part("header").map(|header| match header["format"].as_str() {
            Some(format) if !format.eq_ignore_ascii_case("text") => Header::File(format.to_ascii_lowercase()),
            _ => Header::Text(header["text"].as_str().unwrap_or_default()),
        });
        let buttons = part("buttons").and_then(|part| part["buttons"].as_array());
        let buttons = buttons.map(Vec::as_slice).unwrap_or_default();
        let takes = |button: &Value| match () {
            () if is(button, "type", "copy_code") => Some(ButtonKind::Code),
            () if is(button, "type", "otp") => Some(ButtonKind::Url),
            () if is(button, "type", "url") => {
                button["url"].as_str().is_some_and(|url| !places(url).is_empty()).then_some(ButtonKind::Url)
            }
            () => None,
        };
        Self {
            header,
            body: text("body").unwrap_or_default(),
            footer: text("footer"),
            one_code: buttons.iter().any(|button| is(button, "type", "otp")),
            buttons: buttons
                .iter()
                .map(|button| (button["text"].as_str().unwrap_or_default(), takes(button)))
                .collect(),
        }
    }

    pub(super) fn header_places(&self) -> Vec<&'a str> {
        match self.header {
            Some(Header::Text(text)) => places(text),
            _ => Vec::new(),
        }
    }

    pub(super) fn read_with(&self, header: &Filling<'_>, body: &Filling<'_>, file: Option<&str>) -> String {
        let header = match self.header {
            Some(Header::Text(text)) => filled(text, header),
            Some(Header::File(_)) => file.unwrap_or_default().to_owned(),
            None => String::new(),
        };
        let on_buttons = self.buttons.iter().filter(|(text, _)| !text.is_empty());
        let buttons = on_buttons.map(|(text, _)| format!("[{text}]")).collect::<Vec<_>>().join(" ");
        let footer = self.footer.unwrap_or_default().to_owned();
        let parts = [header, filled(self.body, body), footer, buttons];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

pub(super) type Filling<'a> = BTreeMap<&'a str, &'a str>;

/// A text with its places filled: in one go, since a value may look like a place.
fn filled(text: &str, values: &Filling<'_>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((place, after)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        match values.get(place.trim()) {
            Some(value) => out.push_str(value),
            None => out.push_str(&written(place)),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A place as it stands in a text.
pub(super) fn written(place: &str) -> String {
    format!("{{{{{place}}}}}")
}

/// The names of a text's places, each once: numbers by their size, which is how Meta counts the values; names in
/// the order in which they first stand there.
pub(super) fn places(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for rest in text.split("{{").skip(1) {
        if let Some((name, _)) = rest.split_once("}}")
            && !names.contains(&name.trim())
        {
            names.push(name.trim());
        }
    }
    if names.iter().all(|name| is_number(name)) {
        names.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
    }
    names
}

pub(super) fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}
