//! The list of an account's templates, in pages, and new ones.

use serde_json::{Value, json};

use super::behaviour::Refusal;
use super::script::Script;
use super::{origin, query, token};
use crate::log::Recorded;
use crate::reply::Reply;

/// Entries in a page if nothing else is asked for.
const USUAL: usize = 25;

/// One page. The address of the next one carries the token, as Graph's does.
pub(super) fn list(script: &Script, account: &str, request: &Recorded) -> Reply {
    // Those without an account are everybody's.
    let Some(all) = script.templates.get(account).or_else(|| script.templates.get("")) else {
        return Refusal::hidden_object(account).reply();
    };
    let asked = query(request, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(USUAL);
    let limit = script.page.map_or(asked, |most| asked.min(most));
    let after: Option<usize> =
        query(request, "after").and_then(|cursor| cursor.strip_prefix("cursor-")?.parse().ok());
    let from = after.unwrap_or(0).min(all.len());
    let end = from.saturating_add(limit).min(all.len());
    let data: &[Value] = &all[from..end];
    let mut paging = json!({
        "cursors": { "before": format!("cursor-{from}"), "after": format!("cursor-{end}") },
    });
    if end < all.len() {
        let (origin, token) = (origin(request), token(request).unwrap_or_default());
        paging["next"] = json!(format!(
            "{origin}/v23.0/{account}/message_templates?access_token={token}&limit={limit}&after=cursor-{end}"
        ));
    }
    Reply::json(&json!({ "data": data, "paging": paging }))
}

/// A new template, if Graph would take it for review.
pub(super) fn create(script: &mut Script, account: &str, request: &Recorded) -> Reply {
    let mut template = request.json();
    if let Err(details) = reviewed(&template) {
        return Refusal::code(100).details(&details).reply();
    }
    let all = script.templates.entry(account.to_owned()).or_default();
    let same = |known: &Value| ["name", "language"].iter().all(|key| known[*key] == template[*key]);
    if all.iter().any(same) {
        let details = "There is already content in this language for this template.";
        return Refusal::code(100).subcode(2_388_024).details(details).reply();
    }
    let id = format!("{}", 900_000 + all.len());
    let category = template["category"].clone();
    template["status"] = json!("PENDING");
    template["id"] = json!(id);
    all.push(template);
    Reply::json(&json!({ "id": id, "status": "PENDING", "category": category }))
}

/// What Graph looks at before people do.
fn reviewed(template: &Value) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&template["name"]);
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || name.len() > 512 || !name.bytes().all(fits) {
        return Err(
            "Message template name can only contain lowercase letters, numbers and underscores.".into()
        );
    }
    if !["UTILITY", "MARKETING", "AUTHENTICATION"].contains(&text(&template["category"]).as_str()) {
        return Err("Param category must be one of {UTILITY, MARKETING, AUTHENTICATION}.".into());
    }
    if text(&template["language"]).is_empty() {
        return Err("The parameter language is required.".into());
    }
    let components = template["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(body) = components.iter().find(|c| c["type"] == "BODY") else {
        return Err("Message templates need a component of type BODY.".into());
    };
    let words = text(&body["text"]);
    if words.is_empty() || words.encode_utf16().count() > 1024 {
        return Err("Param text of BODY must be 1 to 1024 characters long.".into());
    }
    let trimmed = words.trim();
    if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
        return Err("Variables can't be at the start or end of the template.".into());
    }
    let (places, examples) = (words.matches("{{").count(), &body["example"]["body_text"][0]);
    if examples.as_array().map_or(0, Vec::len) != places {
        return Err("Component BODY is missing expected field(s) (example).".into());
    }
    let buttons = components.iter().filter(|c| c["type"] == "BUTTONS");
    for button in buttons.flat_map(|c| c["buttons"].as_array().map(Vec::as_slice).unwrap_or_default()) {
        if !(1..=25).contains(&text(&button["text"]).encode_utf16().count()) {
            return Err("Param text of a button must be 1 to 25 characters long.".into());
        }
    }
    Ok(())
}
