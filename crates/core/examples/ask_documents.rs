//! Reads a folder of documents and answers one question from them.
//!
//! `cargo run --workspace --example ask_documents -- fixtures/documents "A loja abre de domingo?"`
//!
//! Leaves nothing behind: the deployment lies in a temporary folder.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use agent_core::{Ask, Config, ConfigSources, Engine, IngestOptions, Result, Stop};

async fn answer(documents: PathBuf, question: String) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("ask-documents-{}", std::process::id()));
    let sources = ConfigSources { data_dir: Some(folder.clone()), ..ConfigSources::from_process() };
    let (engine, _) = Engine::init(Config::load(&sources)?, Some("Bicho Sereno")).await?;

    let options = IngestOptions { paths: vec![documents], ..IngestOptions::default() };
    let report = engine.ingest(&options, Arc::new(|_| {}), Stop::default()).await?;
    println!("{} documents, {} chunks", report.totals.ingested, report.totals.chunks);

    let answer = engine.answer(&Ask { question, ..Ask::default() }).await?;
    println!("{}", answer.answer);
    for (number, source) in answer.sources.iter().enumerate() {
        println!("[{}] {}, page {}", number + 1, source.document_name, source.page_number);
    }

    engine.close().await?;
    std::fs::remove_dir_all(&folder).map_err(|error| agent_core::Error::io("remove", &folder, error))
}

#[tokio::main]
async fn main() -> ExitCode {
    // Documents are parsed in child processes: this program, started again.
    if let Some(code) = agent_core::run_parse_worker_if_asked() {
        return code;
    }
    let mut arguments = std::env::args().skip(1);
    let (Some(documents), Some(question)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: ask_documents FOLDER QUESTION");
        return ExitCode::from(2);
    };
    match answer(documents.into(), question).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
