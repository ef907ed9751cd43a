//! Customers: who writes, and how Meta names them.

use serde_json::{Value, json};

/// First names, in turns.
const NAMES: [&str; 12] =
    ["Ana", "Bruno", "Carla", "Davi", "Elisa", "Fábio", "Gabi", "Heitor", "Inês", "João", "Kátia", "Luís"];

/// The business-scoped id of whoever has this number. Meta's says nothing of the number; this one is known to the
/// fake Graph API, too.
pub(crate) fn user_id_of(phone: &str) -> String {
    format!("BR.{phone}")
}

/// A customer.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// Phone number with country code, digits only.
    phone: String,
    /// The business-scoped id.
    user_id: String,
    /// Whether only the id is shown to businesses.
    hidden: bool,
}

impl Person {
    /// Customer `number` of a run; runs with different `run` share nobody.
    pub(crate) fn new(run: u64, number: usize, hidden: bool) -> Self {
        let name = NAMES[number % NAMES.len()].to_owned();
        // Brazilian mobile numbers: area 11, a nine, eight digits.
        let phone = format!("55119{:04}{number:04}", run % 10_000);
        Self { name, user_id: user_id_of(&phone), phone, hidden }
    }

    /// What the business writes to.
    pub(crate) fn address(&self) -> &str {
        if self.hidden { &self.user_id } else { &self.phone }
    }

    /// They with the number that they would change to, and the user id that comes with it.
    pub(crate) fn with_other_number(&self) -> Self {
        // Another area code.
        let phone = self.phone.replacen("5511", "5521", 1);
        Self { user_id: user_id_of(&phone), phone, ..self.clone() }
    }

    /// The business-scoped id.
    pub(crate) fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The phone number, where businesses are shown it.
    pub(crate) fn shown_phone(&self) -> Option<&str> {
        (!self.hidden).then_some(self.phone.as_str())
    }

    /// Puts the sender into an element of `messages`.
    pub(crate) fn sign(&self, element: &mut Value) {
        element["from_user_id"] = json!(self.user_id);
        if !self.hidden {
            element["from"] = json!(self.phone);
        }
    }

    /// The entry of `contacts`.
    pub(crate) fn contact(&self) -> Value {
        let mut contact = json!({ "profile": { "name": self.name }, "user_id": self.user_id });
        if !self.hidden {
            contact["wa_id"] = json!(self.phone);
        }
        contact
    }
}
