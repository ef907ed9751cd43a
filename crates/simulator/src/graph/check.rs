//! Whether Graph would take a message: the rules and limits that it holds messages to.

#![expect(clippy::unreadable_literal, reason = "codes are looked up as they stand")]

use serde_json::Value;

use super::behaviour::Refusal;

/// Graph's codes for a bad parameter in general, and in interactive messages.
const PARAMETER: i64 = 100;
const VALUE: i64 = 131009;
const MISSING: i64 = 131008;

/// Refuses what Graph would refuse.
pub(super) fn message(payload: &Value) -> Result<(), Refusal> {
    product(payload)?;
    let one_addressee = payload["to"].is_string() != payload["recipient"].is_string();
    if !one_addressee {
        return Err(refuse(PARAMETER, "The parameter to is required, unless recipient is given instead."));
    }
    if !matches!(payload["recipient_type"].as_str(), None | Some("individual")) {
        return Err(refuse(PARAMETER, "Param recipient_type must be one of {individual}."));
    }
    if let Some(data) = payload.get("biz_opaque_callback_data") {
        within(data, "biz_opaque_callback_data", 512, PARAMETER)?;
    }
    if let Some(context) = payload.get("context") {
        within(&context["message_id"], "context['message_id']", 500, PARAMETER)?;
    }
    let kind = payload["type"].as_str().unwrap_or("text");
    let content = &payload[kind];
    match kind {
        "text" => within(&content["body"], "text['body']", 4096, PARAMETER),
        "interactive" => interactive(content),
        "template" => template(content),
        "reaction" => within(&content["message_id"], "reaction['message_id']", 500, PARAMETER),
        "image" | "document" | "audio" | "video" | "sticker" => file(content, kind),
        _ => Err(refuse(PARAMETER, "Param type must be one of the supported message types.")),
    }
}

/// Every body names the product.
pub(super) fn product(payload: &Value) -> Result<(), Refusal> {
    if payload["messaging_product"] == "whatsapp" {
        return Ok(());
    }
    Err(refuse(PARAMETER, "The parameter messaging_product is required."))
}

fn interactive(content: &Value) -> Result<(), Refusal> {
    within(&content["body"]["text"], "interactive['body']['text']", 1024, VALUE)?;
    if let Some(footer) = content.get("footer") {
        within(&footer["text"], "interactive['footer']['text']", 60, VALUE)?;
    }
    if let Some(header) = content.get("header").filter(|header| header["type"] == "text") {
        within(&header["text"], "interactive['header']['text']", 60, VALUE)?;
    }
    let action = &content["action"];
    match content["type"].as_str() {
        Some("button") => buttons(action),
        Some("list") => list(action),
        _ => Err(refuse(VALUE, "Param interactive['type'] must be one of {button, list}.")),
    }
}

fn buttons(action: &Value) -> Result<(), Refusal> {
    let buttons = items(&action["buttons"]);
    if !(1..=3).contains(&buttons.len()) {
        return Err(refuse(VALUE, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"));
    }
    for button in buttons {
        within(&button["reply"]["title"], "button title", 20, VALUE)?;
        within(&button["reply"]["id"], "button id", 256, VALUE)?;
    }
    let repeats = |at: usize| {
        let (earlier, this) = (&buttons[..at], &buttons[at]["reply"]);
        earlier.iter().any(|b| b["reply"]["id"] == this["id"] || b["reply"]["title"] == this["title"])
    };
    if (0..buttons.len()).any(repeats) {
        return Err(refuse(VALUE, "Button ids and titles must be unique."));
    }
    Ok(())
}

fn list(action: &Value) -> Result<(), Refusal> {
    within(&action["button"], "interactive['action']['button']", 20, VALUE)?;
    let sections = items(&action["sections"]);
    let rows: Vec<&Value> = sections.iter().flat_map(|section| items(&section["rows"])).collect();
    if !(1..=10).contains(&sections.len()) || !(1..=10).contains(&rows.len()) {
        return Err(refuse(VALUE, "Total row count exceed max allowed count: 10"));
    }
    for section in sections {
        if sections.len() > 1 || section.get("title").is_some() {
            within(&section["title"], "section title", 24, VALUE)?;
        }
    }
    for row in rows {
        within(&row["title"], "row title", 24, VALUE)?;
        within(&row["id"], "row id", 200, VALUE)?;
        if let Some(description) = row.get("description") {
            within(description, "row description", 72, VALUE)?;
        }
    }
    Ok(())
}

fn template(content: &Value) -> Result<(), Refusal> {
    within(&content["name"], "template['name']", 512, MISSING)?;
    within(&content["language"]["code"], "template['language']['code']", 20, MISSING)?;
    for component in items(&content["components"]) {
        for parameter in items(&component["parameters"]) {
            let text = parameter["text"].as_str().unwrap_or_default();
            if parameter["type"] == "text" && (text.is_empty() || text.contains(['\n', '\t'])) {
                let details = "Param text cannot be empty or have new-line/tab characters or more than 4 \
                               consecutive spaces";
                return Err(refuse(PARAMETER, details));
            }
        }
    }
    Ok(())
}

fn file(content: &Value, kind: &str) -> Result<(), Refusal> {
    if !content["id"].is_string() && !content["link"].is_string() {
        return Err(refuse(PARAMETER, &format!("Param {kind} needs an id or a link.")));
    }
    content.get("caption").map_or(Ok(()), |caption| within(caption, "caption", 1024, PARAMETER))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A text of 1 to `most` UTF-16 units.
fn within(text: &Value, name: &str, most: usize, code: i64) -> Result<(), Refusal> {
    match text.as_str().map_or(0, |text| text.encode_utf16().count()) {
        0 => Err(refuse(code, &format!("The parameter {name} is required."))),
        units if units > most => {
            Err(refuse(code, &format!("Param {name} must be at most {most} characters long.")))
        }
        _ => Ok(()),
    }
}

fn refuse(code: i64, details: &str) -> Refusal {
    Refusal::code(code).details(details)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(body: &str) -> Value {
        json!({
            "messaging_product": "whatsapp", "to": "5511987654321", "type": "text",
            "text": { "body": body, "preview_url": false },
        })
    }

    #[test]
    fn texts_are_held_to_4096_utf16_units() {
        assert!(message(&text(&"🙂".repeat(2048))).is_ok());
        assert!(message(&text(&"🙂".repeat(2049))).is_err());
        assert!(message(&text("")).is_err());
    }

    #[test]
    fn a_message_names_its_product_and_one_addressee() {
        assert!(message(&json!({ "to": "1", "text": { "body": "x" } })).is_err());
        let mut both = text("x");
        both["recipient"] = json!("US.1");
        assert!(message(&both).is_err());
        both["to"] = Value::Null;
        assert!(message(&both).is_ok());
        both["recipient"] = Value::Null;
        assert!(message(&both).is_err());
    }

    #[test]
    fn buttons_and_rows_are_counted() {
        let with = |buttons: Vec<Value>| {
            message(&json!({
                "messaging_product": "whatsapp", "to": "1", "type": "interactive",
                "interactive": {
                    "type": "button", "body": { "text": "?" }, "action": { "buttons": buttons },
                },
            }))
        };
        let reply = |id: usize| json!({ "id": format!("b{id}"), "title": format!("Button {id}") });
        let button = |id: usize| json!({ "type": "reply", "reply": reply(id) });
        assert!(with((0..3).map(button).collect()).is_ok());
        assert!(with((0..4).map(button).collect()).is_err());
        assert!(with(vec![button(1), button(1)]).is_err());
        assert!(with(Vec::new()).is_err());
    }
}
