//! Searching and answering.

use serde::Serialize;

use super::Engine;
use crate::answer::{LONGEST_QUESTION, Question, Retrieved, Retriever, compose};
use crate::error::{Error, Result};
use crate::llm::OnPiece;
use crate::model::{Agent, AgentId, Answer, Hit, QueryId, SearchMode, Source};
use crate::store::QueryRecord;

/// Characters of a chunk shown with a citation.
const EXCERPT: usize = 200;

/// A question as a caller asks it.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// What is asked.
    pub question: String,
    /// Who is asked; the default agent if absent.
    pub agent_id: Option<AgentId>,
    /// Chunks to find, 1 to 20; the configured number if absent.
    pub top_k: Option<usize>,
    /// Cosine from which a chunk counts, 0 to 1; the configured one, or the model's, if absent.
    pub min_score: Option<f32>,
    /// How to look.
    pub mode: SearchMode,
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

impl Engine {
    /// The best chunks for a question, whether or not they are evidence.
    pub async fn search(&self, ask: &Ask) -> Result<Vec<Hit>> {
        let question = self.question(ask)?;
        let agent = match ask.agent_id {
            Some(id) => Some(self.agent(id).await?.id),
            None => None,
        };
        Ok(self.retrieve(&question, agent).await?.map(|r| r.hits).unwrap_or_default())
    }

    /// Answers a question from the documents, or says that they do not tell. The question is kept.
    pub async fn answer(&self, ask: &Ask) -> Result<Answer> {
        self.answer_in_pieces(ask, None).await
    }

    /// The same, handing the text over while it is written.
    pub async fn answer_streaming(&self, ask: &Ask, on_piece: OnPiece<'_>) -> Result<Answer> {
        self.answer_in_pieces(ask, Some(on_piece)).await
    }

    async fn answer_in_pieces(&self, ask: &Ask, on_piece: Option<OnPiece<'_>>) -> Result<Answer> {
        let begun = self.clock.now();
        let question = self.question(ask)?;
        let agent = self.asked_agent(ask.agent_id).await?;
        let retrieved = self.retrieve(&question, Some(agent.id)).await?;
        let gated = retrieved.map_or(crate::answer::Gated::Nothing, Retrieved::gate);
        let draft = compose(gated, &agent, self.chat.as_deref(), on_piece).await?;
        let elapsed = self.clock.now().signed_duration_since(begun).num_milliseconds();
        let refused = draft.is_refusal();
        let answer = Answer {
            answer: draft.text,
            sources: draft.cited.into_iter().map(source).collect(),
            query_id: QueryId(self.clock.new_id()),
            processing_time_ms: u64::try_from(elapsed).unwrap_or_default(),
            model: draft.model,
            tokens_used: draft.tokens_used,
        };
        let record = QueryRecord {
            organization_id: self.organization.id,
            agent_id: Some(agent.id),
            question: question.text,
            refused,
            answer: answer.clone(),
        };
        self.store.record_query(record).await?;
        Ok(answer)
    }

    async fn asked_agent(&self, id: Option<AgentId>) -> Result<Agent> {
        let agent = match id {
            Some(id) => self.agent(id).await?,
            None => self.store.default_agent(self.organization.id).await?.ok_or_else(|| {
                Error::not_found(
                    "there is no default agent: `agentctl agents update NAME --default` makes one",
                )
            })?,
        };
        if agent.is_active {
            Ok(agent)
        } else {
            Err(Error::invalid(format!(
                "the agent `{}` is switched off: `agentctl agents update {} --active true`",
                agent.name, agent.id
            )))
        }
    }

    async fn retrieve(&self, question: &Question, agent_id: Option<AgentId>) -> Result<Option<Retrieved>> {
        // The model takes longest to load; the index opens meanwhile.
        let (generation, embedder) = futures::try_join!(self.generation(), self.embedder())?;
        let Some((record, table)) = generation else { return Ok(None) };
        let retriever = Retriever {
            store: &self.store,
            generation: &table,
            language: record.language,
            embedder: embedder.as_ref(),
            organization_id: self.organization.id,
            agent_id,
        };
        retriever.retrieve(question).await.map(Some)
    }

    fn question(&self, ask: &Ask) -> Result<Question> {
        let text = crate::ingest::clean_text(&ask.question, false);
        if text.is_empty() {
            return Err(Error::invalid("the question is empty"));
        }
        if text.chars().count() > LONGEST_QUESTION {
            return Err(Error::invalid(format!("the question is longer than {LONGEST_QUESTION} characters")));
        }
        let top_k = ask.top_k.unwrap_or(self.config.search.top_k);
        if !(1..=20).contains(&top_k) {
            return Err(Error::invalid(format!("top-k is {top_k}: 1 to 20 is accepted")));
        }
        let min_score = ask.min_score.or(self.config.search.min_score);
        if let Some(score) = min_score.filter(|s| !(0.0..=1.0).contains(s)) {
            return Err(Error::invalid(format!("min-score is {score}: 0 to 1 is accepted")));
        }
        Ok(Question { text, top_k, min_score, mode: ask.mode })
    }
}

fn source(hit: Hit) -> Source {
    Source {
        document_id: hit.document_id,
        document_name: hit.filename,
        chunk_id: hit.chunk_id,
        chunk_index: hit.chunk_index,
        page_number: hit.page_number,
        score: hit.cosine,
        excerpt: excerpt(&hit.content),
    }
}

/// The beginning of a text, cut at a word.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => {
            let cut = text[..end].rfind(char::is_whitespace).unwrap_or(end);
            text[..cut].trim_end().to_owned()
        }
    }
}
