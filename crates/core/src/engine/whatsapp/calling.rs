//! Calling a person: what the customer is told is what is true, also at night and when nobody can be told.

use chrono::TimeDelta;

use super::super::Engine;
use super::draft::{Case, Draft};
use super::lane::reason;
use super::people::is_owners;
use crate::config::{OpenAt, WhenClosed};
use crate::error::Result;
use crate::jobs::payload::{alert_owner, list_waiting};
use crate::model::Hands;
use crate::wording::whatsapp::{self as wording, Need};

/// People are not alerted more often that answering fails in one conversation.
const FAILING: TimeDelta = TimeDelta::minutes(30);

/// The customer asked for a person.
pub(super) fn called(case: &Case<'_>) -> Draft {
    let said = Draft::saying_all(&promise(case, Need::Asked));
    if waits_through_the_night(case) {
        // They know already, and so does whoever is to know.
        return said;
    }
    Draft { parts: said.parts, ..Draft::calling("", Need::Asked) }
}

/// Whether the customer waits for a person and there is nobody: then the agent goes on answering. Closed means that
/// nobody is there, not that nothing is answered.
pub(super) fn waits_through_the_night(case: &Case<'_>) -> bool {
    let conversation = &case.state.conversation;
    conversation.state == Hands::Human
        && conversation.person_wanted_at.is_some()
        && conversation.relayed_at.is_none()
        && case.channel.hours.as_ref().is_some_and(|hours| !hours.is_open(case.now))
}

/// When the business opens, if it is closed now.
fn opening(case: &Case<'_>) -> Option<OpenAt> {
    case.channel.hours.as_ref().filter(|hours| !hours.is_open(case.now))?.opens_at(case.now)
}

/// What a customer is told who gets a person.
fn promise(case: &Case<'_>, need: Need) -> String {
    let locale = case.locale();
    let found_nothing = (need == Need::Refused).then(|| wording::not_found(locale).to_owned());
    let Some(next) = opening(case) else {
        let open = if need == Need::Refused { wording::handed_over_refused } else { wording::handed_over };
        return open(locale).to_owned();
    };
    let later = match &case.channel.closed_text {
        Some(closed) => {
            let noted = wording::noted_until(locale, next.weekday, next.time, next.today);
            format!("{}\n\n{noted}", closed.trim())
        }
        None if need == Need::Refused => wording::noted_until(locale, next.weekday, next.time, next.today),
        None => wording::handed_over_closed(locale, next.weekday, next.time, next.today),
    };
    found_nothing.into_iter().chain([later]).collect::<Vec<_>>().join("\n\n")
}

impl Engine {
    /// Makes a draft that calls a person say and do what is true: who can be told, and when somebody is there.
    pub(super) async fn be_truthful(&self, case: &Case<'_>, draft: &mut Draft, need: Need) -> Result<()> {
        if need != Need::Failed && waits_through_the_night(case) {
            // It is noted, and whoever is to know of it does.
            (draft.turnout.hand_over, draft.turnout.refusals) = (false, 0);
            draft.parts = Draft::saying_all(&promise(case, need)).parts;
            return Ok(());
        }
        let (organization, conversation) = (case.state.organization, case.state.conversation.id);
        let number = &case.state.conversation.phone_number_id;
        let opening = opening(case);
        let delayed = opening.filter(|_| self.parts.config.alerts.when_closed == WhenClosed::Opening);
        let at = delayed.map_or(case.now, |next| next.at);
        let told = self.can_tell(case.channel, at, is_owners(case)).await?;
        let locale = case.locale();
        let turnout = &mut draft.turnout;
        // Silence stays silence: the customer cannot be written to.
        let speaks = !draft.parts.is_empty();
        if need == Need::Failed {
            // One failure makes nobody mute: the next message is answered like any other.
            turnout.hand_over = false;
            let text = if told {
                wording::failed_once(locale).to_owned()
            } else {
                wording::nobody_to_tell(locale, need)
            };
            if speaks {
                draft.parts = Draft::saying_all(&text).parts;
            }
            let store = &self.parts.store;
            if !store.was_alerted(conversation, reason(need), case.now - FAILING).await? {
                let alert = alert_owner(organization, conversation, reason(need));
                turnout.alerts.push(match delayed {
                    Some(next) => alert.run_at(next.at),
                    None => alert,
                });
            }
            return Ok(());
        }
        turnout.person_wanted = true;
        turnout.refusals = 0;
        turnout.hand_over = told;
        if speaks {
            let text = if told { promise(case, need) } else { wording::nobody_to_tell(locale, need) };
            draft.parts = Draft::saying_all(&text).parts;
        }
        if !told {
            tracing::error!(
                %conversation,
                phone_number_id = %number,
                "a customer needs a person and nobody can be told: `agentctl channels` says why"
            );
        }
        if delayed.is_none() {
            turnout.alerts.push(alert_owner(organization, conversation, reason(need)));
        }
        if let Some(next) = opening {
            turnout.alerts.push(list_waiting(organization, number).run_at(next.at));
        }
        Ok(())
    }
}
