//! The places of a template, and what goes into them: as Meta wants it, and as the customer reads it.
//!
//! Pure. A template is what Meta's list of templates says of it. Its places have names (`{{nome}}`) or numbers
//! (`{{1}}`), in the header, in the body and in the addresses of buttons; Meta refuses values that it cannot
//! place, so what is missing, too many or of the wrong kind is said here, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::split::shorten;
use crate::error::{Error, Result};

mod shape;

use shape::{ButtonKind, Header, Shape, is_number, places, written};

/// Units of a header's value at most: a header has 60 in all.
const HEADER_VALUE: usize = 60;

/// What somebody gives for the places of a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateValues {
    /// For the header: its value, or the address of its picture, film or document.
    pub header: Option<String>,
    /// For the body, by number, or in the order in which the names first stand there. A value that begins with
    /// the name of a place and `=` is for that place, in the header too.
    pub body: Vec<String>,
    /// For the buttons that take a value, in order.
    pub buttons: Vec<String>,
}

/// A value in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateParameter {
    /// Where.
    pub place: TemplatePlace,
    /// The place's name, where places have names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The value.
    pub text: String,
}

/// Where a value goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplatePlace {
    /// Into the text of the header.
    Header,
    /// In place of the header, at this address: `image`, `video` or `document`.
    HeaderFile(String),
    /// Into the body.
    Body,
    /// To the address of the button of this number, from 0.
    ButtonUrl(usize),
    /// Into the button of this number, to be copied.
    ButtonCode(usize),
}

/// A template with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledTemplate {
    /// The values, in the order in which Meta wants them.
    pub parameters: Vec<TemplateParameter>,
    /// What the customer reads: header, body, footer and what stands on the buttons.
    pub text: String,
}

/// Puts values into their places. `components` as Meta has them; `name` is for messages.
///
/// # Errors
/// `InvalidInput` with `validation_failed`, naming the part and what it needs.
pub fn fill(name: &str, components: &Value, values: &TemplateValues) -> Result<FilledTemplate> {
    let shape = Shape::read(components);
    let wrong = |what: String| {
        Err(Error::invalid(format!("the template `{name}`: {what}"))
            .with_code("validation_failed")
            .with_field("values", what))
    };
    let (header_places, body_places) = (shape.header_places(), places(shape.body));
    let (mut by_name, mut in_order) = (BTreeMap::new(), Vec::new());
    for value in &values.body {
        let named = value
            .split_once('=')
            .filter(|(key, _)| !is_number(key) && (header_places.contains(key) || body_places.contains(key)));
        match named {
            Some((key, text)) => _ = by_name.insert(key, text),
            None => in_order.push(value.as_str()),
        }
    }
    if let (Some(place), Some(value)) = (header_places.first(), &values.header) {
        by_name.insert(place, value);
    }
    // What has no name of its own goes to the body's places that are left, in order.
    let left: Vec<&str> = body_places.iter().filter(|place| !by_name.contains_key(*place)).copied().collect();
    if left.len() != in_order.len() {
        let (needed, given) = (list_of(&body_places), values.body.len());
        return wrong(format!(
            "its text takes {} ({needed}), and {given} are given",
            count(body_places.len())
        ));
    }
    let mut body = by_name.clone();
    body.extend(left.into_iter().zip(in_order));
    let mut parameters = Vec::new();
    let parameter = |place: TemplatePlace, name: &str, text: &str| TemplateParameter {
        place,
        name: (!is_number(name)).then(|| name.to_owned()),
        text: text.to_owned(),
    };
    match (&shape.header, &values.header) {
        (Some(Header::Text(_)), given) => {
            for place in &header_places {
                let Some(value) = by_name.get(place) else {
                    return wrong(format!(
                        "its header needs a value for {}: give one with --header",
                        written(place)
                    ));
                };
                parameters.push(parameter(TemplatePlace::Header, place, value));
            }
            if given.is_some() && header_places.is_empty() {
                return wrong("its header takes no value".to_owned());
            }
        }
        (Some(Header::File(kind)), given) => match (kind.as_str(), given) {
            ("image" | "video" | "document", Some(address)) if address.starts_with("https://") => {
                parameters.push(parameter(TemplatePlace::HeaderFile(kind.clone()), "1", address));
            }
            ("image" | "video" | "document", _) => {
                return wrong(format!(
                    "its header is a file ({kind}): give its https:// address with --header"
                ));
            }
            _ => return wrong(format!("its header is of the type {kind}, which cannot be sent from here")),
        },
        (None, Some(_)) => return wrong("it has no header".to_owned()),
        (None, None) => {}
    }
    for place in &body_places {
        parameters.push(parameter(TemplatePlace::Body, place, body.get(place).copied().unwrap_or_default()));
    }
    let codes: Vec<String> = match (shape.one_code, values.buttons.is_empty(), body.values().next()) {
        (true, true, Some(code)) => vec![(*code).to_owned()],
        _ => values.buttons.clone(),
    };
    let takers = shape.buttons.iter().enumerate().filter_map(|(index, (_, kind))| Some((index, (*kind)?)));
    let takers: Vec<(usize, ButtonKind)> = takers.collect();
    if takers.len() != codes.len() {
        let given = codes.len();
        let takers = count(takers.len());
        return wrong(format!("its buttons take {takers}, and {given} are given with --button"));
    }
    for ((index, kind), text) in takers.into_iter().zip(&codes) {
        let place = match kind {
            ButtonKind::Url => TemplatePlace::ButtonUrl(index),
            ButtonKind::Code => TemplatePlace::ButtonCode(index),
        };
        parameters.push(parameter(place, "1", text));
    }
    Ok(FilledTemplate { text: shape.read_with(&by_name, &body, values.header.as_deref()), parameters })
}

/// Puts one line into a template that is to say something and nothing else, whatever places it has: into the
/// first of its body; the others get a dash. Where the body has none, the template goes as it is.
pub fn fill_with_line(name: &str, components: &Value, line: &str) -> Result<FilledTemplate> {
    let shape = Shape::read(components);
    let body = (0..places(shape.body).len()).map(|n| if n == 0 { line.to_owned() } else { "–".to_owned() });
    let header = shape.header_places().first().map(|_| shorten(line, HEADER_VALUE));
    let dashes = shape.buttons.iter().filter(|(_, kind)| kind.is_some()).map(|_| "-".to_owned());
    // A value is not read as one of a named place because of what it says.
    let named = places(shape.body).into_iter().zip(body);
    let body = named.map(|(place, text)| if is_number(place) { text } else { format!("{place}={text}") });
    fill(name, components, &TemplateValues { header, body: body.collect(), buttons: dashes.collect() })
}

/// Parameters as Meta wants them: a component for the header, the body and each button.
///
/// # Errors
/// `InvalidInput` for a value that Meta does not take.
pub fn components(name: &str, parameters: &[TemplateParameter]) -> Result<Vec<Value>> {
    let mut components: Vec<Value> = Vec::new();
    for (number, parameter) in parameters.iter().enumerate() {
        let TemplateParameter { place, name: place_name, text } = parameter;
        check_value(name, place_name.as_deref(), number + 1, text)?;
        let mut value = match place {
            TemplatePlace::HeaderFile(kind) => json!({ "type": kind, kind: { "link": text } }),
            TemplatePlace::ButtonCode(_) => json!({ "type": "coupon_code", "coupon_code": text }),
            _ => json!({ "type": "text", "text": text }),
        };
        if let Some(place_name) = place_name {
            value["parameter_name"] = json!(place_name);
        }
        let component = match place {
            TemplatePlace::Header | TemplatePlace::HeaderFile(_) => json!({ "type": "header" }),
            TemplatePlace::Body => json!({ "type": "body" }),
            TemplatePlace::ButtonUrl(index) => {
                json!({ "type": "button", "sub_type": "url", "index": index.to_string() })
            }
            TemplatePlace::ButtonCode(index) => {
                json!({ "type": "button", "sub_type": "copy_code", "index": index.to_string() })
            }
        };
        let same = |there: &&mut Value| ["type", "index"].iter().all(|key| there[*key] == component[*key]);
        let there = components.iter_mut().find(same).and_then(|there| there["parameters"].as_array_mut());
        if let Some(values) = there {
            values.push(value);
        } else {
            let mut component = component;
            component["parameters"] = json!([value]);
            components.push(component);
        }
    }
    Ok(components)
}

/// Spaces in a row from which Meta refuses a value.
const SPACES: &str = "     ";

fn check_value(template: &str, place: Option<&str>, number: usize, text: &str) -> Result<()> {
    let which = place.map_or_else(|| number.to_string(), |name| format!("`{name}`"));
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("value {which} of the template {template} is empty")));
    }
    if text.contains(['\n', '\r', '\t']) || text.contains(SPACES) {
        return Err(Error::invalid(format!(
            "value {which} of the template {template} has a line break, a tab or more than four spaces in a row, \
             which Meta does not accept there"
        )));
    }
    Ok(())
}

fn list_of(places: &[&str]) -> String {
    if places.is_empty() {
        return "it has no places".to_owned();
    }
    places.iter().map(|place| written(place)).collect::<Vec<_>>().join(", ")
}

fn count(values: usize) -> String {
    if values == 1 { "1 value".to_owned() } else { format!("{values} values") }
}

#[cfg(test)]
mod tests;
