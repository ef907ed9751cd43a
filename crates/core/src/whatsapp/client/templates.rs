//! The message templates of a business account: listing them, and asking Meta for a new one.

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::wire::authorization;
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

/// A template that Meta is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTemplate {
    /// Its name: small letters, digits and underscores.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// Its text, with one place, `{{1}}`, neither first nor last.
    pub body: String,
    /// What Meta's reviewers read in that place.
    pub example: String,
    /// What is on its buttons, which answer with that.
    pub buttons: Vec<String>,
}

impl NewTemplate {
    /// It as JSON for `POST /{business account}/message_templates`.
    fn payload(&self) -> Value {
        let mut components = vec![json!({
            "type": "BODY", "text": self.body, "example": { "body_text": [[self.example]] },
        })];
        if !self.buttons.is_empty() {
            let buttons: Vec<Value> =
                self.buttons.iter().map(|text| json!({ "type": "QUICK_REPLY", "text": text })).collect();
            components.push(json!({ "type": "BUTTONS", "buttons": buttons }));
        }
        json!({
            "name": self.name,
            "language": self.language,
            "category": "UTILITY",
            "parameter_format": "POSITIONAL",
            "components": components,
        })
    }
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

impl GraphClient {
    /// Asks for a template; returns Meta's word on it, mostly `PENDING`. One of that name and language that is there
    /// already is refused.
    pub async fn create_template(
        &self,
        number: &Number,
        waba_id: &str,
        template: &NewTemplate,
    ) -> GraphResult<String> {
        let url = self.url(&[waba_id, "message_templates"])?;
        let request =
            self.client.post(url).header(AUTHORIZATION, authorization(number)?).json(&template.payload());
        let status = |answer: &Value| {
            answer.get("id")?;
            Some(answer.get("status").and_then(Value::as_str).unwrap_or("PENDING").to_owned())
        };
        self.ask(number, request, status).await
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
