//! Answering: the one path for the command line, the API and WhatsApp.
//!
//! courtesy, or quota → agent and conversation → cache → one of many → self-contained question → retrieval → gate →
//! answer → kept. Courtesies are answered in `courtesy.rs`.
//! A question that fails leaves nothing: it is neither kept nor counted nor cached.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::Engine;
use super::ask::{Ask, inactive};
use super::flights::Boarding;
use super::given::{Given, given};
use crate::answer::{
    Asked, EXTRACTIVE, Earlier, Gated, Moment, Question, Retrieved, Tokens, Wish, Writing, cache_key,
    compose, within_budget,
};
use crate::clock::format_timestamp;
use crate::error::{Error, Result};
use crate::llm::OnPiece;
use crate::model::{Agent, Answer, QueryId, Turn};
use crate::store::{CachedAnswer, Met, NewCachedAnswer, QueryRecord, Wanted};
use crate::text::{asks_for_a_deed, courtesy, without_courtesy};

/// A question with who answers it and what came before.
pub(super) struct Asking {
    pub agent: Agent,
    /// Oldest first.
    history: Vec<Turn>,
    /// Now, where the business is.
    pub moment: Moment,
    /// What the answer is cached under; `None` if it is not.
    key: Option<String>,
}

impl Engine {
    /// Answers a question from the documents, or says that they do not tell. The question is kept and
    /// counted. If the chat model gives no answer, the documents are quoted ([`Answer::fallback`]).
    ///
    /// Fails with `InvalidInput` (`validation_failed`, `agent_inactive`), `NotFound` for an agent that is
    /// not the organization's, `QuotaExceeded`, or `Unavailable` (`circuit_open` if the embedding service, or
    /// without [`Ask::fallback`] the chat service, failed too often: [`Error::retry_after`] says when to come back).
    pub async fn answer(&self, ask: &Ask) -> Result<Answer> {
        Ok(self.respond(ask, &[], None).await?.0)
    }

    /// The same, where the agent may do one of the wishes of `ask` instead. The answer then is what stands
    /// for that in the history of the conversation. It is kept and counted like any other, and not cached.
    pub(super) async fn answer_or_act(&self, ask: &Ask) -> Result<(Answer, Option<Wish>)> {
        self.respond(ask, &ask.wishes, None).await
    }

    /// The same, handing the text over while it is written; an answer from the cache comes in one piece.
    ///
    /// A chat model's text begins to arrive with its first citation. The pieces together are the answer's text,
    /// but for what is found wrong after they have gone out: a number that no excerpt has, an answer that breaks
    /// off. The returned answer then has other text, and it is the one that counts: show it in place of the
    /// pieces.
    pub async fn answer_streaming(&self, ask: &Ask, on_piece: OnPiece<'_>) -> Result<Answer> {
        Ok(self.respond(ask, &[], Some(on_piece)).await?.0)
    }

    async fn respond(
        &self,
        ask: &Ask,
        wishes: &[Wish],
        on_piece: Option<OnPiece<'_>>,
    ) -> Result<(Answer, Option<Wish>)> {
        let begun = self.parts.clock.now();
        let question = self.question(ask)?;
        if let Some(courtesy) = courtesy(&question.text) {
            let kept = self.answer_courtesy(ask, question, courtesy, on_piece, begun).await;
            self.observe(&kept, begun);
            return Ok((kept?.0.answer, None));
        }
        self.check_message_quota().await?;
        let ended = self.parts.flights.ended();
        let (mut asking, mut cached) = self.meet(ask, &question).await?;
        if !asking.agent.is_active {
            return Err(inactive(&asking.agent.name, asking.agent.id));
        }
        // Held until the answer is kept: whoever asks the same meanwhile waits for it.
        let mut flight = None;
        if cached.is_none()
            && let Some(key) = asking.key.clone()
        {
            let look_again = match self.parts.flights.board(&key, ended) {
                Boarding::First { flight: ours, late } => {
                    flight = Some(ours);
                    late
                }
                Boarding::Second(waiting) => {
                    waiting.end().await;
                    true
                }
            };
            if look_again {
                (asking, cached) = self.meet(ask, &question).await?;
            }
        }
        let kept = match cached {
            Some(cached) => {
                let again = self.answer_again(ask, question, &asking, cached, on_piece, begun).await;
                again.map(|record| (record, None))
            }
            None => self.answer_anew(ask, question, &asking, wishes, on_piece, begun).await,
        };
        drop(flight);
        self.observe(&kept, begun);
        let (QueryRecord { mut answer, .. }, wish) = kept?;
        if ask.include_sources == Some(false) {
            answer.sources.clear();
        }
        Ok((answer, wish))
    }

    /// Who answers, what came before, and the answer if it was given before: one read.
    pub(super) async fn meet(
        &self,
        ask: &Ask,
        question: &Question,
    ) -> Result<(Asking, Option<CachedAnswer>)> {
        let config = &self.parts.config;
        let wanted = Wanted {
            organization: self.organization.id,
            agent: ask.agent_id,
            conversation: ask.conversation_id,
            turns: config.answer.history_turns,
        };
        let (answers, llm) = (config.answer.clone(), config.llm.clone());
        let moments = self.moments(ask).await;
        let extractive = self.parts.chat.is_none();
        let (ask_for_key, question) = (ask.clone(), question.clone());
        let prepare = move |met: Met| {
            let Met { agent, revision, generation, turns } = met;
            let history = within_budget(turns, answers.history_tokens);
            let moment = moments.of(&agent);
            let model = ask_for_key.model.or_else(|| agent.llm_model.clone()).unwrap_or(llm.model);
            let key = (answers.cache_seconds > 0 && agent.is_active).then(|| {
                cache_key(&Asked {
                    organization: wanted.organization,
                    revision,
                    generation,
                    agent: &agent,
                    question: &question,
                    history: &history,
                    moment: &moment.key(&question.text),
                    model: if extractive { EXTRACTIVE } else { &model },
                    temperature: ask_for_key.temperature.or(agent.temperature).unwrap_or(llm.temperature),
                    max_tokens: ask_for_key.max_tokens.or(agent.max_tokens).unwrap_or(llm.max_tokens),
                })
            });
            (Asking { agent, history, moment, key: key.clone() }, key)
        };
        let met = self.parts.store.meet(wanted, prepare).await?;
        met.ok_or_else(|| match ask.agent_id {
            Some(id) => {
                Error::not_found(format!("there is no agent `{id}`: `agentctl agents list` shows them"))
            }
            None => Error::not_found(
                "there is no default agent: `agentctl agents update NAME --default` makes one",
            ),
        })
    }

    /// Gives an answer again, under an id of its own. It costs nothing.
    async fn answer_again(
        &self,
        ask: &Ask,
        question: Question,
        asking: &Asking,
        cached: CachedAnswer,
        on_piece: Option<OnPiece<'_>>,
        begun: DateTime<Utc>,
    ) -> Result<QueryRecord> {
        if let Some(on_piece) = on_piece {
            on_piece(&cached.answer.answer);
        }
        let answer = Answer { tokens_used: 0, cached: true, ..cached.answer };
        let given = Given { answer, tokens: Tokens::default() };
        self.keep(ask, question, asking, given, None, begun).await
    }

    async fn answer_anew(
        &self,
        ask: &Ask,
        mut question: Question,
        asking: &Asking,
        wishes: &[Wish],
        on_piece: Option<OnPiece<'_>>,
        begun: DateTime<Utc>,
    ) -> Result<(QueryRecord, Option<Wish>)> {
        let Asking { agent, history, moment, key } = asking;
        let model = ask.model.as_deref();
        // Whoever asks waits for the chat service this long in all, whatever it is asked for.
        let (asked_at, patience) =
            (Instant::now(), Duration::from_secs(self.parts.config.llm.timeout_seconds));
        let quoted = question.quoted.clone();
        let earlier = Earlier { history, quoted: quoted.as_deref() };
        let made = self.self_contained(&question.text, earlier, moment, agent, model, patience / 2).await;
        question.days = moment.days_meant(question.search_text());
        question.search = made.search;
        let context = made.context.map(|context| (context.needed, context.words));
        let (first, second) = match context {
            Some((true, words)) => (Some(words), Some(None)),
            Some((false, words)) => (None, Some(Some(words))),
            None => (None, None),
        };
        question.context = first;
        let mut gated = self.gated(&question, agent).await?;
        // Completed it may find nothing and by itself something, or the other way round.
        if let (Gated::Nothing, Some(context)) = (&gated, second) {
            question.context = context;
            gated = self.gated(&question, agent).await?;
        }
        let deed = asks_for_a_deed(&without_courtesy(&question.text));
        let now = moment.told(agent.locale);
        let writing = Writing {
            agent,
            chat: self.parts.chat.as_deref(),
            model,
            temperature: ask.temperature,
            max_tokens: ask.max_tokens,
            history,
            wishes,
            now: &now,
            quoted: quoted.as_deref(),
            deed,
            fallback: ask.fallback.unwrap_or(self.parts.config.llm.fallback),
            time_limit: Some(patience.saturating_sub(asked_at.elapsed())),
        };
        let draft = compose(gated, writing, on_piece).await?;
        let wish = draft.wish;
        if draft.fallback {
            metrics::counter!("rag_fallbacks_total").increment(1);
        }
        // What was decided once need not be decided again: only answers are cached, and what stands in for one
        // only until the chat model is back.
        let cache = key.clone().filter(|_| wish.is_none() && !draft.fallback).map(|key| {
            // Checked to be a day at most.
            let seconds = i64::try_from(self.parts.config.answer.cache_seconds).unwrap_or_default();
            let expires = self.parts.clock.now() + chrono::Duration::seconds(seconds);
            NewCachedAnswer { key, expires_at: format_timestamp(expires) }
        });
        let record = self.keep(ask, question, asking, given(draft, made.tokens), cache, begun).await?;
        Ok((record, wish))
    }

    async fn gated(&self, question: &Question, agent: &Agent) -> Result<Gated> {
        let retrieved = self.retrieve(question, Some(agent.id)).await?;
        Ok(retrieved.map_or(Gated::Nothing, Retrieved::gate))
    }

    /// Keeps the question with its answer: from here on it was answered.
    pub(super) async fn keep(
        &self,
        ask: &Ask,
        question: Question,
        asking: &Asking,
        given: Given,
        cache: Option<NewCachedAnswer>,
        begun: DateTime<Utc>,
    ) -> Result<QueryRecord> {
        let Given { answer, tokens } = given;
        let now = self.parts.clock.now();
        let elapsed = now.signed_duration_since(begun).num_milliseconds();
        let answer = Answer {
            query_id: QueryId(self.parts.clock.new_id()),
            processing_time_ms: u64::try_from(elapsed).unwrap_or_default(),
            ..answer
        };
        let record = QueryRecord {
            organization_id: self.organization.id,
            agent_id: Some(asking.agent.id),
            conversation_id: ask.conversation_id,
            user_id: ask.user_id,
            channel: ask.channel,
            question: question.text,
            prompt_tokens: tokens.prompt,
            completion_tokens: tokens.completion,
            cost_micros: tokens.cost_micros(&self.parts.config.llm),
            cached: answer.cached,
            created_at: format_timestamp(now),
            answer,
        };
        self.parts.store.record_query(record.clone(), cache).await?;
        Ok(record)
    }

    /// Counts and logs how a question came out; never what was asked or said.
    fn observe(&self, kept: &Result<(QueryRecord, Option<Wish>)>, begun: DateTime<Utc>) {
        let outcome = match kept {
            Ok((record, _)) if record.cached => "cached",
            Ok((record, _)) => record.answer.outcome.as_str(),
            Err(_) => "failed",
        };
        metrics::counter!("rag_queries_total", "outcome" => outcome).increment(1);
        let elapsed = self.parts.clock.now().signed_duration_since(begun).to_std().unwrap_or_default();
        metrics::histogram!("rag_query_duration_seconds").record(elapsed.as_secs_f64());
        match kept {
            Ok((QueryRecord { answer, .. }, _)) => tracing::info!(
                organizationId = %self.organization.id,
                queryId = %answer.query_id,
                processingTimeMs = answer.processing_time_ms,
                tokensUsed = answer.tokens_used,
                outcome,
                "Query processed"
            ),
            Err(error) => tracing::debug!(
                organizationId = %self.organization.id,
                kind = ?error.kind(),
                "Query failed"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
