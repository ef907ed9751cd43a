//! Documents that come in piece by piece: the library as a daemon uses it, with the real model and index.

use std::path::Path;

use agent_core::config::ConfigSources;
use agent_core::engine::{Upload, UploadInfo};
use agent_core::ingest::Outcome;
use agent_core::model::{Document, DocumentStatus, Metadata};
use agent_core::{Ask, Config, Engine, Stop};
use tempfile::TempDir;

use crate::deployment::MEMORY;

async fn engine(dir: &TempDir) -> Engine {
    let data_dir = Some(dir.path().join("data"));
    let mut config = Config::load(&ConfigSources { data_dir, ..ConfigSources::from_process() }).unwrap();
    let program = env!("CARGO_BIN_EXE_agentctl").to_owned();
    config.ingest.parser_command = vec![program, agent_core::engine::PARSE_WORKER_ARGUMENT.to_owned()];
    Engine::init(config, None).await.unwrap().0
}

async fn begin(engine: &Engine, name: &str) -> Upload {
    let info = UploadInfo {
        filename: name.to_owned(),
        agent_id: None,
        metadata: Metadata::new(),
        size_limit: u64::MAX,
        document_limit: None,
    };
    engine.begin_upload(info).await.unwrap()
}

async fn upload(engine: &Engine, name: &str, text: &str) -> Document {
    let mut upload = begin(engine, name).await;
    upload.write(text.as_bytes()).await.unwrap();
    upload.finish().await.unwrap()
}

async fn found(engine: &Engine, question: &str) -> Vec<String> {
    let ask = Ask { question: question.to_owned(), ..Ask::default() };
    engine.search(&ask).await.unwrap().into_iter().map(|hit| hit.content).collect()
}

fn blobs(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries.map(|e| if e.path().is_dir() { blobs(&e.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn an_upload_is_found_once_processed_and_its_next_version_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(&dir).await;
    let document = upload(&engine, "piscina.md", "# Piscina\n\nA piscina aquecida abre às 6h.").await;
    assert_eq!(found(&engine, "que horas abre a piscina?").await, [""; 0]);
    let report = engine.process_document(document.id, Stop::default()).await.unwrap();
    assert_eq!((report.status, report.version, report.chunks), (Outcome::Ingested, Some(1), 1));
    let report = engine.process_document(document.id, Stop::default()).await.unwrap();
    assert_eq!(report.status, Outcome::Unchanged, "a job that runs twice");

    upload(&engine, "piscina.md", "# Piscina\n\nA piscina aquecida abre às 9h.").await;
    let before = found(&engine, "que horas abre a piscina?").await;
    assert!(before.len() == 1 && before[0].contains("6h"), "{before:?}");
    let report = engine.process_document(document.id, Stop::default()).await.unwrap();
    assert_eq!((report.status, report.version), (Outcome::Updated, Some(2)));
    let after = found(&engine, "que horas abre a piscina?").await;
    assert!(after.len() == 1 && after[0].contains("9h"), "{after:?}");
    engine.tidy(Stop::default()).await.unwrap();
    assert_eq!(blobs(&dir.path().join("data/blobs")), 1);
    assert_eq!(engine.status().await.unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn a_version_that_cannot_be_read_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(&dir).await;
    let document = upload(&engine, "piscina.txt", "A piscina aquecida abre às 6h.").await;
    engine.process_document(document.id, Stop::default()).await.unwrap();
    // A picture under the name of a text.
    upload(&engine, "piscina.txt", "\u{89}PNG\r\n\u{1a}\n\0\0\0\0").await;
    let report = engine.process_document(document.id, Stop::default()).await.unwrap();
    assert_eq!((report.status, report.error.is_some()), (Outcome::Failed, true));
    let failed = engine.document(document.id).await.unwrap();
    assert_eq!((failed.status, failed.version), (DocumentStatus::Failed, 1));
    assert_eq!(found(&engine, "piscina aquecida").await.len(), 1);
    assert_eq!(blobs(&dir.path().join("data/blobs")), 1);
    engine.request_processing(document.id).await.unwrap();
    let report = engine.process_document(document.id, Stop::default()).await.unwrap();
    assert_eq!((report.status, report.version), (Outcome::Updated, Some(1)));
}

#[tokio::test]
async fn several_are_processed_side_by_side_into_one_first_generation() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(&dir).await;
    let mut jobs = Vec::new();
    for n in 0..4 {
        let text = format!("# Sala {n}\n\nA sala {n} comporta {n} pessoas sentadas.");
        let id = upload(&engine, &format!("{n}.md"), &text).await.id;
        let engine = engine.clone();
        jobs.push(tokio::spawn(async move { engine.process_document(id, Stop::default()).await.unwrap() }));
    }
    for job in jobs {
        assert_eq!(job.await.unwrap().status, Outcome::Ingested);
    }
    let tidied = engine.tidy(Stop::default()).await.unwrap();
    assert_eq!((tidied.removed, tidied.missing), (0, 0));
    assert_eq!(found(&engine, "quantas pessoas comporta a sala?").await.len(), 4);
}

#[tokio::test]
async fn a_large_upload_stays_out_of_memory() {
    let _alone = MEMORY.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(&dir).await;
    let mut upload = begin(&engine, "large.txt").await;
    let piece = vec![b'a'; 64 * 1024];
    for _ in 0..16 {
        upload.write(&piece).await.unwrap();
    }
    let before = resident();
    for _ in 0..(100 * 16) {
        upload.write(&piece).await.unwrap();
    }
    let grown = resident().saturating_sub(before);
    assert_eq!(upload.finish().await.unwrap().file_size, 101 * 1024 * 1024);
    // Other tests of this process load the model meanwhile; a file in memory would be all of 100 MiB.
    assert!(grown < 90 * 1024, "100 MiB more took {grown} KiB of memory");
}

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
