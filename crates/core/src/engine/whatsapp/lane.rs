//! The lane of a conversation: everything a customer wrote since the last answer is dealt with at once, in
//! order, by one job at a time.
//!
//! read what is there → who has it in hand → what is wanted → make the reply → record it, if nothing
//! happened meanwhile. Did something (another message, a person's word), the reply is forgotten, and all of it
//! is looked at again.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::{Ask, Engine};
use super::calling::{called, waits_through_the_night};
use super::draft::{Case, Draft};
use super::menu::{asked, menu_part, wanted};
use super::people::{PERSON, choice, is_owners};
use super::words::{asks_for, is_one_of};
use crate::answer::{LONGEST_QUESTION, Wish};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::clean_text;
use crate::jobs::is_final;
use crate::jobs::payload::{answer_conversation, send_reply};
use crate::model::{Agent, Author, Channel, ConversationId, ConversationStatus, Courtesy, Hands, Locale};
use crate::store::{DEALT_WITH, LaneState, Overdue, Pending, Reply, Turnout};
use crate::text::courtesy;
use crate::wording::whatsapp::{self as wording, Need};

/// How long after a burst an answer is thought over again because the customer goes on writing.
const PATIENCE: TimeDelta = TimeDelta::seconds(20);

/// What became of a conversation that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dealt {
    /// There was nothing to do.
    Nothing,
    /// The customer is still writing: look again after this long.
    NotYet(Duration),
    /// Something was said.
    Answered,
    /// The messages were noted and nothing was said: it is a person's turn, or nobody's.
    Silent,
    /// Something happened while an answer was made: it was dropped, and all of it is to be dealt with anew.
    Outdated,
}

/// How much is tried for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// An error is an error: it is tried again.
    Usual,
    /// A customer whose question cannot be answered just now is told so, and a person is called.
    LastTry,
    /// The same without trying: all tries ended before they were over.
    Hopeless,
}

impl Engine {
    /// Deals with what a customer of this business wrote in a conversation.
    ///
    /// Fails, leaving everything as it was, if the answer needs something that is not there just now.
    pub async fn deal_with_conversation(&self, id: ConversationId, effort: Effort) -> Result<Dealt> {
        let Some(state) = self.parts.store.lane_state(id).await? else { return Ok(Dealt::Nothing) };
        if state.pending.is_empty() {
            return Ok(Dealt::Nothing);
        }
        let now = self.parts.clock.now();
        if let Some(wait) = state.due_at.and_then(|due| (due - now).to_std().ok()).filter(|w| !w.is_zero()) {
            return Ok(Dealt::NotYet(wait));
        }
        let channel = self.channel(&state.conversation.phone_number_id)?;
        let agent = self.agent_of(&state).await?;
        let case = Case { state: &state, channel, config: &self.parts.config.whatsapp, agent, now };
        if state.conversation.state == Hands::Human && is_abandoned(&case) {
            // What people left unanswered is taken up together with what is new.
            let event = self.parts.store.resume(state.organization, id, answer_conversation).await?;
            self.parts.whatsapp.tell(event);
            return Ok(Dealt::Outdated);
        }
        let failed = || Draft::calling(wording::failed_once(case.locale()), Need::Failed);
        let draft = if effort == Effort::Hopeless {
            tracing::error!(conversation = %id, "no try to answer a customer's question came to its end");
            not_for_the_agent(&case).unwrap_or_else(failed)
        } else {
            match self.draft(&case).await {
                Ok(draft) => draft,
                Err(error)
                    if effort == Effort::LastTry
                        || error.kind() == ErrorKind::QuotaExceeded
                        || is_final(&error) =>
                {
                    tracing::error!(conversation = %id, error = ?error, "a customer's question could not be answered");
                    failed()
                }
                Err(error) => return Err(error),
            }
        };
        self.settle(&case, draft).await
    }

    pub(super) async fn draft(&self, case: &Case<'_>) -> Result<Draft> {
        if let Some(draft) = self.word_of_the_owner(case).await? {
            return Ok(draft);
        }
        if let Some(draft) = not_for_the_agent(case) {
            self.pass_on(case).await?;
            return Ok(draft);
        }
        if case.is_closed() {
            // Nothing but a template would go through: whatever were made would be paid for and not be read.
            let hand_over = !is_owners(case);
            let turnout = Turnout { hand_over, ..Turnout::default() };
            return Ok(Draft { turnout, need: hand_over.then_some(Need::Failed), ..Draft::silence() });
        }
        let draft = self.reply(case).await?;
        // Whoever waited long is told that it was noticed.
        let late = TimeDelta::minutes(i64::try_from(case.config.late_minutes).unwrap_or(i64::MAX / 60_000));
        let waited = case.state.pending.iter().map(|p| case.now - p.at).max().unwrap_or_default();
        Ok(if waited > late { draft.after(wording::late(case.locale())) } else { draft })
    }

    async fn reply(&self, case: &Case<'_>) -> Result<Draft> {
        let locale = case.locale();
        let mut said: Vec<String> = case.texts().map(|p| asked(case.agent.menu.as_ref(), p)).collect();
        for voice in case.state.pending.iter().filter(|p| p.act == "transcribe") {
            if let Some(text) = self.transcript(case, voice).await? {
                said.push(text);
            }
        }
        let pressed = case.state.pending.iter().filter_map(choice).any(|choice| choice == PERSON);
        if pressed || said.iter().any(|text| asks_for(text, &case.config.human_words)) {
            return Ok(called(case));
        }
        if let Some(draft) = wanted(case, &mut said) {
            return Ok(draft);
        }
        // Characters that nobody sees are no words.
        let question = last_characters(&clean_text(&said.join("\n"), false), LONGEST_QUESTION);
        if question.trim().is_empty() {
            let opened = case.state.pending.last().is_some_and(|last| last.act == "welcome");
            return Ok(if opened {
                self.courteous(case, Courtesy::Greeting, "")
            } else {
                Draft::saying(without_words(&case.state.pending, locale))
            });
        }
        if let Some(said) = courtesy(&question) {
            return Ok(self.courteous(case, said, &question));
        }
        // Written to the agent: it is seen, and an answer is on its way.
        self.show_typing(case);
        let ask = Ask {
            question,
            agent_id: Some(case.agent.id),
            conversation_id: Some(case.state.conversation.id),
            channel: Channel::Whatsapp,
            quoted: case.texts().filter_map(|p| p.quoted.clone()).last(),
            hours: case.channel.hours.clone(),
            wishes: match &case.agent.menu {
                Some(_) => vec![Wish::Person, Wish::Menu],
                None => vec![Wish::Person],
            },
            ..Ask::default()
        };
        let (answer, wish) = self.answer_or_act(&ask).await?;
        Ok(match (wish, &case.agent.menu) {
            (Some(Wish::Person), _) => called(case),
            (Some(Wish::Menu), Some(menu)) => Draft::showing(menu_part(menu, locale)),
            _ => Self::said(case, answer),
        })
    }

    /// Records the reply, unless something happened meanwhile.
    pub(super) async fn settle(&self, case: &Case<'_>, draft: Draft) -> Result<Dealt> {
        let conversation = case.state.conversation.id;
        let organization = case.state.organization;
        let mut draft = draft;
        if let Some(need) = draft.need {
            self.be_truthful(case, &mut draft, need).await?;
        }
        let reply = self.parts.clock.new_id();
        let silent = draft.parts.is_empty();
        let answered = draft
            .answered
            .map(|a| (a.query_id, a.sources, u32::try_from(a.processing_time_ms).unwrap_or(u32::MAX)));
        let mut turnout = draft.turnout;
        turnout.questions = case.state.pending.iter().map(|p| p.id).collect();
        let burst = i64::try_from(case.config.quiet_max_ms).unwrap_or_default();
        let after = TimeDelta::milliseconds(burst) + PATIENCE;
        turnout.overdue = Some(Overdue { after, read_at: case.now });
        let record = Reply {
            id: reply,
            conversation,
            // A handover's own words have to go out although the conversation just changed hands.
            author: if turnout.hand_over || turnout.opted_out.is_some() {
                Author::System
            } else {
                Author::Bot
            },
            user: None,
            reply_to: None,
            parts: draft.parts,
            answered,
            send: send_reply(organization, conversation, reply),
        };
        match self.parts.store.commit_reply(record, case.state.seen, turnout).await {
            Ok(Some(events)) => {
                self.parts.whatsapp.tell(events);
                Ok(if silent { Dealt::Silent } else { Dealt::Answered })
            }
            Ok(None) => Ok(Dealt::Outdated),
            Err(error) if error.code() == Some(DEALT_WITH) => Ok(Dealt::Outdated),
            Err(error) => Err(error),
        }
    }

    /// The agent that answers in a conversation.
    async fn agent_of(&self, state: &LaneState) -> Result<Agent> {
        let numbers = self.whatsapp_numbers().await?;
        let named = numbers.get(&state.conversation.phone_number_id).and_then(|owner| owner.agent);
        if let Some(id) = state.conversation.agent_id.or(named)
            && let Some(agent) = self.parts.store.agent(state.organization, id).await?
        {
            return Ok(agent);
        }
        let default = self.parts.store.default_agent(state.organization).await?;
        default.ok_or_else(|| Error::not_found("there is no default agent"))
    }

    /// Shows the customer that the message was seen and an answer is being written. Nobody waits for it.
    fn show_typing(&self, case: &Case<'_>) {
        let Some(last) = case.state.pending.last() else { return };
        let (Ok(number), message) = (case.channel.number(), last.whatsapp_id.clone()) else { return };
        let engine = self.clone();
        tokio::spawn(async move {
            if let Err(failure) = engine.parts.whatsapp.graph.mark_read(&number, &message, true).await {
                tracing::debug!(reason = %failure, "the message could not be marked as read");
            }
        });
    }
}

/// What the agent has no say in: silence that is wanted, blocked contacts, conversations in other hands.
fn not_for_the_agent(case: &Case<'_>) -> Option<Draft> {
    let (state, config) = (case.state, case.config);
    let said = |words: &[String]| case.texts().any(|p| is_one_of(&p.text, words));
    let locale = case.locale();
    if state.conversation.status == ConversationStatus::Blocked {
        return Some(Draft::silence());
    }
    if said(&config.stop_words) {
        let again = config.start_words.first().map_or("voltar", String::as_str);
        let mut draft = Draft::saying(wording::stopped(locale, again));
        draft.turnout.opted_out = Some(true);
        return Some(draft);
    }
    if state.conversation.contact.opted_out_at.is_some() {
        if !said(&config.start_words) {
            return Some(Draft::silence());
        }
        let mut draft = Draft::saying(wording::started(locale));
        draft.turnout.opted_out = Some(false);
        return Some(draft);
    }
    let silent =
        state.conversation.state == Hands::Human && !is_abandoned(case) && !waits_through_the_night(case);
    silent.then(Draft::silence)
}

/// Whether a person has the conversation in hand and gave no sign for too long.
pub(super) fn is_abandoned(case: &Case<'_>) -> bool {
    let hours = i64::try_from(case.config.human_hours).unwrap_or_default();
    hours > 0
        && !waits_through_the_night(case)
        && case.state.human_seen_at.is_some_and(|seen| case.now - seen > TimeDelta::hours(hours))
}

/// What to say when there is nothing to answer: the last message decides.
fn without_words(pending: &[Pending], locale: Locale) -> &'static str {
    match pending.last().map(|p| p.act.as_str()) {
        Some("transcribe") => wording::ask_for_text_instead_of_voice(locale),
        Some("acknowledge") => wording::acknowledged(locale),
        Some("unreadable" | "answer") => wording::unreadable(locale),
        _ => wording::ask_for_text(locale),
    }
}

/// The end of a text: what was written last matters most.
fn last_characters(text: &str, most: usize) -> String {
    let surplus = text.chars().count().saturating_sub(most);
    text.chars().skip(surplus).collect()
}

/// The word that a job's payload has for it.
pub(super) fn reason(need: Need) -> &'static str {
    match need {
        Need::Asked => "asked",
        Need::Refused => "refused",
        Need::Failed => "failed",
        Need::Unsent => "unsent",
        Need::Wrote => "wrote",
    }
}

#[cfg(test)]
mod tests;
