//! A data directory with chunks that nobody ingested: all that a search reads, without parsing and embedding
//! a hundred thousand of them first.

use std::sync::Arc;

use agent_core::clock::SystemClock;
use agent_core::embed::ModelProfile;
use agent_core::index::{Entry, Generation, Index};
use agent_core::model::{AgentId, OrganizationId};
use agent_core::store::Store;
use agent_core::text::TermSet;
use agent_core::{Config, Engine};
use anyhow::{Context, Result};
use rusqlite::{Connection, params};

/// Both sides of it: the index and the database.
pub struct Shelf {
    pub organization_id: OrganizationId,
    /// The agent that answers when none is named.
    pub agent_id: AgentId,
    pub generation: Generation,
    database: Connection,
}

impl Shelf {
    /// An empty one, made as the product makes it.
    pub async fn make(config: &Config, profile: &ModelProfile) -> Result<Self> {
        let (engine, _) = Engine::init(config.clone(), None).await?;
        let organization_id = engine.organization().id;
        let agents = engine.agents().await?;
        let agent_id = agents.iter().find(|agent| agent.is_default).context("there is no agent")?.id;
        engine.close().await?;
        let file = config.paths.database();
        let store = Store::open(&file, Arc::new(SystemClock)).await?;
        let record = store.begin_generation(&profile.name, profile.dimension, config.index.language).await?;
        let index = Index::open(&config.paths.index(), &config.index).await?;
        let generation = index.create(record.id, profile.dimension).await?;
        store.activate_generation(record.id).await?;
        store.close().await?;
        let database = Connection::open(&file).with_context(|| format!("cannot open {}", file.display()))?;
        // What breaks off is thrown away.
        database.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")?;
        Ok(Self { organization_id, agent_id, generation, database })
    }

    /// Puts the chunks of one document into the database; the index has them already.
    pub fn keep(&mut self, entries: &[Entry]) -> Result<()> {
        let Some(first) = entries.first() else { return Ok(()) };
        let (whose, document) = (self.organization_id.to_string(), first.document_id.to_string());
        let transaction = self.database.transaction()?;
        transaction.execute(
            "INSERT INTO documents (id, organization_id, filename, path, file_type, file_size, content_hash, status,
                                    chunk_count, page_count, created_at, updated_at, processed_at)
             VALUES (?1, ?2, ?3, ?1, ?4, 1, ?1, 'processed', ?5, 1, ?6, ?6, ?6)",
            params![
                document,
                whose,
                first.filename,
                first.document_type.as_str(),
                i64::try_from(entries.len())?,
                first.created_at
            ],
        )?;
        {
            let mut insert = transaction.prepare(
                "INSERT INTO document_chunks (id, organization_id, document_id, chunk_index, content, token_count,
                                              page_number, char_start, char_end, created_at, terms)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 0, ?6, ?7, ?8)",
            )?;
            for entry in entries {
                let terms = TermSet::of(entry.terms.split(' ')).to_bytes();
                insert.execute(params![
                    entry.chunk_id.to_string(),
                    whose,
                    document,
                    entry.chunk_index,
                    entry.content,
                    i64::try_from(entry.content.chars().count())?,
                    entry.created_at,
                    terms
                ])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Writes everything out, or the system does it while something is measured.
    pub fn close(self) -> Result<Generation> {
        self.database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        if let Some(file) = self.database.path() {
            std::fs::File::open(file)?.sync_all()?;
        }
        Ok(self.generation)
    }
}
