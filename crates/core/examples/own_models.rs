//! A deployment with an embedder and a chat model of one's own, instead of those the configuration names.
//!
//! `cargo run --workspace --example own_models`
//!
//! The embedder counts letters and the chat model repeats the first excerpt: enough to show the two traits.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;
use std::sync::Arc;

use agent_core::embed::{Embedder, ModelProfile};
use agent_core::llm::{ChatModel, ChatReply, ChatRequest, OnPiece, Role};
use agent_core::{Ask, Config, ConfigSources, Engine, IngestOptions, Result, Stop};
use async_trait::async_trait;

/// How often each letter of the alphabet occurs, as a vector of unit length.
struct Letters {
    profile: ModelProfile,
}

impl Letters {
    fn vector(text: &str) -> Vec<f32> {
        let mut vector = [0.0; 26];
        for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
            vector[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1.0);
        vector.iter().map(|x| x / length).collect()
    }
}

#[async_trait]
impl Embedder for Letters {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| Self::vector(text)).collect())
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        Ok(Self::vector(text))
    }
}

/// Repeats the last line of what it is shown, and cites the first excerpt.
struct Repeater;

#[async_trait]
impl ChatModel for Repeater {
    fn default_model(&self) -> &'static str {
        "repeater"
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply> {
        let shown = request.messages.iter().rev().find(|message| message.role == Role::User);
        let line = shown.and_then(|message| message.content.lines().find(|line| line.contains("7h")));
        Ok(ChatReply {
            text: format!("{} [1]", line.unwrap_or("NO_ANSWER").trim()),
            call: None,
            model: self.default_model().to_owned(),
            tokens_used: 0,
            prompt_tokens: 0,
            completion_tokens: 0,
            truncated: false,
        })
    }

    async fn stream(&self, request: &ChatRequest, on_piece: OnPiece<'_>) -> Result<ChatReply> {
        let reply = self.complete(request).await?;
        on_piece(&reply.text);
        Ok(reply)
    }
}

async fn answer() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("own-models-{}", std::process::id()));
    let sources = ConfigSources { data_dir: Some(folder.clone()), ..ConfigSources::from_process() };
    let profile = ModelProfile {
        name: "letters".to_owned(),
        dimension: 26,
        max_tokens: 512,
        default_threshold: 0.5,
        languages: vec!["multi".to_owned()],
        license: "Apache-2.0".to_owned(),
        ..ModelProfile::default()
    };
    let builder = Engine::builder(Config::load(&sources)?)
        .embedder(Arc::new(Letters { profile }))
        .chat_model(Arc::new(Repeater));
    let (engine, _) = builder.init(Some("Padaria São João")).await?;

    let text = "# Horário\n\nA padaria abre no domingo das 7h às 12h.";
    let bytes = Some(("horario.md".to_owned(), text.as_bytes().to_vec()));
    let options = IngestOptions { bytes, ..IngestOptions::default() };
    engine.ingest(&options, Arc::new(|_| {}), Stop::default()).await?;
    let ask = Ask { question: "A padaria abre no domingo?".to_owned(), ..Ask::default() };
    let answer = engine.answer(&ask).await?;
    println!("{} ({})", answer.answer, answer.model);

    engine.close().await?;
    std::fs::remove_dir_all(&folder).map_err(|error| agent_core::Error::io("remove", &folder, error))
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = agent_core::run_parse_worker_if_asked() {
        return code;
    }
    match answer().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
