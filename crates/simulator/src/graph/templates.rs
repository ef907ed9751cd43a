//! The list of an account's templates, in pages.

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
