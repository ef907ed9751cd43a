//! A menu as it goes over the wire, both ways.

use agent_core::model::{Menu, MenuRow};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// What an agent offers customers on WhatsApp to choose from: buttons if there are up to three choices with
/// short titles and no descriptions, a list otherwise.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MenuBody {
    /// What the customer reads above it; a greeting in the agent's language if absent.
    #[schema(min_length = 1, max_length = 1024)]
    text: Option<String>,
    /// On the button that opens the list.
    #[schema(min_length = 1, max_length = 20)]
    button: Option<String>,
    /// Above the rows of the list.
    #[schema(min_length = 1, max_length = 24)]
    title: Option<String>,
    /// What can be chosen: up to 10 rows, the one that calls a person among them.
    #[schema(min_items = 1, max_items = 10)]
    rows: Vec<MenuRowBody>,
    /// Whether the last row calls a person.
    #[serde(default = "defaults::person")]
    #[schema(default = true)]
    person: bool,
    /// Messages that ask for the menu, whatever their case and accents.
    #[serde(default = "defaults::words")]
    #[schema(max_items = 20, default = json!(["menu"]))]
    words: Vec<String>,
}

/// Something to choose.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MenuRowBody {
    /// Its name: letters, digits, `-`, `_` and `.`.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    id: String,
    /// What the customer reads.
    #[schema(min_length = 1, max_length = 24)]
    title: String,
    /// Below the title.
    #[schema(min_length = 1, max_length = 72)]
    description: Option<String>,
    /// The question that choosing it asks; its title if absent.
    #[schema(min_length = 1, max_length = 1000)]
    asks: Option<String>,
}

/// What a menu has that leaves these out.
mod defaults {
    use agent_core::model::Menu;

    pub fn person() -> bool {
        Menu::default().person
    }

    pub fn words() -> Vec<String> {
        Menu::default().words
    }
}

/// Tells a member that is `null` from one that is absent.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl From<Menu> for MenuBody {
    fn from(menu: Menu) -> Self {
        let row = |MenuRow { id, title, description, asks }| MenuRowBody { id, title, description, asks };
        Self {
            text: menu.text,
            button: menu.button,
            title: menu.title,
            rows: menu.rows.into_iter().map(row).collect(),
            person: menu.person,
            words: menu.words,
        }
    }
}

impl From<MenuBody> for Menu {
    fn from(menu: MenuBody) -> Self {
        let row = |MenuRowBody { id, title, description, asks }| MenuRow { id, title, description, asks };
        Self {
            text: menu.text,
            button: menu.button,
            title: menu.title,
            rows: menu.rows.into_iter().map(row).collect(),
            person: menu.person,
            words: menu.words,
        }
    }
}
