//! Rows into a generation, and out of it.

use std::collections::HashSet;

use futures::TryStreamExt;
use lancedb::query::{ExecutableQuery, QueryBase, Select};

use super::schema::{self, CHUNK_ID, Entry};
use super::{Generation, failed};
use crate::error::Result;

/// Ids in one condition: long conditions are parsed slowly.
const IDS_AT_ONCE: usize = 500;

impl Generation {
    /// Adds rows: all of them or none.
    pub async fn add(&self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let batch = schema::batch(entries, self.dimension)?;
        self.table.add(batch).execute().await.map_err(|e| failed("write to", e))?;
        Ok(())
    }

    /// Number of rows.
    pub async fn count(&self) -> Result<u64> {
        let count = self.table.count_rows(None).await.map_err(|e| failed("read", e))?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Every row's chunk id, as text.
    pub async fn chunk_ids(&self) -> Result<HashSet<String>> {
        let query = self.table.query().select(Select::columns(&[CHUNK_ID]));
        let mut batches = query.execute().await.map_err(|e| failed("read", e))?;
        let mut ids = HashSet::new();
        while let Some(batch) = batches.try_next().await.map_err(|e| failed("read", e))? {
            ids.extend(schema::texts(&batch, CHUNK_ID)?.iter().flatten().map(str::to_owned));
        }
        Ok(ids)
    }

    /// Removes the rows of these chunk ids.
    pub async fn remove(&self, ids: &[String]) -> Result<()> {
        for group in ids.chunks(IDS_AT_ONCE) {
            // Ids come from the index itself and are UUIDs; quotes are doubled all the same.
            let list: Vec<String> = group.iter().map(|id| format!("'{}'", id.replace('\'', "''"))).collect();
            let condition = format!("{CHUNK_ID} IN ({})", list.join(", "));
            self.table.delete(condition.as_str()).await.map_err(|e| failed("write to", e))?;
        }
        Ok(())
    }
}
