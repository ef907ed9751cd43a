//! The body of a POST, walked: every entry, every change, every element, whatever stands around it.
//!
//! Nothing here fails. What cannot be read is named in `Delivery::odd`, by its place and never by its
//! contents, and the rest of the delivery is read all the same: Meta repeats a refused POST for days, and
//! one bad element must not hold back its neighbours. Fields that are of no use to us are acknowledged by
//! being left out. Whether the body is Meta's was settled before (`signature.rs`).

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use super::event::{Delivery, Item, MessageKind, Trouble};
use super::identity::phone_key;
use super::lenient::{id, list, mended, text};
use super::{inbound, rekey, status};

/// How many oddities are told one by one.
const MOST_ODD: usize = 20;

/// Reads the body of a POST. Never fails: what is not understood is in [`Delivery::odd`].
pub fn read(body: &[u8]) -> Delivery {
    let mut reader = Reader::default();
    match parse(body) {
        Ok(envelope) => reader.envelope(&envelope),
        // Its message names the place and the kind, not the content.
        Err(error) => reader.odd(format!("not readable as JSON: {error}")),
    }
    reader.finish()
}

fn parse(body: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(body).or_else(|error| match mended(body) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// Where something stands, for people.
#[derive(Clone, Copy)]
struct Place {
    entry: usize,
    change: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry[{}].changes[{}]", self.entry, self.change)
    }
}

#[derive(Default)]
struct Reader {
    delivery: Delivery,
    /// Oddities beyond those that are told.
    untold: usize,
}

impl Reader {
    fn finish(mut self) -> Delivery {
        if self.untold > 0 {
            self.delivery.odd.push(format!("and {} more", self.untold));
        }
        self.delivery
    }

    fn odd(&mut self, what: String) {
        if self.delivery.odd.len() < MOST_ODD {
            self.delivery.odd.push(what);
        } else {
            self.untold += 1;
        }
    }

    fn envelope(&mut self, envelope: &Value) {
        // What passes webhooks on may leave out what all of them have in common.
        let unnamed = envelope["object"].is_null() && tells_of_messages(envelope);
        if !unnamed && envelope["object"] != "whatsapp_business_account" {
            return self.odd("`object` is not whatsapp_business_account".to_owned());
        }
        let Some(entries) = envelope["entry"].as_array() else {
            return self.odd("no list of entries".to_owned());
        };
        for (entry, value) in entries.iter().enumerate() {
            let Some(changes) = value["changes"].as_array() else {
                self.odd(format!("entry[{entry}]: no list of changes"));
                continue;
            };
            for (change, value) in changes.iter().enumerate() {
                self.change(Place { entry, change }, value);
            }
        }
    }

    fn change(&mut self, place: Place, change: &Value) {
        let unnamed =
            || (change["field"].is_null() && is_of_messages(&change["value"])).then_some("messages");
        let Some(field) = text(change, "field").or_else(unnamed) else {
            return self.odd(format!("{place}: no field"));
        };
        if !matches!(field, "messages" | "smb_message_echoes" | "user_id_update") {
            return;
        }
        let value = &change["value"];
        if !value.is_object() {
            return self.odd(format!("{place}: no value"));
        }
        let Some(number) = id(&value["metadata"], "phone_number_id") else {
            return self.odd(format!("{place}: no phone_number_id"));
        };
        match field {
            "smb_message_echoes" => self.each(place, value, "message_echoes", |element, items| {
                items.push(Item::Echo(inbound::echo(element, &number)?));
                Some(())
            }),
            "user_id_update" => self.each(place, value, "user_id_update", |element, items| {
                items.push(Item::Rekey(rekey::from_update(element, &number)?));
                Some(())
            }),
            _ => self.messages(place, value, &number),
        }
    }

    /// What the field `messages` holds, in any combination.
    fn messages(&mut self, place: Place, value: &Value, number: &str) {
        let contacts = Contacts::new(value);
        self.each(place, value, "messages", |element, items| message(element, number, &contacts, items));
        self.each(place, value, "statuses", |element, items| {
            if !status::is_of_a_call(element) {
                items.push(Item::Status(status::status(element, number)?));
            }
            Some(())
        });
        if list(value, "messages").is_empty() {
            self.each(place, value, "errors", |element, items| {
                let error = status::error(element)?;
                items.push(Item::Trouble(Trouble { phone_number_id: number.to_owned(), error }));
                Some(())
            });
        } else if !list(value, "errors").is_empty() {
            self.odd(format!("{place}: errors beside messages"));
        }
    }

    /// Gives every element of the list `key` to `read`, which says `None` of one it cannot use.
    fn each(
        &mut self,
        place: Place,
        value: &Value,
        key: &str,
        read: impl Fn(&Value, &mut Vec<Item>) -> Option<()>,
    ) {
        let elements = match &value[key] {
            Value::Null => return,
            Value::Array(elements) => elements,
            _ => return self.odd(format!("{place}: `{key}` is no list")),
        };
        for (index, element) in elements.iter().enumerate() {
            if read(element, &mut self.delivery.items).is_none() {
                let lack = if element.is_object() { "no id" } else { "no object" };
                self.odd(format!("{place}.{key}[{index}]: {lack}"));
            }
        }
    }
}

/// Whether a change of an envelope says what those of the field `messages` say.
fn tells_of_messages(envelope: &Value) -> bool {
    let changes = list(envelope, "entry").iter().flat_map(|entry| list(entry, "changes"));
    changes.into_iter().any(|change| is_of_messages(&change["value"]))
}

/// Whether a value is one of the field `messages`, whatever the field is called.
fn is_of_messages(value: &Value) -> bool {
    let holds = |key: &str| !list(value, key).is_empty();
    id(&value["metadata"], "phone_number_id").is_some() && (holds("messages") || holds("statuses"))
}

fn message(element: &Value, number: &str, contacts: &Contacts<'_>, items: &mut Vec<Item>) -> Option<()> {
    if inbound::kind_name(element) == MessageKind::System.as_str() {
        let rekeys = rekey::from_system(element, number);
        if !rekeys.is_empty() {
            items.extend(rekeys.into_iter().map(Item::Rekey));
            return Some(());
        }
    }
    items.push(Item::Message(inbound::message(element, number, contacts.of_sender(element))?));
    Some(())
}

/// What a value tells of the people in it.
struct Contacts<'a> {
    /// The only contact, if there is one.
    only: Option<&'a Value>,
    /// Whether it can only belong to the only message.
    certain: bool,
    /// By number and by user id.
    by_key: HashMap<String, &'a Value>,
}

impl<'a> Contacts<'a> {
    fn new(value: &'a Value) -> Self {
        let contacts = list(value, "contacts");
        let only = if let [only] = contacts { Some(only) } else { None };
        let certain = only.is_some() && list(value, "messages").len() == 1;
        let mut by_key = HashMap::new();
        if !certain {
            for contact in contacts {
                let number = id(contact, "wa_id").map(|number| phone_key(&number));
                for key in [number, id(contact, "user_id")].into_iter().flatten() {
                    by_key.entry(key).or_insert(contact);
                }
            }
        }
        Self { only, certain, by_key }
    }

    /// The contact of who sent `element`; `Null` if none fits. With several messages in a value, somebody
    /// else's name would be worse than none.
    fn of_sender(&self, element: &Value) -> &'a Value {
        let number = id(element, "from").map(|number| phone_key(&number));
        let keys = [number, id(element, "from_user_id")];
        let anonymous = keys.iter().all(Option::is_none);
        let fitting = keys.into_iter().flatten().find_map(|key| self.by_key.get(&key).copied());
        fitting.or(self.only.filter(|_| self.certain || anonymous)).unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests;
