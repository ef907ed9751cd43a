//! What the owner is shown to press, and what they pressed: the parts of alerts, and the buttons and templates that
//! come back as messages of the owner. What follows from it is in `relay.rs`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::Engine;
use super::draft::Case;
use super::excerpt::short_name;
use super::reach::FREELY;
use super::templates;
use crate::error::Result;
use crate::model::{Conversation, ConversationId, Locale};
use crate::store::{Part, Pending, TemplateRecord};
use crate::whatsapp::identity::phone_key;
use crate::whatsapp::outgoing::{BUTTON_TITLE, INTERACTIVE_BODY, ROW_DESCRIPTION, ROW_TITLE};
use crate::whatsapp::split::shorten;
use crate::wording::whatsapp::{self as wording, Need};

/// What an owner's button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The conversation goes on on the owner's phone.
    Answer,
    /// It is a person's; the agent is silent.
    Take,
    /// It is the agent's again.
    GiveBack,
    /// What the owner wrote is for this customer.
    Address,
}

impl Action {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Answer, "owner.answer"),
        (Self::Take, "owner.take"),
        (Self::GiveBack, "owner.release"),
        (Self::Address, "owner.to"),
    ];

    /// The actions of an alert's buttons, in the order of `wording::alert_buttons`.
    pub const OF_ALERTS: [Self; 3] = [Self::Answer, Self::Take, Self::GiveBack];

    /// Its button's id for a conversation.
    fn id(self, about: ConversationId) -> String {
        let word = Self::ALL.iter().find(|(action, _)| *action == self).map_or("", |(_, word)| *word);
        format!("{word}:{about}")
    }
}

/// Id of the button that calls a person.
pub(super) const PERSON: &str = "person";
/// Buttons of a message, and rows of a list.
const MOST_BUTTONS: usize = 3;
const MOST_ROWS: usize = 10;

impl Engine {
    /// Whether the customer's last message is less than 24 hours old, with a little to spare.
    pub(super) fn may_write_freely(&self, conversation: &Conversation) -> bool {
        let last = conversation.last_inbound_at.as_deref().and_then(|t| t.parse::<DateTime<Utc>>().ok());
        last.is_some_and(|last| self.parts.clock.now() - last < FREELY)
    }
}

/// Whether the owner of the business writes.
pub(super) fn is_owners(case: &Case<'_>) -> bool {
    case.channel.owner.as_deref().is_some_and(|owner| is_contact(owner, &case.state.conversation))
}

/// What a message of the owner presses, and the conversation it is about. The button of a template says only what
/// stands on it: `about` is what the template was about.
pub(super) fn pressed(pending: &Pending, about: Option<ConversationId>) -> Option<(Action, ConversationId)> {
    let choice = choice(pending)?;
    if let Some((word, conversation)) = choice.split_once(':')
        && let Some((action, _)) = Action::ALL.iter().find(|(_, known)| *known == word)
    {
        return Some((*action, conversation.parse().ok()?));
    }
    if pending.kind != "button" {
        return None;
    }
    let stands = |locale: &Locale| wording::alert_buttons(*locale).iter().position(|title| *title == choice);
    let number = Locale::ALL.iter().find_map(stands)?;
    Some((Action::OF_ALERTS[number], about?))
}

/// Our id of what was chosen.
pub(super) fn choice(pending: &Pending) -> Option<String> {
    let message: Value = serde_json::from_str(&pending.details).ok()?;
    ["/interactive/button_reply/id", "/interactive/list_reply/id", "/button/payload", "/button/text"]
        .iter()
        .find_map(|path| message.pointer(path)?.as_str().map(str::to_owned))
}

/// Meta's id of the message that this one answers or presses.
pub(super) fn answers(pending: &Pending) -> Option<String> {
    let message: Value = serde_json::from_str(&pending.details).ok()?;
    message.pointer("/context/id")?.as_str().map(str::to_owned)
}

/// An alert with its buttons.
pub(super) fn alert_part(locale: Locale, text: &str, about: ConversationId) -> Part {
    let titles = wording::alert_buttons(locale);
    let buttons = Action::OF_ALERTS.iter().zip(titles);
    let buttons: Vec<Value> =
        buttons.map(|(action, title)| json!({ "id": action.id(about), "title": title })).collect();
    Part {
        kind: "interactive",
        text: shorten(text, INTERACTIVE_BODY),
        details: json!({ "buttons": buttons, "about": about }).to_string(),
    }
}

/// A text with the button that gives a conversation back.
pub(super) fn give_back_part(locale: Locale, text: &str, about: ConversationId) -> Part {
    let [_, _, title] = wording::alert_buttons(locale);
    let buttons = json!([{ "id": Action::GiveBack.id(about), "title": title }]);
    Part {
        kind: "interactive",
        text: shorten(text, INTERACTIVE_BODY),
        details: json!({ "buttons": buttons, "about": about }).to_string(),
    }
}

/// Several customers to choose from: whoever is chosen is answered.
pub(super) fn list_part(locale: Locale, text: &str, customers: &[Conversation]) -> Part {
    choosing(locale, text, customers, Action::Answer, &json!({}), true)
}

/// Asks whom the owner's message is for; `held` are those that wait for the answer.
pub(super) fn to_whom_part(locale: Locale, customers: &[Conversation], held: &Value) -> Part {
    let text = wording::to_whom(locale);
    let list = customers.len() > MOST_BUTTONS;
    choosing(locale, text, customers, Action::Address, held, list)
}

fn choosing(
    locale: Locale,
    text: &str,
    customers: &[Conversation],
    action: Action,
    held: &Value,
    list: bool,
) -> Part {
    let most = if list { MOST_ROWS } else { MOST_BUTTONS };
    let title = |c: &Conversation, most: usize| {
        // The digits tell apart: the name gives way.
        let name = short_name(&c.contact);
        match name.rsplit_once(" (") {
            Some((name, digits)) => {
                let digits = format!(" ({digits}");
                format!("{}{digits}", shorten(name, most.saturating_sub(digits.encode_utf16().count())))
            }
            None => shorten(&name, most),
        }
    };
    let mut details = if list {
        let rows: Vec<Value> = customers
            .iter()
            .take(most)
            .map(|c| {
                let about = shorten(&c.last_text, ROW_DESCRIPTION);
                json!({
                    "id": action.id(c.id), "title": title(c, ROW_TITLE),
                    "description": if about.trim().is_empty() { Value::Null } else { json!(about) },
                })
            })
            .collect();
        json!({ "list": { "open": wording::open_list(locale), "title": null, "rows": rows } })
    } else {
        let buttons = customers.iter().take(most);
        let buttons: Vec<Value> =
            buttons.map(|c| json!({ "id": action.id(c.id), "title": title(c, BUTTON_TITLE) })).collect();
        json!({ "buttons": buttons })
    };
    if let (Some(details), Some(held)) = (details.as_object_mut(), held.as_object()) {
        details.extend(held.clone());
    }
    Part { kind: "interactive", text: shorten(text, INTERACTIVE_BODY), details: details.to_string() }
}

/// The language that templates of a business are in.
pub(super) fn template_language(locale: Locale) -> &'static str {
    match locale {
        Locale::Portuguese => "pt_BR",
        Locale::English => "en",
        Locale::Spanish => "es",
    }
}

/// An alert as a template: one value, in one line.
pub(super) fn template_part(
    known: &[TemplateRecord],
    template: &str,
    language: &str,
    line: &str,
    note: &Value,
) -> Result<Part> {
    // One line, as Meta wants the values of templates.
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let (said, text) = templates::saying(known, template, language, &shorten(&line, INTERACTIVE_BODY))?;
    let mut details = note.clone();
    if let (Some(details), Some(said)) = (details.as_object_mut(), said.as_object()) {
        details.extend(said.clone());
    }
    Ok(Part { kind: "template", text, details: details.to_string() })
}

/// A refusal with a way out.
pub(super) fn with_person_button(text: String, locale: Locale) -> Part {
    let buttons = json!([{ "id": PERSON, "title": wording::call_a_person(locale) }]);
    Part { kind: "interactive", text, details: json!({ "buttons": buttons }).to_string() }
}

pub(super) fn is_contact(owner: &str, conversation: &Conversation) -> bool {
    let phone = conversation.contact.phone.as_deref();
    phone.is_some_and(|phone| phone_key(phone) == phone_key(owner))
}

/// What a job's word for it means.
pub(super) fn need(reason: &str) -> Need {
    match reason {
        "asked" => Need::Asked,
        "refused" => Need::Refused,
        "unsent" => Need::Unsent,
        "wrote" => Need::Wrote,
        _ => Need::Failed,
    }
}
