//! A deployment whose embedder, chat model and clock are the caller's.

#![allow(clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;

use super::super::shelf::add;
use super::*;
use crate::clock::ManualClock;
use crate::config::ConfigSources;
use crate::embed::{Embedder, ModelProfile};
use crate::engine::Ask;
use crate::error::ErrorKind;
use crate::llm::{ChatModel, ChatReply, ChatRequest, OnPiece};

/// One component for each of the first letters of words.
struct Letters(ModelProfile);

impl Letters {
    fn new(dimension: usize) -> Self {
        let profile = serde_json::json!({
            "name": format!("letters-{dimension}"), "dimension": dimension, "maxTokens": 256,
            "defaultThreshold": 0.3, "languages": ["multi"], "license": "Apache-2.0",
        });
        Self(serde_json::from_value(profile).unwrap())
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.01; self.0.dimension];
        for letter in text.split_whitespace().filter_map(|word| word.chars().next()) {
            vector[letter.to_ascii_lowercase() as usize % self.0.dimension] += 1.0;
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter().map(|x| x / length).collect()
    }
}

#[async_trait]
impl Embedder for Letters {
    fn profile(&self) -> &ModelProfile {
        &self.0
    }

    async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        Ok(self.vector(text))
    }
}

/// Says the same to everything.
struct Parrot;

#[async_trait]
impl ChatModel for Parrot {
    fn default_model(&self) -> &'static str {
        "parrot"
    }

    async fn complete(&self, _: &ChatRequest) -> Result<ChatReply> {
        Ok(ChatReply {
            text: "O museu abre às 9h. [1]".into(),
            call: None,
            model: "parrot".into(),
            tokens_used: 7,
            prompt_tokens: 5,
            completion_tokens: 2,
            truncated: false,
        })
    }

    async fn stream(&self, request: &ChatRequest, on_piece: OnPiece<'_>) -> Result<ChatReply> {
        let reply = self.complete(request).await?;
        on_piece(&reply.text);
        Ok(reply)
    }
}

fn config(folder: &tempfile::TempDir) -> Config {
    let sources = ConfigSources { data_dir: Some(folder.path().join("data")), ..ConfigSources::default() };
    Config::load(&sources).unwrap()
}

fn builder(folder: &tempfile::TempDir, dimension: usize) -> EngineBuilder {
    let clock = Arc::new(ManualClock::at("2026-03-02T12:00:00Z".parse().unwrap()));
    Engine::builder(config(folder))
        .clock(clock)
        .embedder(Arc::new(Letters::new(dimension)))
        .chat_model(Arc::new(Parrot))
}

#[tokio::test]
async fn a_deployment_answers_with_the_models_of_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, made) = builder(&folder, 16).init(Some("Museu")).await.unwrap();
    assert!(made);
    add(&engine, "visita.md", "O museu abre às 9h.").await;

    let ask = Ask { question: "Quando o museu abre?".into(), ..Ask::default() };
    let answer = engine.answer(&ask).await.unwrap();

    assert_eq!((answer.answer.as_str(), answer.model.as_str()), ("O museu abre às 9h. [1]", "parrot"));
    assert_eq!(answer.sources.len(), 1);
    assert_eq!(engine.status().await.unwrap().embedding_model, "letters-16");
    assert_eq!(engine.clock().timestamp(), "2026-03-02T12:00:00.000Z");
}

#[tokio::test]
async fn an_index_of_another_embedder_is_refused_until_it_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = builder(&folder, 16).init(None).await.unwrap();
    add(&engine, "visita.md", "O museu abre às 9h.").await;
    engine.close().await.unwrap();

    let engine = builder(&folder, 32).open().await.unwrap();
    let ask = Ask { question: "Quando o museu abre?".into(), ..Ask::default() };
    let error = engine.search(&ask).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Incompatible);
    assert!(error.to_string().contains("`letters-16` (16 dimensions)"), "{error}");
}
