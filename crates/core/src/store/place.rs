//! A store of a test's own, with an hour that stands still, and short ways to what tests need of it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeZone;

use super::{ChunkRow, Claim, Committed, NewJob, NewUpload, NewVersion, Origin, Store};
use crate::clock::{Clock, ManualClock};
use crate::model::{ChunkId, ChunkText, Document, DocumentId, FileType, Metadata, OrganizationId};

/// A store with one organization.
pub(crate) struct Place {
    pub dir: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub organization: OrganizationId,
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(chrono::Utc.with_ymd_and_hms(2026, 1, 31, 9, 0, 0).unwrap()))
}

impl Place {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = clock();
        let store = Store::open(&dir.path().join("test.sqlite3"), clock.clone()).await.unwrap();
        let organization = store.ensure_organization("Padaria").await.unwrap().0.id;
        Self { dir, clock, store, organization }
    }

    pub fn days_pass(&self, days: u64) {
        self.clock.advance(Duration::from_secs(days * 24 * 3600));
    }

    /// Runs a statement.
    pub async fn run(&self, sql: impl Into<String>) {
        let sql = sql.into();
        self.store.write(move |c| Ok(c.execute_batch(&sql)?)).await.unwrap();
    }

    /// The number or text that a query finds, as text.
    pub async fn one(&self, sql: impl Into<String>) -> String {
        let sql = sql.into();
        let value =
            self.store.read(move |c| Ok(c.query_row(&sql, [], |r| r.get::<_, rusqlite::types::Value>(0))?));
        match value.await.unwrap() {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    /// Another organization.
    pub async fn organization(&self, name: &str) -> OrganizationId {
        let (id, now) = (OrganizationId(self.clock.new_id()), self.clock.timestamp());
        self.run(format!(
            "INSERT INTO organizations (id, name, slug, created_at, updated_at)
             VALUES ('{id}', '{name}', '{name}', '{now}', '{now}')"
        ))
        .await;
        id
    }

    pub fn upload(&self, name: &str, hash: &str) -> NewUpload {
        NewUpload {
            organization_id: self.organization,
            agent_id: None,
            filename: name.to_owned(),
            file_type: FileType::Txt,
            size: 3,
            hash: hash.to_owned(),
            metadata: Metadata::new(),
            document_limit: None,
        }
    }

    /// A document whose bytes were uploaded and processed.
    pub async fn processed(&self, organization: OrganizationId, name: &str, hash: &str) -> Document {
        let upload = NewUpload { organization_id: organization, ..self.upload(name, hash) };
        let id = self.store.receive_upload(upload).await.unwrap().id;
        let claim = self.store.claim_processing(organization, id, false).await.unwrap().unwrap();
        self.commit(&claim).await.unwrap();
        self.run("DELETE FROM jobs").await;
        self.store.document(organization, id).await.unwrap().unwrap()
    }

    /// What processing does once the vectors are in the index.
    pub async fn commit(&self, claim: &Claim) -> Option<Committed> {
        let text = ChunkText {
            content: format!("text of {}", claim.hash),
            heading: None,
            page_number: 1,
            char_start: 0,
            char_end: 4,
            token_count: 3,
        };
        let document = claim.document.clone();
        let version = NewVersion {
            id: document.id,
            known: true,
            origin: Origin::Pending,
            organization_id: document.organization_id,
            agent_id: document.agent_id,
            name: document.name(),
            file_type: document.file_type,
            file_size: claim.size,
            content_hash: claim.hash.clone(),
            metadata: claim.metadata.clone(),
            notes: Vec::new(),
            page_count: 1,
            chunks: vec![ChunkRow::new(ChunkId(self.clock.new_id()), text)],
        };
        self.store.commit_versions(vec![version], tidy_job()).await.unwrap().pop().unwrap()
    }

    /// What a search for a document's chunks would show.
    pub async fn found(&self, organization: OrganizationId, id: DocumentId) -> Vec<String> {
        let ids = self.store.chunks(organization, id).await.unwrap().into_iter().map(|c| c.id).collect();
        let found = self.store.found_chunks(organization, ids).await.unwrap();
        found.into_iter().map(|f| f.chunk.content).collect()
    }

    /// Waiting jobs that process documents.
    pub async fn jobs(&self) -> usize {
        self.store.waiting_jobs("document.process").await.unwrap().len()
    }
}

/// The job that tidies, as `ingest` records it.
pub(crate) fn tidy_job() -> NewJob {
    NewJob::new("index.tidy", &serde_json::json!({})).dedupe("index.tidy")
}
