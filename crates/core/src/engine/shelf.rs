//! Documents for tests of a whole deployment: searchable at once, without a parser process.

#![allow(clippy::unwrap_used, reason = "tests")]

use test_support::FakeOpenAi;

use super::Engine;
use super::documents::quiet;
use crate::config::{Config, EmbeddingProvider};
use crate::ingest::{Committer, Stop, Work};
use crate::model::{ChunkText, FileType, Metadata};
use crate::store::{FileName, Origin};

/// Lets a service on a real socket make the vectors.
pub(super) fn embed_with(config: &mut Config, service: &FakeOpenAi) {
    config.embedding.provider = EmbeddingProvider::OpenAi;
    config.embedding.openai.base_url = service.base_url();
}

/// Makes a document of one chunk searchable.
pub(super) async fn add(engine: &Engine, name: &str, text: &str) {
    let parts = &engine.parts;
    let (record, table) = engine.generation_or_new().await.unwrap();
    let pipeline = engine.pipeline(&quiet(), &Stop::default()).await.unwrap();
    let mut committer =
        Committer::new(&parts.store, &table, &parts.blobs, &parts.clock, record.language, false);
    let work = Work {
        organization_id: engine.organization.id,
        known: None,
        origin: Origin::Source,
        agent_id: None,
        name: FileName {
            source: String::new(),
            path: format!("/{name}"),
            location: None,
            filename: name.into(),
        },
        moved_from: None,
        file_type: FileType::Md,
        size: 1,
        hash: name.into(),
        file: None,
        metadata: Metadata::new(),
    };
    let chunk = ChunkText {
        page_number: 1,
        char_start: 0,
        char_end: u32::try_from(text.chars().count()).unwrap(),
        content: text.into(),
        heading: Some("Clube".into()),
        token_count: 20,
    };
    pipeline.keep(work, Vec::new(), 1, vec![chunk], &mut committer).await.unwrap();
    committer.flush().await.unwrap();
}
