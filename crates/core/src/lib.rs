//! Customer-service agents that answer from a business's own documents.
//!
//! [`Engine`] is the whole of it: open a deployment, ingest documents, ask questions. Everything runs
//! in this process: SQLite for the truth, LanceDB for search, ONNX Runtime for embeddings.
//!
//! ```standalone_crate
//! use std::process::ExitCode;
//! use std::sync::Arc;
//!
//! use agent_core::{Ask, Config, ConfigSources, Engine, IngestOptions, Stop};
//!
//! #[tokio::main]
//! async fn answer(folder: &std::path::Path) -> agent_core::Result<String> {
//!     let sources = ConfigSources { data_dir: Some(folder.join("data")), ..ConfigSources::from_process() };
//!     let (engine, _) = Engine::init(Config::load(&sources)?, Some("Padaria São João")).await?;
//!     let options = IngestOptions { paths: vec![folder.join("documents")], ..IngestOptions::default() };
//!     engine.ingest(&options, Arc::new(|_| {}), Stop::default()).await?;
//!     let ask = Ask { question: "A padaria abre no domingo?".into(), ..Ask::default() };
//!     Ok(engine.answer(&ask).await?.answer)
//! }
//!
//! fn main() -> ExitCode {
//!     // Documents are parsed in child processes: this program, started again.
//!     if let Some(code) = agent_core::run_parse_worker_if_asked() {
//!         return code;
//!     }
//!     let folder = tempfile::tempdir().unwrap();
//!     std::fs::create_dir(folder.path().join("documents")).unwrap();
//!     let text = "# Horário\n\nA padaria abre no domingo das 7h às 12h.";
//!     std::fs::write(folder.path().join("documents/horario.md"), text).unwrap();
//!     assert!(answer(folder.path()).unwrap().contains("das 7h às 12h"));
//!     ExitCode::SUCCESS
//! }
//! ```
//!
//! Documents are parsed in child processes. By default that is the running program itself, so `main`
//! begins with [`run_parse_worker_if_asked`].

pub mod error;

pub mod clock;
pub mod stop;

pub mod model;

pub mod config;

pub mod text;
pub mod wording;

pub mod net;

pub mod billing;
pub mod notify;
pub mod whatsapp;

pub mod store;

pub mod embed;
pub mod index;
pub mod llm;

pub mod accounts;
pub mod answer;
pub mod ingest;
pub mod jobs;

pub mod engine;

pub use config::{Config, ConfigSources};
pub use engine::{Ask, Engine, EngineBuilder, IngestReport, Session};
pub use error::{Error, ErrorKind, Result};
pub use ingest::{IngestEvent, IngestOptions, Stop};

/// Becomes a parser process if this process was started to be one; to be called first in `main`.
///
/// Returns the exit code to end with, or `None` in an ordinary process.
pub fn run_parse_worker_if_asked() -> Option<std::process::ExitCode> {
    let asked = std::env::args_os().nth(1).is_some_and(|a| a == engine::PARSE_WORKER_ARGUMENT);
    asked.then(ingest::parse::worker_main)
}
