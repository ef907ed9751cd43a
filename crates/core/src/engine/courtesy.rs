//! Answers to what asks nothing, and the hour they go by.
//!
//! No document is looked into and no model is asked; what was said is kept with its outcome, and counts neither as a
//! question nor as an answered message.

use chrono::{DateTime, Utc};

use super::Engine;
use super::ask::{Ask, inactive};
use super::given::Given;
use crate::answer::{Moment, NO_MODEL, Question, Tokens, Wish};
use crate::config::Hours;
use crate::error::Result;
use crate::llm::OnPiece;
use crate::model::{Agent, AgentId, Answer, Courtesy, Outcome, QueryId};
use crate::store::QueryRecord;
use crate::text::begins_with_greeting;
use crate::wording::courtesy as wording;

/// What an agent's moment is made from.
pub(super) struct Moments {
    now: DateTime<Utc>,
    zone: chrono_tz::Tz,
    /// Those of the question's own channel.
    own: Option<Hours>,
    /// Those of the channels where agents of this business answer; without an agent, those of the default one.
    channels: Vec<(Option<AgentId>, Hours)>,
}

impl Moments {
    /// Now, where the agent answers.
    pub fn of(self, agent: &Agent) -> Moment {
        let answers = |of: &Option<AgentId>| of.map_or(agent.is_default, |id| id == agent.id);
        let channel = || self.channels.into_iter().find(|(of, _)| answers(of)).map(|(_, hours)| hours);
        let hours = self.own.or_else(channel);
        let zone = hours.as_ref().and_then(|hours| hours.zone().ok()).unwrap_or(self.zone);
        Moment::new(self.now, zone, hours)
    }
}

impl Engine {
    /// What the moment of a question is made from.
    pub(super) async fn moments(&self, ask: &Ask) -> Moments {
        let config = &self.parts.config;
        // A channel of somebody who is not there has no say here.
        let numbers = self.whatsapp_numbers().await.ok();
        let channels = config.whatsapp.channels.values().filter_map(|channel| {
            let owner = numbers.as_ref()?.get(&channel.phone_number_id)?;
            let hours = channel.hours.clone()?;
            (owner.organization == self.organization.id).then_some((owner.agent, hours))
        });
        Moments {
            now: self.parts.clock.now(),
            zone: config.answer.zone(),
            own: ask.hours.clone(),
            channels: channels.collect(),
        }
    }

    /// Answers a courtesy in kind.
    pub(super) async fn answer_courtesy(
        &self,
        ask: &Ask,
        question: Question,
        courtesy: Courtesy,
        on_piece: Option<OnPiece<'_>>,
        begun: DateTime<Utc>,
    ) -> Result<(QueryRecord, Option<Wish>)> {
        let (asking, _) = self.meet(ask, &question).await?;
        if !asking.agent.is_active {
            return Err(inactive(&asking.agent.name, asking.agent.id));
        }
        let text = in_kind(courtesy, &asking.agent, &asking.moment);
        if let Some(on_piece) = on_piece {
            on_piece(&text);
        }
        let answer = Answer {
            answer: text,
            outcome: Outcome::Courtesy,
            sources: Vec::new(),
            query_id: QueryId(uuid::Uuid::nil()),
            processing_time_ms: 0,
            model: NO_MODEL.to_owned(),
            tokens_used: 0,
            fallback: false,
            cached: false,
        };
        let given = Given { answer, tokens: Tokens::default() };
        let record = self.keep(ask, question, &asking, given, None, begun).await?;
        Ok((record, None))
    }
}

/// What an agent says to a courtesy.
pub(super) fn in_kind(said: Courtesy, agent: &Agent, moment: &Moment) -> String {
    match said {
        Courtesy::Greeting => welcome(agent, moment),
        other => wording::reply(other, agent.locale, moment.hour()),
    }
}

/// What an agent greets with.
pub(super) fn welcome(agent: &Agent, moment: &Moment) -> String {
    wording::welcome(agent.locale, moment.hour(), agent.welcome.as_deref(), begins_with_greeting)
}
