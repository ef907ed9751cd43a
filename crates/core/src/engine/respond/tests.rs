//! Questions to a whole deployment: the real store and index, fake services on real sockets.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use test_support::{FakeOpenAi, Gate, Reply};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::config::{Config, ConfigSources};
use crate::engine::shelf;
use crate::error::ErrorKind;
use crate::model::{AgentId, AgentPatch, Channel, ConversationId, Feedback, NewAgent};
use crate::net::{BreakerState, CIRCUIT_OPEN};

const POOL: &str = "A piscina aquecida abre às 6h e fecha às 22h. A entrada custa R$ 25,00.";
const PIX: &str = "Aceitamos pix, dinheiro e cartão de crédito em até 10 vezes.";

struct House {
    engine: Engine,
    clock: Arc<ManualClock>,
    chat: FakeOpenAi,
    embedding: FakeOpenAi,
    _folder: tempfile::TempDir,
}

impl House {
    /// With documents; with a chat model, or quoting.
    async fn new(with_chat: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chat, embedding) = (FakeOpenAi::start().await, FakeOpenAi::start().await);
        let sources =
            ConfigSources { data_dir: Some(folder.path().join("data")), ..ConfigSources::default() };
        let mut config = Config::load(&sources).unwrap();
        shelf::embed_with(&mut config, &embedding);
        if with_chat {
            config.llm.base_url = chat.base_url();
        }
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let (engine, _) = Engine::init_with(config, Some("Clube"), clock.clone()).await.unwrap();
        let house = Self { engine, clock, chat, embedding, _folder: folder };
        house.add("piscina.md", POOL).await;
        house.add("pagamento.md", PIX).await;
        house
    }

    async fn add(&self, name: &str, text: &str) {
        shelf::add(&self.engine, name, text).await;
    }

    async fn ask(&self, question: &str) -> Answer {
        self.engine.answer(&ask(question)).await.unwrap()
    }

    async fn used(&self) -> u64 {
        self.engine.store().usage_this_month(self.engine.organization.id).await.unwrap()
    }
}

mod services;

/// A chat completion.
fn reply(text: &str) -> Reply {
    let message = json!({ "role": "assistant", "content": text });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    Reply::json(&json!({ "model": "m", "choices": [choice], "usage": { "total_tokens": 9 } }))
}

fn ask(question: &str) -> Ask {
    Ask { question: question.into(), channel: Channel::Api, ..Ask::default() }
}

#[tokio::test]
async fn the_same_question_is_answered_once_an_hour() {
    let house = House::new(true).await;
    house.chat.answer_with("Abre às 6h [1].");
    let first = house.ask("Que horas abre a piscina?").await;
    assert_eq!(first.answer, "Abre às 6h [1].");
    assert!(first.tokens_used > 0 && !first.cached);
    let mut pieces = Vec::new();
    let mut on_piece = |piece: &str| pieces.push(piece.to_owned());
    let again =
        house.engine.answer_streaming(&ask("que horas  abre a PISCINA"), &mut on_piece).await.unwrap();
    assert_eq!((&again.answer, &again.sources, again.tokens_used), (&first.answer, &first.sources, 0));
    assert!(again.cached && again.query_id != first.query_id);
    assert_eq!(pieces, ["Abre às 6h [1]."]);
    assert_eq!(house.chat.log().count(), 1);

    let record = house.engine.query_record(again.query_id).await.unwrap();
    assert_eq!((record.cached, record.cost_micros, record.channel), (true, 0, Channel::Api));
    assert_eq!(record.question, "que horas abre a PISCINA");
    let record = house.engine.query_record(first.query_id).await.unwrap();
    assert_eq!(record.prompt_tokens + record.completion_tokens, first.tokens_used);
    assert!(record.cost_micros > record.prompt_tokens * 2, "{}", record.cost_micros);
    assert_eq!(house.used().await, 2);

    let hotter = Ask { temperature: Some(1.0), ..ask("Que horas abre a piscina?") };
    assert!(!house.engine.answer(&hotter).await.unwrap().cached);
    house.clock.advance(Duration::from_hours(1));
    assert!(!house.ask("Que horas abre a piscina?").await.cached);
}

#[tokio::test]
async fn the_same_asked_by_many_at_once_is_answered_once_and_counted_for_each() {
    let house = House::new(true).await;
    let gate = Gate::new();
    house.chat.script(reply("Abre às 6h [1].").held_by(&gate));
    let asked = ask("Que horas abre a piscina?");
    let answers = futures::future::join_all((0..20).map(|_| house.engine.answer(&asked)));
    let opened = async {
        while house.chat.log().count() == 0 {
            tokio::task::yield_now().await;
        }
        gate.release();
    };
    let (answers, ()) = futures::join!(answers, opened);
    let answers: Vec<Answer> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| answer.answer == "Abre às 6h [1]."));
    assert_eq!(answers.iter().filter(|answer| !answer.cached).count(), 1);
    let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.query_id).collect();
    assert_eq!((ids.len(), house.used().await), (20, 20), "each is kept and counted");
    assert_eq!(house.chat.log().count(), 1);
}

#[tokio::test]
async fn who_waited_for_an_answer_that_failed_asks_for_themselves() {
    let house = House::new(true).await;
    house.chat.script(Reply::status(400));
    house.chat.answer_with("Abre às 6h [1].");
    let asked = Ask { fallback: Some(false), ..ask("Que horas abre a piscina?") };
    let answers = futures::future::join_all((0..5).map(|_| house.engine.answer(&asked))).await;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!((failed, house.used().await), (1, 4));
}

#[tokio::test]
async fn a_change_of_documents_or_agents_ends_what_was_cached() {
    let house = House::new(false).await;
    let question = "qual a capital da Austrália?";
    assert!(house.ask(question).await.sources.is_empty());
    assert!(house.ask(question).await.cached, "refusals are cached, too");
    house.add("geografia.md", "A capital da Austrália é Camberra.").await;
    let answer = house.ask(question).await;
    assert!(!answer.cached && answer.answer.contains("Camberra"), "{}", answer.answer);
    assert!(house.ask(question).await.cached);
    let agent = house.engine.agents().await.unwrap()[0].id;
    let patch = AgentPatch { locale: Some(crate::model::Locale::English), ..AgentPatch::default() };
    house.engine.update_agent(agent, patch).await.unwrap();
    let answer = house.ask(question).await;
    assert!(!answer.cached && answer.answer.starts_with("This is what"), "{}", answer.answer);
}

#[tokio::test]
async fn a_follow_up_is_searched_for_in_its_context_and_kept_as_it_was_asked() {
    let house = House::new(true).await;
    let conversation_id = Some(ConversationId(house.clock.new_id()));
    house.chat.answer_with("Abre às 6h [1].");
    let first = Ask { conversation_id, ..ask("Que horas abre a piscina aquecida?") };
    house.engine.answer(&first).await.unwrap();

    house.chat.answer_with("Quanto custa a entrada da piscina aquecida?");
    let follow_up = Ask { conversation_id, ..ask("e quanto custa?") };
    let answer = house.engine.answer(&follow_up).await.unwrap();
    let [_, rewriting, answering] = &house.chat.log().bodies()[..] else { panic!("three requests") };
    assert_eq!((&rewriting["temperature"], &rewriting["max_tokens"]), (&0.0.into(), &600.into()));
    assert!(rewriting["messages"][1]["content"].as_str().unwrap().contains("piscina aquecida"));
    let searched = house.embedding.log().bodies().pop().unwrap();
    assert_eq!(searched["input"][0], "Quanto custa a entrada da piscina aquecida?");
    let messages = answering["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[2]["content"], "Abre às 6h.");
    let record = house.engine.query_record(answer.query_id).await.unwrap();
    assert_eq!((record.question.as_str(), record.conversation_id), ("e quanto custa?", conversation_id));
    assert_eq!(record.prompt_tokens + record.completion_tokens, answer.tokens_used);

    // The same words in another conversation are another question.
    let elsewhere = Ask { conversation_id: Some(ConversationId(house.clock.new_id())), ..follow_up.clone() };
    assert!(!house.engine.answer(&elsewhere).await.unwrap().cached);
}

#[tokio::test]
async fn without_a_chat_model_the_words_make_a_follow_up_whole() {
    let house = House::new(false).await;
    let conversation_id = Some(ConversationId(house.clock.new_id()));
    let in_conversation = |question: &str| Ask { conversation_id, ..ask(question) };
    house.engine.answer(&in_conversation("Que horas abre a piscina aquecida?")).await.unwrap();
    let answer = house.engine.answer(&in_conversation("e quanto custa a entrada?")).await.unwrap();
    assert!(answer.answer.contains("R$ 25,00"), "{}", answer.answer);
    let searched = house.embedding.log().bodies().pop().unwrap();
    assert!(searched["input"][0].as_str().unwrap().contains("piscina aquecida"));
}

#[tokio::test]
async fn a_service_that_is_down_is_left_alone_and_nothing_is_counted() {
    let house = House::new(true).await;
    for _ in 0..5 {
        house.chat.script(Reply::status(500));
    }
    assert_eq!(house.engine.breakers(), [("llm", BreakerState::Closed), ("embedding", BreakerState::Closed)]);
    let question = Ask { fallback: Some(false), ..ask("Que horas abre a piscina?") };
    assert!(house.engine.answer(&question).await.is_err());
    let error = house.engine.answer(&question).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some(CIRCUIT_OPEN)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(house.chat.log().count(), 5);
    assert_eq!(house.engine.breakers()[0], ("llm", BreakerState::Open));
    assert_eq!(house.used().await, 0);
    house.clock.advance(Duration::from_secs(30));
    house.chat.answer_with("Às 6h [1].");
    assert!(!house.engine.answer(&question).await.unwrap().cached, "a failure is never cached");
    assert_eq!(house.engine.breakers()[0], ("llm", BreakerState::Closed));
    assert_eq!(house.used().await, 1);
}

#[tokio::test]
async fn agents_that_do_not_answer_are_told_apart() {
    let house = House::new(false).await;
    let unknown = Ask { agent_id: Some(AgentId(house.clock.new_id())), ..ask("a piscina abre?") };
    assert_eq!(house.engine.answer(&unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
    let new = NewAgent { name: "Folga".into(), ..NewAgent::default() };
    let agent = house.engine.create_agent(new).await.unwrap();
    let patch = AgentPatch { is_active: Some(false), ..AgentPatch::default() };
    house.engine.update_agent(agent.id, patch).await.unwrap();
    let off = Ask { agent_id: Some(agent.id), ..ask("a piscina abre?") };
    let error = house.engine.answer(&off).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, Some("agent_inactive")));
    assert_eq!(house.used().await, 0);
}

#[tokio::test]
async fn every_field_out_of_range_is_named() {
    let house = House::new(false).await;
    let wrong = Ask {
        top_k: Some(101),
        min_score: Some(1.5),
        temperature: Some(f64::NAN),
        max_tokens: Some(0),
        model: Some(" ".into()),
        ..ask(" \n")
    };
    let error = house.engine.answer(&wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, Some("validation_failed")));
    let fields: Vec<&str> = error.fields().iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["query", "topK", "minScore", "temperature", "maxTokens", "model"]);
    assert_eq!(error.to_string(), "the question is empty");
    let error = house.engine.answer(&Ask { top_k: Some(0), ..ask("a?") }).await.unwrap_err();
    assert_eq!(error.to_string(), "top-k is 0: 1 to 100 is accepted");
}

#[tokio::test]
async fn sources_are_looked_up_again_even_if_they_were_not_wanted_at_first() {
    let house = House::new(false).await;
    let bare = Ask { include_sources: Some(false), ..ask("Que horas abre a piscina?") };
    let answer = house.engine.answer(&bare).await.unwrap();
    assert!(answer.sources.is_empty() && answer.answer.contains("[1]"));
    let with = house.engine.answer(&ask("Que horas abre a piscina?")).await.unwrap();
    assert!(with.cached && !with.sources.is_empty());
    let told = house.engine.query_sources(answer.query_id).await.unwrap();
    let source = &told.sources[0];
    assert_eq!((source.content.as_deref(), source.current), (Some(POOL), true));
    assert_eq!((source.heading.as_deref(), source.char_start), (Some("Clube"), Some(0)));
    let (organization, document) = (house.engine.organization.id, source.source.document_id);
    let tidy = crate::ingest::tidy_job();
    house.engine.store().delete_documents(organization, vec![document], tidy).await.unwrap();
    let told = house.engine.query_sources(answer.query_id).await.unwrap();
    assert_eq!((&told.sources[0].content, told.sources[0].current), (&None, false));
    assert!(told.sources[0].source.excerpt.starts_with("A piscina"));
    let unknown = QueryId(house.clock.new_id());
    assert_eq!(house.engine.query_sources(unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn feedback_is_checked_and_can_be_changed() {
    let house = House::new(false).await;
    let id = house.ask("Que horas abre a piscina?").await.query_id;
    assert_eq!(house.engine.feedback(id).await.unwrap(), None);
    let said = |rating, comment: &str| Feedback { rating, comment: Some(comment.into()) };
    let error = house.engine.give_feedback(id, said(0, "")).await.unwrap_err();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (Some("validation_failed"), "rating"));
    let error = house.engine.give_feedback(id, said(1, &"x".repeat(2001))).await.unwrap_err();
    assert_eq!(error.fields()[0].field, "comment");
    house.engine.give_feedback(id, said(-1, "errado")).await.unwrap();
    house.engine.give_feedback(id, said(1, "  ")).await.unwrap();
    let kept = house.engine.feedback(id).await.unwrap().unwrap();
    assert_eq!((kept.rating, kept.comment), (1, None));
    let unknown = QueryId(house.clock.new_id());
    assert_eq!(
        house.engine.give_feedback(unknown, said(1, "")).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(house.engine.feedback(unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
}
