//! A conversation in the terminal: what was asked before is part of what is asked next.
//!
//! `cargo run --workspace --example conversation -- DATA_DIR`, where `agentctl ingest` has put documents. Each
//! line of standard input is a question.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::io::{BufRead, Write, stdin, stdout};
use std::process::ExitCode;

use agent_core::model::ConversationId;
use agent_core::{Ask, Config, ConfigSources, Engine};

async fn talk(data_dir: String) -> agent_core::Result<()> {
    let sources = ConfigSources { data_dir: Some(data_dir.into()), ..ConfigSources::from_process() };
    let engine = Engine::open(Config::load(&sources)?).await?;
    // Any id will do: the first question under it begins the conversation.
    let conversation_id = Some(ConversationId::from(engine.clock().new_id()));

    for question in stdin().lock().lines().map_while(Result::ok) {
        let ask = Ask { question, conversation_id, ..Ask::default() };
        let mut print = |piece: &str| {
            print!("{piece}");
            // A terminal that went away is no reason to stop answering.
            let _ = stdout().flush();
        };
        match engine.answer_streaming(&ask, &mut print).await {
            Ok(_) => println!(),
            Err(error) => eprintln!("error: {error}"),
        }
    }
    engine.close().await
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(data_dir) = std::env::args().nth(1) else {
        eprintln!("usage: conversation DATA_DIR");
        return ExitCode::from(2);
    };
    match talk(data_dir).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
