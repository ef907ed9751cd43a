//! Messages with something to tap: reply buttons and lists.
//!
//! What the customer chose comes back with our id (see `event.rs`). Headers are text only.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::check;
use crate::error::{Error, Result};

/// UTF-16 units of the text of an interactive message.
pub const INTERACTIVE_BODY: usize = 1024;
const HEADER: usize = 60;
const FOOTER: usize = 60;

/// Buttons of a message.
pub const MOST_BUTTONS: usize = 3;
/// UTF-16 units on a button.
pub const BUTTON_TITLE: usize = 20;
const BUTTON_ID: usize = 256;

/// UTF-16 units on the button that opens a list.
pub const LIST_BUTTON: usize = 20;
const MOST_SECTIONS: usize = 10;
/// UTF-16 units of a section's title.
pub const SECTION_TITLE: usize = 24;
/// Rows of a list, in all sections together.
pub const MOST_ROWS: usize = 10;
/// UTF-16 units of a row's title.
pub const ROW_TITLE: usize = 24;
/// UTF-16 units below a row's title.
pub const ROW_DESCRIPTION: usize = 72;
const ROW_ID: usize = 200;

/// The text around what can be tapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Above it, bold; at most 60 units.
    pub header: Option<String>,
    /// The text itself, 1 to 1024 units.
    pub body: String,
    /// Below it, small; at most 60 units.
    pub footer: Option<String>,
}

/// A text with 1 to 3 buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buttons {
    /// The text.
    pub frame: Frame,
    /// The buttons; no two with the same id or title.
    pub buttons: Vec<Button>,
}

/// A button that replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What comes back when it is pressed, 1 to 256 units.
    pub id: String,
    /// What is on it, 1 to 20 units.
    pub title: String,
}

/// A text with a list that opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The text.
    pub frame: Frame,
    /// What is on the button that opens the list, 1 to 20 units.
    pub open: String,
    /// 1 to 10 sections with 1 to 10 rows in all.
    pub sections: Vec<ListSection>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSection {
    /// Its title, at most 24 units; needed where there is more than one section.
    pub title: Option<String>,
    /// What can be chosen.
    pub rows: Vec<ListRow>,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// What comes back when it is chosen, 1 to 200 units; no two rows with the same.
    pub id: String,
    /// Its title, 1 to 24 units.
    pub title: String,
    /// Below the title, at most 72 units.
    pub description: Option<String>,
}

impl Frame {
    /// The object with type and text; what can be tapped goes into `action`.
    fn object(&self, kind: &str, action: &Value) -> Result<Value> {
        check("the text of an interactive message", &self.body, INTERACTIVE_BODY)?;
        let mut object = json!({ "type": kind, "body": { "text": self.body }, "action": action });
        if let Some(header) = &self.header {
            check("the header of an interactive message", header, HEADER)?;
            object["header"] = json!({ "type": "text", "text": header });
        }
        if let Some(footer) = &self.footer {
            check("the footer of an interactive message", footer, FOOTER)?;
            object["footer"] = json!({ "text": footer });
        }
        Ok(object)
    }
}

impl Buttons {
    pub(super) fn object(&self) -> Result<Value> {
        count("a message with buttons", "buttons", self.buttons.len(), MOST_BUTTONS)?;
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        let mut buttons = Vec::new();
        for Button { id, title } in &self.buttons {
            check("the id of a button", id, BUTTON_ID)?;
            check("the title of a button", title, BUTTON_TITLE)?;
            if !ids.insert(id) || !titles.insert(title) {
                return Err(Error::invalid("two buttons of a message have the same id or the same title"));
            }
            buttons.push(json!({ "type": "reply", "reply": { "id": id, "title": title } }));
        }
        self.frame.object("button", &json!({ "buttons": buttons }))
    }
}

impl List {
    pub(super) fn object(&self) -> Result<Value> {
        check("the button that opens a list", &self.open, LIST_BUTTON)?;
        count("a list", "sections", self.sections.len(), MOST_SECTIONS)?;
        let rows = self.sections.iter().map(|section| section.rows.len()).sum();
        count("a list", "rows", rows, MOST_ROWS)?;
        let mut ids = BTreeSet::new();
        let mut sections = Vec::new();
        for section in &self.sections {
            if section.title.is_none() && self.sections.len() > 1 {
                return Err(Error::invalid("every section of a list with more than one needs a title"));
            }
            if section.rows.is_empty() {
                return Err(Error::invalid("a section of a list has no rows"));
            }
            if !section.rows.iter().all(|row| ids.insert(&row.id)) {
                return Err(Error::invalid("two rows of a list have the same id"));
            }
            sections.push(section.object()?);
        }
        self.frame.object("list", &json!({ "button": self.open, "sections": sections }))
    }
}

impl ListSection {
    fn object(&self) -> Result<Value> {
        let rows: Vec<Value> = self.rows.iter().map(ListRow::object).collect::<Result<_>>()?;
        let mut object = json!({ "rows": rows });
        if let Some(title) = &self.title {
            check("the title of a section", title, SECTION_TITLE)?;
            object["title"] = json!(title);
        }
        Ok(object)
    }
}

impl ListRow {
    fn object(&self) -> Result<Value> {
        let Self { id, title, description } = self;
        check("the id of a row", id, ROW_ID)?;
        check("the title of a row", title, ROW_TITLE)?;
        let mut object = json!({ "id": id, "title": title });
        if let Some(description) = description {
            check("the description of a row", description, ROW_DESCRIPTION)?;
            object["description"] = json!(description);
        }
        Ok(object)
    }
}

fn count(whole: &str, parts: &str, number: usize, most: usize) -> Result<()> {
    if (1..=most).contains(&number) {
        return Ok(());
    }
    Err(Error::invalid(format!("{whole} has {number} {parts}; WhatsApp takes 1 to {most}")))
}
