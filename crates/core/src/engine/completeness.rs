//! What a data directory lacks that was copied in parts, or restored from parts of different days.
//!
//! The database is the truth; the index and the originals are held against it, piece by piece: a sum may be right by
//! chance where yesterday's index stands beside today's database.

use std::collections::HashSet;

use super::Engine;
use crate::error::Result;
use crate::index::Generation;

impl Engine {
    /// What the index lacks, if anything.
    pub(super) async fn missing_of_index(&self, table: &Generation) -> Result<Option<String>> {
        let indexed = table.chunk_ids().await?;
        let current = self.parts.store.chunk_ids().await?;
        let missing = current.iter().filter(|id| !indexed.contains(&id.to_string())).count();
        let chunks = if missing == 1 { "chunk" } else { "chunks" };
        Ok((missing > 0).then(|| format!("the index lacks {missing} {chunks}: run `agentctl reindex`")))
    }

    /// What the folder of originals lacks, if anything.
    pub(super) async fn missing_originals(&self) -> Result<Option<String>> {
        let hashes: HashSet<String> = self.parts.store.contents_in_use().await?;
        let missing = self.parts.blobs.missing(hashes).await?;
        let folder = self.parts.config.paths.blobs();
        let what = match missing {
            1 => "the original of 1 document is".to_owned(),
            _ => format!("the originals of {missing} documents are"),
        };
        Ok((missing > 0).then(|| {
            format!(
                "{what} not in {}: answers go on, but nothing can be read again (reindex) or downloaded; restore \
                 that folder, or ingest the files with --force",
                folder.display()
            )
        }))
    }
}
