//! What is said on WhatsApp to a message in which nothing is asked: a word back, a sign, or nothing, as a person would.

use serde_json::{Value, json};

use super::super::Engine;
use super::super::courtesy::{in_kind, welcome};
use super::calling::called;
use super::draft::{Case, Draft};
use super::lane::is_abandoned;
use super::menu::menu_part;
use super::people::PERSON;
use crate::answer::Moment;
use crate::model::{Courtesy, Menu};
use crate::store::{Part, Turnout};
use crate::whatsapp::outgoing::INTERACTIVE_BODY;
use crate::whatsapp::split::utf16_len;
use crate::wording::whatsapp as wording;

/// What stands below a customer's thanks that are no words.
const THANKS: &str = "🙏";

impl Engine {
    /// What is said to a courtesy. It neither counts as a refusal nor ends a row of them.
    pub(super) fn courteous(&self, case: &Case<'_>, said: Courtesy, text: &str) -> Draft {
        let moment = self.moment_of(case);
        let signs = !text.chars().any(char::is_alphanumeric);
        let draft = match (said, &case.agent.menu) {
            (Courtesy::Yes, _) if offers_a_person(case) => return called(case),
            (Courtesy::Greeting | Courtesy::Wellbeing, Some(menu)) => {
                Draft::showing(greeting_menu(case, menu, &moment))
            }
            // Whoever answers "ok" expects no answer. A conversation that begins with it does.
            (Courtesy::Acknowledgement, _) if case.state.last_said.is_some() => Draft::silence(),
            (Courtesy::Thanks, _) if signs => reaction(case),
            (Courtesy::Acknowledgement, _) => Draft::saying_all(&welcome(&case.agent, &moment)),
            _ => Draft::saying_all(&in_kind(said, &case.agent, &moment)),
        };
        let turnout = Turnout { refusals: case.state.refusals, release: is_abandoned(case), ..draft.turnout };
        Draft { turnout, ..draft }
    }

    /// Now, where the business is, by the channel's clock.
    pub(super) fn moment_of(&self, case: &Case<'_>) -> Moment {
        let hours = case.channel.hours.clone();
        let zone = hours.as_ref().and_then(|hours| hours.zone().ok());
        Moment::new(case.now, zone.unwrap_or_else(|| self.parts.config.answer.zone()), hours)
    }
}

/// Whether a person was offered with what was said last.
fn offers_a_person(case: &Case<'_>) -> bool {
    let details = case.state.last_said.as_deref().unwrap_or_default();
    let details: Value = serde_json::from_str(details).unwrap_or_default();
    let buttons = details["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
    buttons.iter().any(|button| button["id"] == PERSON)
}

/// A sign below the customer's last message.
fn reaction(case: &Case<'_>) -> Draft {
    let message = case.state.pending.last().map(|last| last.whatsapp_id.as_str()).unwrap_or_default();
    let details = json!({ "message_id": message }).to_string();
    Draft::showing(Part { kind: "reaction", text: THANKS.to_owned(), details })
}

/// The menu below a greeting.
fn greeting_menu(case: &Case<'_>, menu: &Menu, moment: &Moment) -> Part {
    let mut part = menu_part(menu, case.locale());
    let own = case.agent.welcome.as_deref().filter(|own| !own.trim().is_empty());
    let text = own.or(menu.text.as_deref()).unwrap_or(wording::menu(case.locale())).to_owned();
    let greeting = crate::model::Agent { welcome: Some(text), ..case.agent.clone() };
    let text = welcome(&greeting, moment);
    if utf16_len(&text) <= INTERACTIVE_BODY {
        part.text = text;
    }
    part
}
