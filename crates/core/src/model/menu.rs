//! A menu: what an agent offers a customer to choose from on WhatsApp.
//!
//! Plain values. What WhatsApp takes, and what a choice does, is in `engine/whatsapp/menu.rs`.

use serde::{Deserialize, Serialize};

/// What an agent offers to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Menu {
    /// What the customer reads above it; a greeting in the agent's language if absent.
    pub text: Option<String>,
    /// On the button that opens the list; ours if absent.
    pub button: Option<String>,
    /// Above the rows of the list.
    pub title: Option<String>,
    /// What can be chosen.
    pub rows: Vec<MenuRow>,
    /// Whether the last row calls a person.
    pub person: bool,
    /// Messages that ask for the menu.
    pub words: Vec<String>,
}

/// Something to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MenuRow {
    /// Its name in what comes back; stays the same when the title changes.
    pub id: String,
    /// What the customer reads.
    pub title: String,
    /// Below the title.
    pub description: Option<String>,
    /// The question that choosing it asks; its title if absent.
    pub asks: Option<String>,
}

impl Default for Menu {
    fn default() -> Self {
        Self {
            text: None,
            button: None,
            title: None,
            rows: Vec::new(),
            person: true,
            words: vec!["menu".to_owned()],
        }
    }
}
