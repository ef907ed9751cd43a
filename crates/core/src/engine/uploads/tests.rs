//! Which uploads are refused, and what one leaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use test_support::{FakeOpenAi, Reply};

use super::*;
use crate::config::{Config, EmbeddingProvider, Paths};
use crate::engine::{Ask, shelf};
use crate::error::ErrorKind;
use crate::ingest::Stop;
use crate::model::DocumentStatus;
use crate::net::{BreakerState, CIRCUIT_OPEN};
use crate::store::place::clock;

struct Deployment {
    dir: tempfile::TempDir,
    engine: Engine,
}

async fn deployment() -> Deployment {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths { data_dir: dir.path().join("data"), ..Paths::default() };
    let mut config = Config { paths, ..Config::default() };
    config.embedding.provider = EmbeddingProvider::OpenAi;
    config.ingest.parser_command = vec!["/nonexistent/parser".to_owned()];
    let (engine, _) = Engine::init_with(config, None, clock()).await.unwrap();
    Deployment { dir, engine }
}

impl Deployment {
    fn files(&self) -> usize {
        let mut open: Vec<PathBuf> = vec![self.dir.path().join("data/blobs")];
        let mut count = 0;
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() { open.push(entry.path()) } else { count += 1 }
            }
        }
        count
    }
}

fn named(name: &str) -> UploadInfo {
    UploadInfo {
        filename: name.to_owned(),
        agent_id: None,
        metadata: Metadata::new(),
        size_limit: 10 * 1024 * 1024,
        document_limit: None,
    }
}

async fn upload(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Document> {
    let mut upload = engine.begin_upload(named(name)).await?;
    upload.write(bytes).await?;
    upload.finish().await
}

#[tokio::test]
async fn only_the_last_part_of_a_name_counts() {
    let deployment = deployment().await;
    for (given, kept) in [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ana\\preços.PDF", "preços.PDF"),
        (" relato\u{301}rio.md ", "relatório.md"),
    ] {
        let document = upload(&deployment.engine, given, b"abc").await.unwrap();
        assert_eq!((document.filename.as_str(), document.path.as_str()), (kept, kept));
    }
    assert!(!deployment.dir.path().join("etc").exists());
}

#[tokio::test]
async fn bad_names_types_and_sizes_are_refused_and_leave_nothing() {
    let deployment = deployment().await;
    let engine = &deployment.engine;
    let long = format!("{}.txt", "a".repeat(497));
    for (name, code) in [
        ("a\0.txt", "invalid_filename"),
        ("a\n.txt", "invalid_filename"),
        ("..", "invalid_filename"),
        ("a.txt/", "invalid_filename"),
        (long.as_str(), "invalid_filename"),
        ("a.exe", "unsupported_file_type"),
        ("noending", "unsupported_file_type"),
        (".pdf", "unsupported_file_type"),
    ] {
        let refused = engine.begin_upload(named(name)).await.err().unwrap();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidInput, Some(code)), "{name:?}");
    }
    let empty = upload(engine, "a.txt", b"").await.unwrap_err();
    assert_eq!(empty.code(), Some("empty_file"));

    let mut small = engine.begin_upload(UploadInfo { size_limit: 4, ..named("a.txt") }).await.unwrap();
    small.write(b"abcd").await.unwrap();
    assert_eq!(small.write(b"e").await.unwrap_err().code(), Some("file_too_large"));
    drop(small);
    let mut metadata = Metadata::new();
    metadata.insert("k".to_owned(), "v".repeat(20_000));
    let refused = engine.begin_upload(UploadInfo { metadata, ..named("a.txt") }).await.err().unwrap();
    assert_eq!(refused.code(), Some("invalid_metadata"));
    let agent = Some(AgentId(uuid::Uuid::nil()));
    let refused = engine.begin_upload(UploadInfo { agent_id: agent, ..named("a.txt") }).await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotFound);

    assert_eq!(deployment.files(), 0);
    assert_eq!(engine.documents(crate::store::DocumentFilter::default()).await.unwrap().1, 0);
}

#[tokio::test]
async fn an_upload_survives_the_process_and_one_that_is_dropped_does_not() {
    let deployment = deployment().await;
    let mut dropped = deployment.engine.begin_upload(named("a.txt")).await.unwrap();
    dropped.write(b"abc").await.unwrap();
    drop(dropped);
    assert_eq!(deployment.files(), 0);
    let kept = upload(&deployment.engine, "a.txt", b"abc").await.unwrap();
    assert_eq!(kept.status, DocumentStatus::Uploaded);
    let config = deployment.engine.config().clone();
    deployment.engine.close().await.unwrap();
    let engine = Engine::open_with(config, clock()).await.unwrap();
    assert_eq!(engine.document(kept.id).await.unwrap().content_hash, kept.content_hash);
    assert_eq!(engine.store().waiting_jobs("document.process").await.unwrap().len(), 1);
}

/// Vectors of nothing: these tests end before a vector matters.
struct NoVectors(crate::embed::ModelProfile);

#[async_trait::async_trait]
impl crate::embed::Embedder for NoVectors {
    fn profile(&self) -> &crate::embed::ModelProfile {
        &self.0
    }
    async fn embed_passages(&self, _: &[String]) -> Result<Vec<Vec<f32>>> {
        Err(Error::unavailable("no model here"))
    }
    async fn embed_query(&self, _: &str) -> Result<Vec<f32>> {
        Err(Error::unavailable("no model here"))
    }
}

#[tokio::test]
async fn a_missing_parser_fails_the_document_and_keeps_its_bytes() {
    let deployment = deployment().await;
    let engine = &deployment.engine;
    let profile = engine.model_profile().unwrap();
    assert!(engine.parts.embedder.set(Arc::new(NoVectors(profile))).is_ok());
    let id = upload(engine, "a.txt", b"abc").await.unwrap().id;
    let report = engine.process_document(id, Stop::default()).await.unwrap();
    assert_eq!(report.status, crate::ingest::Outcome::Failed);
    let failed = engine.document(id).await.unwrap();
    assert_eq!((failed.status, failed.processing_error.is_some()), (DocumentStatus::Failed, true));
    assert_eq!(deployment.files(), 1, "the only copy of an acknowledged upload");

    engine.delete_document(id).await.unwrap();
    let report = engine.process_document(id, Stop::default()).await.unwrap();
    assert_eq!(report.status, crate::ingest::Outcome::Removed, "a job for a deleted document is done");
    engine.tidy(Stop::default()).await.unwrap();
    assert_eq!(deployment.files(), 0);
    assert!(engine.store().waiting_jobs("index.tidy").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_stop_while_waiting_leaves_the_document_waiting() {
    let deployment = deployment().await;
    let engine = &deployment.engine;
    let id = upload(engine, "a.txt", b"abc").await.unwrap().id;
    let _busy = engine.parts.lock.if_free().unwrap().unwrap();
    let stop = Stop::default();
    stop.request();
    let stopped = engine.process_document(id, stop).await.unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert_eq!(engine.document(id).await.unwrap().status, DocumentStatus::Uploaded);
}

#[tokio::test]
async fn nothing_is_parsed_while_the_embedding_service_is_left_alone() {
    let fake = FakeOpenAi::start().await;
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths { data_dir: dir.path().join("data"), ..Paths::default() };
    let mut config = Config { paths, ..Config::default() };
    shelf::embed_with(&mut config, &fake);
    // A parser that is not there: whoever parses notices.
    config.ingest.parser_command = vec!["/nonexistent/parser".to_owned()];
    let clock = clock();
    let (engine, _) = Engine::init_with(config, None, clock.clone()).await.unwrap();
    shelf::add(&engine, "a.md", "A piscina abre às 6h.").await;
    let ask = Ask { question: "que horas abre?".into(), ..Ask::default() };
    for _ in 0..5 {
        fake.script(Reply::status(500));
    }
    for _ in 0..5 {
        assert!(engine.search(&ask).await.is_err());
    }
    assert_eq!(engine.breakers()[0], ("embedding", BreakerState::Open));
    let document = upload(&engine, "b.txt", b"Aceitamos pix.").await.unwrap();
    let error = engine.process_document(document.id, Stop::default()).await.unwrap_err();
    assert_eq!(error.code(), Some(CIRCUIT_OPEN));
    let waits = engine.document(document.id).await.unwrap();
    assert_eq!(waits.status, DocumentStatus::Uploaded);
    clock.advance(Duration::from_secs(30));
    let outcome = engine.process_document(document.id, Stop::default()).await;
    assert!(outcome.is_err() || outcome.is_ok_and(|report| report.error.is_some()), "it was parsed");
}

#[tokio::test]
async fn a_file_beyond_the_plan_is_refused_and_leaves_nothing_and_a_new_version_is_taken() {
    let deployment = deployment().await;
    let engine = &deployment.engine;
    let limited = |name: &str| UploadInfo { document_limit: Some(1), ..named(name) };
    for (name, bytes, fits) in [("a.txt", "one", true), ("b.txt", "two", false), ("a.txt", "three", true)] {
        let mut upload = engine.begin_upload(limited(name)).await.unwrap();
        upload.write(bytes.as_bytes()).await.unwrap();
        let files = deployment.files();
        match upload.finish().await {
            Ok(_) => assert!(fits, "{name} {bytes}"),
            Err(error) => {
                assert!(!fits, "{name} {bytes}: {error}");
                assert_eq!(error.code(), Some("document_limit_reached"));
                assert!(deployment.files() < files, "the bytes stay");
            }
        }
    }
}
