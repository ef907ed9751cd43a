//! The message templates of a business account.

use serde_json::Value;

use super::{GraphClient, GraphResult, Number};

/// What is asked of each.
const FIELDS: &str = "name,language,status,category,components";

/// Templates in one answer, and answers in all; an account has a few thousand templates at most.
const PAGE: &str = "100";
const MOST_PAGES: usize = 100;

/// A template in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// Meta's word on it: only `APPROVED` ones can be sent.
    pub status: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    pub category: String,
    /// Its parts, as Meta has them.
    pub components: Value,
}

/// One answer of many.
struct Page {
    templates: Vec<MessageTemplate>,
    /// Where the next one begins.
    after: Option<String>,
}

impl GraphClient {
    /// All templates of the business account that the number belongs to.
    pub async fn templates(&self, number: &Number, waba_id: &str) -> GraphResult<Vec<MessageTemplate>> {
        let mut templates = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut url = self.url(&[waba_id, "message_templates"])?;
            url.query_pairs_mut().append_pair("fields", FIELDS).append_pair("limit", PAGE);
            if let Some(after) = &after {
                url.query_pairs_mut().append_pair("after", after);
            }
            let page = self.ask(number, self.get(number, url)?, Page::read).await?;
            templates.extend(page.templates);
            if page.after.is_none() || page.after == after {
                return Ok(templates);
            }
            after = page.after;
        }
        tracing::warn!(pages = MOST_PAGES, "the account has more templates than are read");
        Ok(templates)
    }
}

impl Page {
    fn read(answer: &Value) -> Option<Self> {
        let templates = answer.get("data")?.as_array()?.iter().filter_map(MessageTemplate::read).collect();
        // The next page's address carries the token, so it is not used: its cursor says the same.
        let more = answer.pointer("/paging/next").is_some_and(Value::is_string);
        let after = answer.pointer("/paging/cursors/after").and_then(Value::as_str);
        Some(Self { templates, after: after.filter(|_| more).map(str::to_owned) })
    }
}

impl MessageTemplate {
    /// `None` for one that could not be named when sending.
    fn read(template: &Value) -> Option<Self> {
        let text = |key: &str| template.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            name: text("name")?,
            language: text("language")?,
            status: text("status").unwrap_or_default(),
            category: text("category").unwrap_or_default(),
            components: template.get("components").cloned().unwrap_or_else(|| Value::Array(Vec::new())),
        })
    }
}
