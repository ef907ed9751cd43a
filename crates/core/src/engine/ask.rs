//! A question as callers ask it: what they may say, what is checked, and searching without answering.
//!
//! How it is answered is in `respond.rs`.

use serde::Serialize;

use super::Engine;
use crate::answer::{LONGEST_QUESTION, Question, Retrieved, Retriever, Wish};
use crate::config::Hours;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AgentId, Answer, Channel, ConversationId, Hit, SearchMode, UserId};
use crate::text::Days;

/// Code of an error that names the fields at fault.
const VALIDATION_FAILED: &str = "validation_failed";
/// Chunks that are found for a question at most.
const MOST_CHUNKS: usize = 100;
/// Characters of a model's name at most.
const LONGEST_MODEL: usize = 200;

/// A question as a caller asks it. `Ask::default()` asks the default agent with everything as configured.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// What is asked.
    pub question: String,
    /// Who is asked; the default agent if absent.
    pub agent_id: Option<AgentId>,
    /// The conversation it is part of: earlier questions and answers under this id are taken into account.
    /// Any id will do; the first question under it begins the conversation.
    pub conversation_id: Option<ConversationId>,
    /// Chunks to find, 1 to 100; the configured number if absent.
    pub top_k: Option<usize>,
    /// Cosine from which a chunk counts, 0 to 1; the configured one, or the model's, if absent.
    pub min_score: Option<f32>,
    /// How to look.
    pub mode: SearchMode,
    /// Chat model; the agent's or the configured one if absent.
    pub model: Option<String>,
    /// Sampling temperature, 0 to 2; the agent's or the configured one if absent.
    pub temperature: Option<f64>,
    /// Longest answer in tokens, 1 to 4000; the agent's or the configured one if absent.
    pub max_tokens: Option<u32>,
    /// Whether the documents are quoted if the chat model gives no answer, instead of failing; the configured
    /// choice (`llm.fallback`) if absent.
    pub fallback: Option<bool>,
    /// Whether the answer comes with its sources; it does if absent. They are kept either way.
    pub include_sources: Option<bool>,
    /// The way it came in.
    pub channel: Channel,
    /// Who asks, if somebody is logged in.
    pub user_id: Option<UserId>,
    /// The message that the question quotes, if any.
    pub quoted: Option<String>,
    /// When people are there, and where the business is, if the channel it came by has its own; else those of the
    /// channel where the agent answers, and `answer.timezone`.
    pub hours: Option<Hours>,
    /// What the agent may do instead of answering; looked at by `Engine::answer_or_act` alone.
    pub wishes: Vec<Wish>,
}

/// An answer with the id it was asked under.
#[derive(Debug, Clone, Serialize)]
pub struct BatchAnswer {
    /// The caller's id, given back as it came.
    pub id: serde_json::Value,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What is wrong with a question: the first problem is the message, and each names its field.
#[derive(Default)]
struct Problems(Option<Error>);

impl Problems {
    /// `field` as programs call it, `name` as people do; neither repeats contents.
    fn add(&mut self, field: &str, name: &str, problem: &str) {
        let error = self
            .0
            .take()
            .unwrap_or_else(|| Error::invalid(format!("{name} {problem}")).with_code(VALIDATION_FAILED));
        self.0 = Some(error.with_field(field, problem));
    }

    fn unless(&mut self, fine: bool, field: &str, name: &str, problem: impl FnOnce() -> String) {
        if !fine {
            self.add(field, name, &problem());
        }
    }
}

impl Engine {
    /// Whether the question may be asked, before anything is done for it: fails as asking it would for what
    /// is written in `ask`.
    pub fn check(&self, ask: &Ask) -> Result<()> {
        self.question(ask).map(drop)
    }

    /// The best chunks for a question, whether or not they are evidence, among those that the agent may
    /// answer from. Conversations are not looked at.
    pub async fn search(&self, ask: &Ask) -> Result<Vec<Hit>> {
        let question = self.question(ask)?;
        let agent = match ask.agent_id {
            Some(id) => Some(self.agent(id).await?.id),
            None => self.parts.store.default_agent(self.organization.id).await?.map(|agent| agent.id),
        };
        Ok(self.retrieve(&question, agent).await?.map(|r| r.hits).unwrap_or_default())
    }

    pub(super) async fn retrieve(
        &self,
        question: &Question,
        agent_id: Option<AgentId>,
    ) -> Result<Option<Retrieved>> {
        // The model takes longest to load; the index opens meanwhile.
        let (generation, embedder) = futures::try_join!(self.generation(), self.embedder())?;
        let Some((record, table)) = generation else { return Ok(None) };
        let retriever = Retriever {
            store: &self.parts.store,
            generation: &table,
            language: record.language,
            embedder: embedder.as_ref(),
            organization_id: self.organization.id,
            agent_id,
        };
        retriever.retrieve(question).await.map(Some)
    }

    /// The question, checked.
    ///
    /// Fails with `InvalidInput`, code `validation_failed`, naming every field at fault.
    pub(super) fn question(&self, ask: &Ask) -> Result<Question> {
        let search = &self.parts.config.search;
        let text = crate::ingest::clean_text(&ask.question, false);
        let top_k = ask.top_k.unwrap_or(search.top_k);
        let min_score = ask.min_score.or(search.min_score);
        let mut problems = Problems::default();
        if text.is_empty() {
            problems.add("query", "the question", "is empty");
        } else if text.chars().count() > LONGEST_QUESTION {
            let longer = format!("is longer than {LONGEST_QUESTION} characters");
            problems.add("query", "the question", &longer);
        }
        problems.unless((1..=MOST_CHUNKS).contains(&top_k), "topK", "top-k", || {
            format!("is {top_k}: 1 to {MOST_CHUNKS} is accepted")
        });
        let score = min_score.unwrap_or_default();
        problems.unless((0.0..=1.0).contains(&score), "minScore", "min-score", || {
            format!("is {score}: 0 to 1 is accepted")
        });
        let temperature = ask.temperature.unwrap_or_default();
        problems.unless((0.0..=2.0).contains(&temperature), "temperature", "temperature", || {
            format!("is {temperature}: 0 to 2 is accepted")
        });
        let tokens = ask.max_tokens.unwrap_or(1);
        problems.unless((1..=4000).contains(&tokens), "maxTokens", "max-tokens", || {
            format!("is {tokens}: 1 to 4000 is accepted")
        });
        let model = ask.model.as_deref().unwrap_or("default");
        let named = !model.trim().is_empty()
            && model.chars().count() <= LONGEST_MODEL
            && !model.chars().any(char::is_control);
        problems.unless(named, "model", "the model's name", || {
            format!("has 1 to {LONGEST_MODEL} characters on one line")
        });
        match problems.0 {
            Some(error) => Err(error),
            None => Ok(Question {
                text,
                search: None,
                context: None,
                days: Days::NONE,
                quoted: ask.quoted.clone().filter(|quoted| !quoted.trim().is_empty()),
                top_k,
                min_score,
                mode: ask.mode,
            }),
        }
    }
}

/// An agent that does not answer.
pub(super) fn inactive(name: &str, id: AgentId) -> Error {
    let text = format!("the agent `{name}` is switched off: `agentctl agents update {id} --active true`");
    Error::new(ErrorKind::InvalidInput, text).with_code("agent_inactive")
}
